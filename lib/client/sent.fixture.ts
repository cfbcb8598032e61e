// A real API that listens, for tests of the client; the events that it publishes stay in memory.
import type { RequestListener } from "node:http";
import type { EventEntry } from "../catalog.ts";
import { createApi } from "../collect/api.ts";
import type { AcceptedBy } from "../collect/batcher.ts";
import { createCors } from "../collect/cors.ts";
import { createGuard } from "../collect/guard.ts";
import type { WriteKey } from "../write-keys.ts";
import { type Listener, serve } from "../collect/serve.ts";
import type { Envelope } from "../envelope.ts";
import { HOST } from "../settings.ts";

/** A list of events whose types the compiler does not know, so tests fit every game. */
export type AnyGame = readonly EventEntry[];

export class Receiver {
  readonly published: Envelope[] = []; // in the order of arrival, with repeated ones
  readonly requests: string[] = []; // method and path
  publish: (message: string) => Promise<AcceptedBy> = (message) => {
    this.published.push(JSON.parse(message) as Envelope);
    return Promise.resolve("kafka");
  };
  /** Stands between client and API: answers itself, or calls `api`. */
  network: (api: RequestListener) => RequestListener = (api) => api;
  #port = 0; // stays the same after a stop
  #listener: Listener | undefined;

  get url(): string {
    return `http://${HOST}:${this.#port}`;
  }

  async start({ origins = [] as string[], keys = undefined as WriteKey[] | undefined } = {}): Promise<void> {
    const api = createApi({
      publish: (message) => this.publish(message),
      whyNotReady: () => null,
      cors: createCors(origins),
      guard: createGuard({ keys }),
    });
    const listener: RequestListener = (request, response) => {
      this.requests.push(`${request.method} ${request.url}`);
      this.network(api as RequestListener)(request, response);
    };
    this.#listener = await serve(listener, this.#port);
    this.#port = this.#listener.port;
  }

  async stop(): Promise<void> {
    await this.#listener?.close();
    this.#listener = undefined;
  }

  /** The parameter n of each event, in the order of arrival; a repeated event counts once. */
  numbers(): number[] {
    const byId = new Map(this.published.map(({ event_id, params }) => [event_id, Number(params.n)]));
    return [...byId.values()];
  }
}

/** A Web Storage in memory. */
export class MapStorage {
  readonly #items: Map<string, string>;

  constructor(items: [key: string, value: string][] = []) {
    this.#items = new Map(items);
  }

  get length(): number {
    return this.#items.size;
  }
  key(index: number): string | null {
    return [...this.#items.keys()][index] ?? null;
  }
  getItem(key: string): string | null {
    return this.#items.get(key) ?? null;
  }
  setItem(key: string, value: string): void {
    this.#items.set(key, value);
  }
  removeItem(key: string): void {
    this.#items.delete(key);
  }
}

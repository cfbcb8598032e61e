/**
 * For games: events of the catalogue → POST /events, in browsers and in Node.
 *
 * An event stays in the queue until the API has answered for it. So it may be sent twice, always
 * with the same id, and counts once. Therefore pages share a storage without locks: each event has
 * its own key, and a new page sends all events that it finds. All imports are types, so a browser
 * can load this file alone, once it is compiled.
 */
import type { EventEntry } from "../catalog.ts";

export interface ClientOptions {
  url: string; // of the API, e.g. "https://events.game.example"
  player?: string; // of the next events
  session?: string;
  writeKey?: string;
  storage?: Pick<Storage, "length" | "key" | "getItem" | "setItem" | "removeItem">; // keeps the queue
  onRefused?: (event: Tracked, reason: string) => void; // by the API or a full queue; the event is lost
  onTrouble?: (reason: string) => void; // sending begins to fail; it is repeated until it succeeds
}

const QUEUE = { events: 5_000, chars: 2_000_000 };
const BATCH = { events: 100, chars: 160_000, waitMs: 200 }; // at most 480 kB of UTF-8
const LAST_CHARS = 20_000; // browsers take 64 KiB from a closed page
const TIMEOUT_MS = 30_000; // of a request
const MAX_WAIT_MS = 60_000; // after a failure

/** Makes a client. A page's client has its queue in localStorage, and sends when it is hidden. */
export function createClient<G extends Game>(options: ClientOptions): Client<G> {
  const client = new Client<G>(options);
  page.document?.addEventListener("visibilitychange", () => {
    if (page.document?.hidden) void client.send(LAST_CHARS);
  });
  if (page.document)
    page.addEventListener("online", () => {
      void client.flush();
    });
  return client;
}

export class Client<G extends Game> {
  readonly options: ClientOptions;
  readonly #prefix: string; // of the queue's keys in the storage
  readonly #storage: ClientOptions["storage"];
  #queue = new Map<string, string>(); // id → the event's JSON; without the events under way
  #chars = 0; // of all events without an answer
  #batchEvents = BATCH.events;
  #failures = 0; // since the last success
  #retryAfterMs = 0;
  #clockIsWrong = false;
  #isClosed = false;
  #running: Promise<void> | undefined;
  #wake = () => {};

  constructor(options: ClientOptions) {
    this.options = options;
    this.#prefix = `questlog ${options.url} `;
    try {
      const storage = (this.#storage = options.storage ?? (page.document && page.localStorage));
      const keys = Array.from({ length: storage?.length ?? 0 }, (_, i) => storage!.key(i)!).sort();
      for (const key of keys.filter((one) => one.startsWith(this.#prefix)))
        this.#put(key.slice(this.#prefix.length), storage!.getItem(key)!);
    } catch {
      // The page's user allows no storage. The queue is in memory.
    }
    this.#running = this.#run();
  }

  /** Puts an event into the queue. False: the queue is full, and `onRefused` gets the event. */
  track<T extends G[number]["type"]>(type: T, ...[params]: Arguments<Entry<G, T>>): boolean {
    const { player, session, onRefused = console.warn } = this.options;
    const occurred_at = this.#clockIsWrong ? undefined : new Date().toISOString();
    const event = { event_type: type, event_id: newId(), occurred_at, player, session, params };
    const isNoJson = (value: unknown) => typeof value === "bigint" || Number.isNaN(value);
    const line = JSON.stringify(event, (_, value: unknown) => (isNoJson(value) ? String(value) : value));
    const isFull = this.#queue.size >= QUEUE.events || this.#chars + line.length > QUEUE.chars;
    if (isFull) onRefused(event, `queue: expected at most ${QUEUE.events} events, ${QUEUE.chars} characters`);
    else this.#put(event.event_id, line);
    this.#running ??= this.#run();
    if (this.#queue.size >= this.#batchEvents && this.#failures === 0) this.#wake();
    return !isFull;
  }

  /** Sends now, also after a failure; resolves when the queue is empty. */
  async flush(): Promise<void> {
    this.#wake();
    await this.#running;
  }

  /** Ends the sending; the storage keeps the queue. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  async #run(): Promise<void> {
    do {
      const backOffMs = 500 * 2 ** this.#failures * (0.5 + Math.random() / 2);
      const failedMs = Math.min(Math.max(backOffMs, this.#retryAfterMs), MAX_WAIT_MS);
      const batchMs = this.#queue.size >= this.#batchEvents ? 0 : BATCH.waitMs;
      let timer;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
        timer = setTimeout(resolve, this.#failures === 0 ? batchMs : failedMs);
      });
      clearTimeout(timer);
      const trouble = this.#isClosed ? null : await this.send();
      if (trouble !== null && this.#failures === 0) (this.options.onTrouble ?? console.warn)(trouble);
      this.#failures = trouble === null ? 0 : this.#failures + 1;
    } while (this.#queue.size > 0 && !this.#isClosed);
    this.#running = undefined;
  }

  /** Sends the first events. Resolves with the reason why it has failed for some of them, or null. */
  async send(maxChars = BATCH.chars): Promise<string | null> {
    let batch = [...this.#queue].slice(0, this.#batchEvents);
    while (batch.length > 1 && bodyOf(batch).length > maxChars) batch = batch.slice(0, batch.length / 2);
    if (batch.length === 0) return null;
    for (const [id] of batch) this.#queue.delete(id);
    let waiting = batch;
    try {
      const verdicts = await this.#post(bodyOf(batch), batch.length);
      waiting = batch.filter(([id, line], i) => !this.#settle(id, line, verdicts[i]!));
      return verdicts.find(({ verdict }) => verdict === "unavailable")?.error ?? null;
    } catch (error) {
      return `${this.options.url}/events: ${String(error)}`;
    } finally {
      this.#queue = new Map([...waiting, ...this.#queue]);
      this.#running ??= this.#run();
    }
  }

  async #post(body: string, events: number): Promise<Verdict[]> {
    const { url, writeKey } = this.options;
    // Without a key, a browser sends this type without a preflight.
    const headers = {
      "Content-Type": "text/plain;charset=UTF-8",
      ...(writeKey && { "Write-Key": writeKey }),
    };
    const keepalive = body.length <= LAST_CHARS; // outlives the page, as with sendBeacon
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(`${url}/events`, { method: "POST", headers, body, keepalive, signal });
    this.#retryAfterMs = Number(response.headers.get("Retry-After")) * 1000 || 0;
    const answer = (await response.json().catch(() => ({}))) as { verdicts?: Verdict[]; error?: string };
    const { verdicts = [], error = "expected a verdict for each event" } = answer;
    if (response.status === 413) this.#batchEvents = Math.ceil(events / 2);
    if (response.status === 413)
      verdicts.push(...Array<Verdict>(events).fill({ verdict: events > 1 ? "repeat" : "refused", error }));
    if (verdicts.length !== events) throw new Error(`status ${response.status}, ${error}`);
    return verdicts;
  }

  /** Removes an event that the API has taken or refused, and returns whether it did so. */
  #settle(id: string, line: string, { verdict, field, error = "" }: Verdict): boolean {
    if (verdict !== "accepted" && verdict !== "double" && verdict !== "refused") return false;
    this.#chars -= line.length;
    this.#storage?.removeItem(this.#prefix + id);
    if (verdict !== "refused") return true;
    const event = JSON.parse(line) as Tracked;
    const isAhead = field === "occurred_at" && event.occurred_at !== undefined;
    this.#clockIsWrong ||= isAhead;
    if (isAhead)
      this.#put(id, JSON.stringify({ ...event, occurred_at: undefined })); // the API's time counts
    else (this.options.onRefused ?? console.warn)(event, error);
    return true;
  }

  #put(id: string, line: string): void {
    this.#queue.set(id, line);
    this.#chars += line.length;
    try {
      this.#storage?.setItem(this.#prefix + id, line);
    } catch {
      // The storage is full. The queue in memory has the event.
    }
  }
}

function bodyOf(batch: [id: string, line: string][]): string {
  return batch.map(([, line]) => line).join("\n");
}

let lastTime = 0n;

/** A UUID v7: 48 bits of milliseconds, 12 bits that count the ids of one millisecond, random bits. */
function newId(): string {
  const now = BigInt(Date.now()) << 12n;
  lastTime = now > lastTime ? now : lastTime + 1n;
  const [random = 0n] = crypto.getRandomValues(new BigUint64Array(1));
  const bits =
    ((lastTime >> 12n) << 80n) | ((0x7000n | (lastTime & 0xfffn)) << 64n) | (1n << 63n) | (random >> 2n);
  return bits
    .toString(16)
    .padStart(32, "0")
    .replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

type Page = EventTarget & { document?: EventTarget & { hidden: boolean }; localStorage: Storage };
const page = globalThis as unknown as Page;
type Tracked = { event_type: string; event_id: string; occurred_at?: string | undefined; params?: unknown };
type Verdict = { verdict: string; field?: string; error?: string };
type Game = readonly EventEntry[];
type Entry<G extends Game, T> = Extract<G[number], { type: T }>;
type Required<P> = { [N in keyof P as P[N] extends { required: true } ? N : never]: ValueOf<P[N]> };
type Optional<P> = { [N in keyof P as P[N] extends { required: true } ? never : N]?: ValueOf<P[N]> | null };
type Given<P> = object extends Required<P> ? [params?: Optional<P>] : [params: Required<P> & Optional<P>];
type Arguments<E> = E extends { parameters?: infer P } ? (keyof P extends never ? [] : Given<P & {}>) : never;
type Kind<T> = T extends { type: infer Type } ? Type : T;
type ValueOf<T> = T extends { oneOf: readonly (infer V)[] } ? V : Values[Kind<T> & keyof Values];
interface Values {
  text: string;
  integer: number;
  double: number;
  boolean: boolean;
  bigint: bigint | string;
  timestamp: Date | string;
  date: string; // a Date has no day without a time zone
  json: object;
  [decimal: `decimal(${string}`]: string | number;
}

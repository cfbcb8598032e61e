/**
 * A TCP proxy before a service, which a test can make slow, lossy or dead.
 *
 * Services name their own addresses to their clients (Kafka in its metadata, the NameNode in its
 * redirects). The proxy replaces them with its own, so later connections come through it as well.
 * Bytes are passed on as they come: one chunk is one answer only as long as answers are small.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { HOST } from "../settings.ts";

/** Kafka's numbers of the requests that tests ask for. */
export const KAFKA_REQUESTS = { produce: 0, listOffsets: 2, joinGroup: 11 } as const;

export interface ProxyOptions {
  to: string; // "host:port"
  /**
   * What stands for `to` in answers, as latin1 text of the bytes; with this proxy's port in its
   * place.
   */
  addressed?: (host: string, port: number) => string;
  /** Proxies before other services that this one's answers name. */
  named?: readonly FaultyProxy[];
}

/** How Kafka writes an address: the host, then the port in four bytes. */
export function kafkaAddress(host: string, port: number): string {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(port);
  return host + bytes.toString("latin1");
}

interface Answer {
  request: number;
  bytes: Buffer;
  dueAt: number; // milliseconds
}

export class FaultyProxy {
  port = 0; // after `open`
  latencyMs = 0; // from a service's answer to the client
  /**
   * Sees each answer, with Kafka's number of the last request, before it is passed on, and may
   * change its bytes.
   */
  onAnswer: (request: number, answer: Buffer) => void | Promise<void> = () => {};
  readonly #host: string;
  readonly #targetPort: number;
  readonly #addressed: (host: string, port: number) => string;
  readonly #named: readonly FaultyProxy[];
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #answersToLose = 0;
  #silent = false;
  readonly #halfOpen = new WeakSet<Socket>();

  constructor({ to, addressed = (host, port) => `${host}:${port}`, named = [] }: ProxyOptions) {
    const [host = "", port = ""] = to.split(":");
    [this.#host, this.#targetPort, this.#addressed] = [host, Number(port), addressed];
    this.#named = [this, ...named];
    this.#server = createServer((client) => this.#join(client));
  }

  /** "host:port" for clients. */
  get address(): string {
    return `${HOST}:${this.port}`;
  }

  /** Connections from clients that are open. */
  get connections(): number {
    return this.#sockets.size / 2;
  }

  /** Listens: at first on any free port, after a cut on the same one. */
  async open(): Promise<void> {
    this.#silent = false;
    this.#server.listen(this.port, HOST);
    await once(this.#server, "listening");
    this.port = (this.#server.address() as AddressInfo).port;
  }

  /** Stops to listen, and cuts all connections. */
  async cut(): Promise<void> {
    this.#server.close();
    this.reset();
    await once(this.#server, "close");
  }

  /** What is connected is cut; new connections are taken. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /**
   * The service gets the next `count` produce requests; their answers are lost with the connection.
   */
  loseAnswers(count: number): void {
    this.#answersToLose = count;
  }

  /**
   * Requests reach the service, no answer comes back, and the connections stay: half-open, as
   * behind a dead router.
   */
  silence(): void {
    this.#silent = true;
    for (const socket of this.#sockets) this.#halfOpen.add(socket);
  }

  /**
   * New connections are answered again; those that were silent stay so, until a time-out of their
   * client ends them.
   */
  speak(): void {
    this.#silent = false;
  }

  #join(client: Socket): void {
    const service = connect(this.#targetPort, this.#host);
    if (this.#silent) this.#halfOpen.add(client);
    let request = -1; // Kafka's number of the last one
    let answered = Promise.resolve();
    client.on("data", (bytes: Buffer) => {
      if (bytes.length > 6) request = bytes.readInt16BE(4);
      service.write(bytes);
    });
    service.on("data", (bytes: Buffer) => {
      const answer = { request, bytes, dueAt: Date.now() + this.latencyMs };
      answered = answered.then(() => this.#answer(client, answer));
    });
    for (const [one, other] of [
      [client, service],
      [service, client],
    ] as const) {
      this.#sockets.add(one);
      one.on("error", () => one.destroy());
      one.on("close", () => {
        this.#sockets.delete(one);
        void answered.then(() => other.destroy());
      });
    }
  }

  async #answer(client: Socket, { request, bytes, dueAt }: Answer): Promise<void> {
    if (this.#halfOpen.has(client)) return;
    if (this.#answersToLose > 0 && request === KAFKA_REQUESTS.produce) {
      this.#answersToLose--;
      client.destroy();
      return;
    }
    await this.onAnswer(request, bytes);
    const waitMs = dueAt - Date.now();
    if (waitMs > 0) await sleep(waitMs);
    if (client.destroyed || this.#halfOpen.has(client)) return;
    let text = bytes.toString("latin1");
    for (const proxy of this.#named) text = proxy.#asNamedHere(text);
    client.write(text, "latin1");
  }

  #asNamedHere(text: string): string {
    const [theirs, ours] = [this.#targetPort, this.port].map((port) => this.#addressed(this.#host, port));
    return text.replaceAll(theirs!, ours!);
  }
}

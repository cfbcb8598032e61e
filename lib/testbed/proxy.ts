/**
 * A TCP proxy before a service, which a test can make slow, lossy or silent.
 *
 * Services tell their own addresses to their clients: Kafka in its metadata, the NameNode in its
 * redirects. The proxy replaces these addresses with its own, so later connections use the proxy
 * too. The proxy takes each chunk of bytes for one answer, which is true for small answers only.
 */
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { HOST } from "../settings.ts";

/** Kafka's numbers of the requests that tests ask for. */
export const KAFKA_REQUESTS = { produce: 0, listOffsets: 2, joinGroup: 11, heartbeat: 12 } as const;

export interface ProxyOptions {
  to: string; // "host:port"
  /** The bytes, as latin1 text, with which answers write an address; default: "host:port". */
  addressed?: (host: string, port: number) => string;
  /** Proxies of other services whose addresses are in the answers of this service. */
  named?: readonly FaultyProxy[];
}

/** Writes an address as Kafka does: the host, then the port in four bytes. */
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
  /** Called with Kafka's number of the last request, and each answer, whose bytes it may change. */
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
    this.#host = host;
    this.#targetPort = Number(port);
    this.#addressed = addressed;
    this.#named = [this, ...named];
    this.#server = createServer((client) => this.#join(client));
  }

  /** "host:port" for clients. */
  get address(): string {
    return `${HOST}:${this.port}`;
  }

  /** The number of open connections from clients. */
  get connections(): number {
    return this.#sockets.size / 2;
  }

  /** Listens on a free port; after a cut, on the same port again. */
  async open(): Promise<void> {
    this.#silent = false;
    this.#server.listen(this.port, HOST);
    await once(this.#server, "listening");
    this.port = (this.#server.address() as AddressInfo).port;
  }

  /** Stops listening, and cuts all connections. */
  async cut(): Promise<void> {
    this.#server.close();
    this.reset();
    await once(this.#server, "close");
  }

  /** Cuts all connections; new ones are accepted. */
  reset(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Loses the answers to the next `count` produce requests, and their connections. */
  loseAnswers(count: number): void {
    this.#answersToLose = count;
  }

  /**
   * Makes all connections half-open, as behind a dead router: requests get through, answers do not.
   */
  silence(): void {
    this.#silent = true;
    for (const socket of this.#sockets) this.#halfOpen.add(socket);
  }

  /**
   * Answers new connections again. A silent connection stays silent until its client's time-out.
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
    for (const proxy of this.#named) text = proxy.#withOwnAddress(text);
    client.write(text, "latin1");
  }

  /** Replaces the service's address with the proxy's. */
  #withOwnAddress(text: string): string {
    return text.replaceAll(
      this.#addressed(this.#host, this.#targetPort),
      this.#addressed(this.#host, this.port),
    );
  }
}

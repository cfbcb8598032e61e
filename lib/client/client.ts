/**
 * For games, in Node and in browsers, which can load this file alone: events → POST /events.
 *
 * An event stays in the queue until the API has answered. Sent twice, under one id, it counts once.
 * So pages share a storage without locks: a new page sends each event that it finds there.
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
const BATCH = { events: 100, chars: 160_000, lastChars: 20_000 }; // of a closed page, browsers take 64 KiB
const WAIT_MS = { batch: 200, answer: 30_000, longest: 60_000 };

/** `createClient<typeof game>({ url })`. In a page, localStorage keeps the queue. */
export const createClient = <G extends Game>(options: ClientOptions): Client<G> => new Client<G>(options);

export class Client<G extends Game> {
  readonly options: ClientOptions;
  readonly #prefix: string; // of the queue's keys in the storage
  readonly #storage: ClientOptions["storage"];
  #queue = new Map<string, string>(); // key → the event's JSON; without the events under way
  #chars = 0; // of all events without an answer
  #batchEvents = BATCH.events;
  #retryAfterMs = 0;
  #clockIsWrong = false; // then the API's time counts
  #isClosed = false;
  #running: Promise<void> | undefined;
  #wake = () => {};

  constructor(options: ClientOptions) {
    this.options = options;
    this.#prefix = `questlog ${options.url} `;
    this.#storage = attempt(() => options.storage ?? (page.document && page.localStorage)); // users may forbid it
    const keys = Array.from({ length: this.#storage?.length ?? 0 }, (_, i) => this.#storage!.key(i)!).sort();
    for (const key of keys.filter((one) => one?.startsWith(this.#prefix))) {
      const line = this.#storage?.getItem(key)?.replaceAll("\n", " ") ?? "{}"; // "{}": another page removed it
      if (attempt(() => (JSON.parse(line) as Tracked).event_type)) this.#put(key, line);
      else attempt(() => this.#storage?.removeItem(key)); // no event: it would stop each batch
    }
    page.document?.addEventListener("visibilitychange", this);
    if (page.document) page.addEventListener("online", this);
    this.#running = this.#run();
  }

  /** Puts an event into the queue. False: the queue is full, and `onRefused` gets the event. */
  track<T extends G[number]["type"]>(type: T, ...[params]: Params<Extract<G[number], { type: T }>>): boolean {
    const { player, session, onRefused = console.warn } = this.options;
    const occurred_at = this.#clockIsWrong ? undefined : new Date().toISOString();
    const event = { event_type: type, event_id: newId(), occurred_at, player, session, params };
    const isNoJson = (value: unknown) => typeof value === "bigint" || Number.isNaN(value);
    const line = JSON.stringify(event, (_, value: unknown) => (isNoJson(value) ? String(value) : value));
    const isFull = this.#queue.size >= QUEUE.events || this.#chars + line.length > QUEUE.chars;
    if (isFull) onRefused(event, `queue: expected at most ${QUEUE.events} events, ${QUEUE.chars} characters`);
    else this.#put(this.#prefix + event.event_id, line);
    this.#running ??= this.#run();
    return !isFull;
  }

  /** Sends now, also after a failure; resolves when the queue is empty. */
  async flush(): Promise<void> {
    this.#wake();
    await this.#running;
  }

  /** For the page's events: a hidden page may be closed, so it sends its last events at once. */
  handleEvent(): void {
    if (page.document?.hidden) void this.#send(BATCH.lastChars);
    else this.#wake();
  }

  /** Ends the sending; the storage keeps the queue. */
  close(): void {
    this.#isClosed = true;
    this.#wake();
  }

  async #run(): Promise<void> {
    let failures = 0; // since the last success
    do {
      const backOffMs = Math.max(500 * 2 ** failures * (0.5 + Math.random() / 2), this.#retryAfterMs);
      const batchMs = this.#queue.size >= this.#batchEvents ? 0 : WAIT_MS.batch;
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, failures === 0 ? batchMs : Math.min(backOffMs, WAIT_MS.longest));
        this.#wake = () => resolve(clearTimeout(timer));
      });
      const trouble = this.#isClosed ? null : await this.#send(BATCH.chars);
      if (trouble && failures === 0) attempt(() => (this.options.onTrouble ?? console.warn)(trouble));
      failures = trouble === null ? 0 : failures + 1;
    } while (this.#chars > 0 && !this.#isClosed);
    this.#running = undefined;
  }

  /** Sends the first events. Resolves with the reason why some of them stay, or null. */
  async #send(maxChars: number): Promise<string | null> {
    let batch = [...this.#queue].slice(0, this.#batchEvents);
    while (batch.length > 1 && bodyOf(batch).length > maxChars) batch = batch.slice(0, batch.length / 2);
    if (batch.length === 0) return null;
    for (const [key] of batch) this.#queue.delete(key);
    try {
      const verdicts = await this.#post(bodyOf(batch), batch.length);
      batch = batch.filter(([key, line], i) => !this.#settle(key, line, verdicts[i]!));
      return verdicts.find(({ verdict }) => verdict === "unavailable")?.error ?? null;
    } catch (error) {
      return `${this.options.url}/events: ${String(error)}`;
    } finally {
      this.#queue = new Map([...batch, ...this.#queue]);
    }
  }

  async #post(body: string, events: number): Promise<Verdict[]> {
    const { url, writeKey } = this.options; // without a key, browsers send no preflight
    const type = { "Content-Type": "text/plain;charset=UTF-8" };
    const headers = writeKey ? { ...type, "Write-Key": writeKey } : type;
    const keepalive = body.length <= BATCH.lastChars; // outlives the page, as with sendBeacon
    const signal = AbortSignal.timeout(WAIT_MS.answer);
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
  #settle(key: string, line: string, { verdict, field, error = "" }: Verdict): boolean {
    if (verdict !== "accepted" && verdict !== "double" && verdict !== "refused") return false;
    this.#chars -= line.length;
    attempt(() => this.#storage?.removeItem(key));
    if (verdict !== "refused") return true;
    const event = JSON.parse(line) as Tracked;
    const isAhead = field === "occurred_at" && event.occurred_at !== undefined;
    this.#clockIsWrong ||= isAhead;
    if (isAhead) this.#put(key, JSON.stringify({ ...event, occurred_at: undefined }));
    else attempt(() => (this.options.onRefused ?? console.warn)(event, error));
    return true;
  }

  #put(key: string, line: string): void {
    this.#queue.set(key, line);
    this.#chars += line.length;
    attempt(() => this.#storage?.setItem(key, line)); // if it is full, the memory has the event
  }
}

let lastTime = 0n; // of an id
const bodyOf = (batch: [key: string, line: string][]): string => batch.map(([, line]) => line).join("\n");

/** Calls a storage or a callback: no failure of theirs may stop the sending. */
function attempt<T>(call: () => T): T | undefined {
  try {
    return call();
  } catch (error) {
    console.warn(error);
  }
}

/** A UUID v7: milliseconds, 12 bits that count the ids of one millisecond, random bits. */
function newId(): string {
  const now = BigInt(Date.now()) << 12n;
  lastTime = now > lastTime ? now : lastTime + 1n;
  const [random = 0n] = crypto.getRandomValues(new BigUint64Array(1));
  const time = lastTime.toString(16).padStart(15, "0");
  const digits = `${time.slice(0, 12)}7${time.slice(12)}${((1n << 63n) | (random >> 2n)).toString(16)}`;
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

type Page = EventTarget & { document?: EventTarget & { hidden: boolean }; localStorage: Storage };
const page = globalThis as unknown as Page;
type Tracked = { event_type: string; event_id: string; occurred_at?: string | undefined; params?: unknown };
type Verdict = { verdict: string; field?: string; error?: string };
type Game = readonly EventEntry[];
type Required<P> = { [N in keyof P as P[N] extends { required: true } ? N : never]: ValueOf<P[N]> };
type Optional<P> = { [N in keyof P as P[N] extends { required: true } ? never : N]?: ValueOf<P[N]> | null };
type Given<P> = object extends Required<P> ? [params?: Optional<P>] : [params: Required<P> & Optional<P>];
type Params<E> = E extends { parameters?: infer P } ? (keyof P extends never ? [] : Given<P & {}>) : never;
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

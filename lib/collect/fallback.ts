/**
 * Batches → Kafka directly, or through the spool while Kafka cannot take them; always in order.
 *
 * A new batch goes behind the spooled messages, so a player's events stay in order. Only one of the
 * two, a direct send or the drain of the spool, uses Kafka at a time.
 *
 * While few messages are spooled, the next batch waits until they are sent, and then goes directly.
 * Without that wait, traffic without a pause would go through the spool for ever.
 *
 *   direct ── a send fails, or Kafka is away ──→ spooling (drain runs) ── spool is empty ──→ direct
 *
 * No producer can know whether Kafka stored a batch whose answer never came. The batch is spooled
 * and sent once more. So the topic may have it twice, and one copy may arrive after later messages.
 * Both copies have the same event_id.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type AcceptedBy, type Pending, Unavailable } from "./batcher.ts";
import type { Spool } from "./spool.ts";

const DISK_MS = 1500; // the part of a deadline that is kept for the spool if Kafka does not answer
const MIN_SEND_MS = 500; // with less time Kafka is not asked
const DRAIN_MS = 3000; // for Kafka's answer to a portion of the spool
const FEW = { messages: 2000, waitMs: 300 }; // a batch waits so long for so few spooled messages
const SPOOL_RETRY_MS = 2000; // after the spool could not be read

/** Kafka, as the fallback uses it. */
export interface DirectSender {
  isHere: () => boolean;
  /** Resolves when Kafka is here, or when the sender closes. */
  whenHere: () => Promise<void>;
  /** Resolves when Kafka has the messages. After a rejection Kafka is away. One send at a time. */
  send: (messages: Pending[], deadline: number) => Promise<void>;
}

export interface FallbackOptions {
  spool: Spool;
  kafka: DirectSender;
  name: string; // of the sender's target, for the log: "topic game_events"
  log: (line: string) => void; // one line when spooling begins, and one when it ends
}

export class Fallback {
  readonly #spool: Spool;
  readonly #kafka: DirectSender;
  readonly #name: string;
  readonly #log: (line: string) => void;
  readonly #closing = new AbortController();
  #drain: Promise<void> | undefined; // undefined: nothing is spooled
  #isSpoolingLogged = false;
  #maxPortion = Infinity; // messages of the spool in one send; smaller after a too large portion

  /** Begins to send the messages that an earlier process left in the spool. */
  constructor({ spool, kafka, name, log }: FallbackOptions) {
    this.#spool = spool;
    this.#kafka = kafka;
    this.#name = name;
    this.#log = log;
    if (spool.isEmpty()) return;
    log(`${name}: ${spool.state().messages} messages wait in ${spool.folder}`);
    this.#isSpoolingLogged = true;
    this.#drain = this.#drainSpool();
  }

  /**
   * Resolves before `deadline` with the place of the messages. One send at a time.
   * @throws Unavailable if neither Kafka nor the spool could take them
   */
  async send(batch: Pending[], deadline: number): Promise<AcceptedBy> {
    let written: "no" | "unknown" = "no";
    const timeLeftMs = deadline - DISK_MS - Date.now(); // little if the batch has waited long
    if (timeLeftMs > MIN_SEND_MS && (await this.#canSendDirectly())) {
      try {
        await this.#kafka.send(batch, deadline - DISK_MS);
        return "kafka";
      } catch {
        written = "unknown"; // the sender has logged the reason
      }
    }
    const appended = this.#append(batch);
    this.#drain ??= this.#drainSpool(); // it waits for an append that is under way
    try {
      await before(deadline, appended);
      return "spool";
    } catch (error) {
      if (error instanceof Unavailable && written === "no") throw error;
      throw new Unavailable(`spool ${this.#spool.folder}: ${(error as Error).message}`, "unknown", error);
    }
  }

  /** Resolves when no send is under way; spooled messages stay in the spool. */
  async close(): Promise<void> {
    this.#closing.abort();
    await this.#drain;
  }

  async #canSendDirectly(): Promise<boolean> {
    const { messages } = this.#spool.state();
    if (this.#kafka.isHere() && this.#drain && messages <= FEW.messages)
      await before(Date.now() + FEW.waitMs, this.#drain).catch(() => undefined); // late: spool it
    return this.#kafka.isHere() && this.#drain === undefined;
  }

  async #append(batch: Pending[]): Promise<void> {
    await this.#spool.append(batch);
    if (!this.#isSpoolingLogged) this.#log(`${this.#name}: spooling to ${this.#spool.folder}`);
    this.#isSpoolingLogged = true;
  }

  /** Sends spooled messages until the spool is empty or this closes. */
  async #drainSpool(): Promise<void> {
    const since = Date.now();
    const { signal } = this.#closing;
    let count = 0;
    while (!this.#spool.isEmpty() && !signal.aborted) {
      if (!this.#kafka.isHere()) {
        await this.#kafka.whenHere();
        continue;
      }
      try {
        count += await this.#drainPortion();
      } catch (error) {
        if (!this.#kafka.isHere()) continue; // Kafka failed; the sender has logged the reason
        this.#log((error as Error).message);
        await sleep(SPOOL_RETRY_MS, undefined, { signal }).catch(() => undefined);
      }
    }
    this.#drain = undefined;
    this.#isSpoolingLogged = false;
    this.#logEnd(count, since);
  }

  #logEnd(sent: number, since: number): void {
    const { messages: left } = this.#spool.state();
    if (sent + left === 0) return;
    const seconds = ((Date.now() - since) / 1000).toFixed(1);
    this.#log(
      `${this.#name}: spooling ended after ${seconds} s: ` +
        `${sent} messages went to Kafka, ${left} stay in ${this.#spool.folder}`,
    );
  }

  /** Sends the oldest messages of the spool, and resolves with their number. */
  async #drainPortion(): Promise<number> {
    const portion = await this.#spool.first(this.#maxPortion);
    if (portion === undefined) return 0; // an append is under way, or it failed
    const { messages, remove } = portion;
    const [first] = messages;
    try {
      if (first) await this.#kafka.send(messages, Date.now() + DRAIN_MS);
      this.#maxPortion *= 2;
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      this.#maxPortion = Math.ceil(messages.length / 2); // until the too large message is alone
      if (!first || messages.length > 1) return 0;
      const file = await this.#spool.setAside(first);
      this.#log(`${this.#name} takes no message of ${first.value.length} characters: it is kept in ${file}`);
    }
    await remove();
    return messages.length;
  }
}

/** Whether the broker, or the topic's setting, refuses a message of this size now and later. */
function isTooLarge(error: unknown): boolean {
  for (let inner = error; inner instanceof Error; inner = inner.cause)
    if ((inner as { type?: string }).type === "MESSAGE_TOO_LARGE") return true;
  return false;
}

/** @throws Error if `work` is not done by `deadline`. */
export async function before<T>(deadline: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const timeoutMs = deadline - Date.now();
    timer = setTimeout(() => reject(new Error(`no answer within ${Math.max(0, timeoutMs)} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

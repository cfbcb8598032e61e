/**
 * A call that fails while a service is away → a call that waits until the service is back.
 *
 * One `Outage` stands for one service. Many calls may fail and retry at the same time; the log
 * still gets one line when the service goes away and one line when it is back.
 */
import { setTimeout as sleep } from "node:timers/promises";

export type Log = (line: string) => void;

const FIRST_DELAY_MS = 200;
const MAX_DELAY_MS = 5_000;

export class Outage {
  #since: number | null = null; // null: the service answers
  readonly #service: string;
  readonly #log: Log;

  constructor(service: string, log: Log) {
    this.#service = service;
    this.#log = log;
  }

  /**
   * Repeats `call` with growing delays while it fails with a `passing` error.
   * @throws any other error of `call` at once, and an error when `signal` aborts
   */
  async outlast<T>(
    call: () => Promise<T>,
    { passing, signal }: { passing: (error: unknown) => boolean; signal: AbortSignal },
  ): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        const result = await call();
        this.end();
        return result;
      } catch (error) {
        if (!passing(error) || signal.aborted) throw error;
        this.begin(error);
        await sleep(delayMs(attempt), undefined, { signal });
      }
    }
  }

  /** Whether the service is away. */
  get isOn(): boolean {
    return this.#since !== null;
  }

  begin(error: unknown): void {
    if (this.#since !== null) return;
    this.#since = Date.now();
    this.#log(`${this.#service} is away, trying again until it is back: ${(error as Error).message}`);
  }

  end(): void {
    if (this.#since === null) return;
    this.#log(`${this.#service} is back after ${((Date.now() - this.#since) / 1000).toFixed(1)} s`);
    this.#since = null;
  }
}

/**
 * The delay before a retry: 0.2 s, doubled with each attempt, at most `maxMs`. Each delay is
 * shortened by a random part of up to a half, so that many callers do not retry at once.
 */
export function delayMs(attempt: number, maxMs = MAX_DELAY_MS): number {
  return Math.min(maxMs, FIRST_DELAY_MS * 2 ** Math.min(attempt, 10)) * (0.5 + Math.random() / 2);
}

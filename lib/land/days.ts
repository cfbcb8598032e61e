/**
 * Commits → one call of `register` for each new day of a table.
 *
 * Trino shows the files of a day only after the day's registration. Landing never waits for
 * `register`. Its calls run one at a time in the background, and are repeated while Trino is away.
 */
import type { CommitRecord } from "./commits.ts";
import { type Log, Outage } from "./outage.ts";

export class DayRegistrar {
  readonly #register: () => Promise<void>;
  readonly #signal: AbortSignal;
  readonly #outage: Outage;
  readonly #known = new Set<string>(); // "table/day"; a few more every day
  #isRegistering = false;
  #isDue = false; // a day appeared after the last call of `register` began

  /** Registers at once the days that an earlier stream left. */
  constructor(register: () => Promise<void>, { signal, log }: { signal: AbortSignal; log: Log }) {
    this.#register = register;
    this.#signal = signal;
    this.#outage = new Outage("Trino", log);
    this.#begin();
  }

  /** Registers the days of a commit's files in the background, if one of them is new. */
  onCommit({ files }: Pick<CommitRecord, "files">): void {
    const before = this.#known.size;
    for (const { table, day } of files) this.#known.add(`${table}/${day}`);
    if (this.#known.size > before) this.#begin();
  }

  #begin(): void {
    this.#isDue = true;
    if (this.#isRegistering) return;
    this.#isRegistering = true;
    // It fails only when `signal` aborts; the next stream registers the days then.
    this.#registerAll().catch(() => {});
  }

  async #registerAll(): Promise<void> {
    try {
      while (this.#isDue) {
        this.#isDue = false;
        await this.#outage.outlast(this.#register, { passing: () => true, signal: this.#signal });
      }
    } finally {
      this.#isRegistering = false;
    }
  }
}

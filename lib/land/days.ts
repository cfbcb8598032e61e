/**
 * Commits → one call of `register` for each new day of a table.
 *
 * Trino shows the files of a day only after the day's registration. Landing never waits for
 * `register`. Its calls run one at a time in the background, and are repeated while Trino is away.
 */
import type { CommitRecord } from "./commits.ts";
import { type Log, Outage } from "./outage.ts";

/** Registers the days that an earlier stream left, and returns a function for each commit. */
export function whenDaysAreNew(
  register: () => Promise<void>,
  { signal, log }: { signal: AbortSignal; log: Log },
): (record: Pick<CommitRecord, "files">) => void {
  const outage = new Outage("Trino", log);
  const known = new Set<string>(); // "table/day"; a few more every day
  let registering = false;
  let again = false;

  async function registerAll(): Promise<void> {
    do {
      again = false;
      await outage.outlast(register, { passing: () => true, signal });
    } while (again);
  }

  function begin(): void {
    again = true;
    if (registering) return;
    registering = true;
    // It fails only when `signal` aborts; the next stream registers the days then.
    registerAll()
      .catch(() => {})
      .finally(() => (registering = false));
  }

  begin();

  return ({ files }) => {
    const before = known.size;
    for (const { table, day } of files) known.add(`${table}/${day}`);
    if (known.size === before) return;
    begin();
  };
}

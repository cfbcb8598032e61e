/**
 * Commits → one call of `register` for each new day of a table.
 *
 * Trino sees the files of a day only when the day is registered. Landing never
 * waits for that: calls run one at a time beside it, and again while Trino is away.
 */
import type { CommitRecord } from "./commits.ts";
import { type Log, Outage } from "./outage.ts";

/** Registers what an earlier stream may have left, and returns what to call with each commit. */
export function whenDaysAreNew(
  register: () => Promise<void>,
  { signal, log }: { signal: AbortSignal; log: Log },
): (record: Pick<CommitRecord, "files">) => void {
  const outage = new Outage("Trino", log);
  const known = new Set<string>(); // "table/day"; it grows by a few a day
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
    // It fails only when told to stop: the next stream registers then.
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

/**
 * A stream's register of days → one that makes the tables follow the stream's lib/game.ts too.
 *
 * So a stream that is started by hand with a changed list needs no `npm run tables`. The tables are
 * made in the background, some seconds later: then `npm run up`, which starts the stream, has made
 * them, and two processes do not replace the same table. A problem is logged, and keeps no day from
 * its registration.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { createTables, describeChanges, registerDays } from "./tables.ts";

const HEAD_START_MS = 5_000; // for npm run up

/** Makes the function that registers new days. Its first call makes the tables too. */
export function keepTables(log: (line: string) => void): () => Promise<void> {
  let made: Promise<void> | null = null; // null: not tried, or the last try failed
  const make = async (): Promise<void> => {
    await sleep(HEAD_START_MS, undefined, { ref: false });
    for (const line of describeChanges(await createTables())) log(`tables: ${line}`);
  };
  return async () => {
    await registerDays(); // throws while Trino is away: the caller repeats the call
    made ??= make().catch((error: Error) => {
      log(`tables: ${error.message}`);
      made = null;
    });
  };
}

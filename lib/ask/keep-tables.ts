/**
 * A stream's register of days → one that first makes the tables follow the stream's lib/game.ts.
 *
 * So a stream that is started by hand with a changed list needs no `npm run tables`. A problem of a
 * table is logged, and never keeps days from their registration.
 */
import { createTables, describeChanges, registerDays } from "./tables.ts";

/** Makes the function that registers new days; its first calls make the tables too. */
export function keepTables(log: (line: string) => void): () => Promise<void> {
  let areMade = false;
  return async () => {
    await registerDays(); // throws while Trino is away: the caller repeats the call
    if (areMade) return;
    try {
      for (const line of describeChanges(await createTables())) log(`tables: ${line}`);
      areMade = true;
    } catch (error) {
      log(`tables: ${(error as Error).message}`);
    }
  };
}

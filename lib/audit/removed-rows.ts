/**
 * Days → the rows of a topic that swaps left out of the tables on these days.
 *
 * Files and tables have these rows no longer; the topic and the ledger still count them. The swap's
 * record vouches for them: it was written when all other rows were proven to be the same. A swap
 * that is at work has both at once, so this waits for its end.
 */
import { namesIn } from "../folders.ts";
import { swappedDaysFolder } from "../layout.ts";
import { readRemoved, readSwaps, type RemovedRow, type Swaps, swappedTables } from "../swaps.ts";
import { until } from "../until.ts";
import type { Hdfs } from "../webhdfs.ts";
import { mapInLanes } from "../lanes.ts";

const SWAP_LIMIT_MS = 30_000; // from a swap's record to its end
const POLL_MS = 100;
const MAX_COUNTS = 5;

/**
 * Counts rows of tables or files, with the rows that swaps left out of them. A swap that ends while
 * `count` is at work has changed both, so `count` is called again.
 * @throws Error if a swap was interrupted, with the remedy
 */
export async function countBesideSwaps<T>(
  hdfs: Hdfs,
  place: { root: string; topic: string },
  days: ReadonlySet<string> | readonly string[] | "all",
  count: (removed: RemovedRow[]) => Promise<T>,
): Promise<T> {
  for (let counts = 0; counts < MAX_COUNTS; counts++) {
    const removed = await removedRows(hdfs, place, days);
    const counted = await count(removed);
    if ((await removedRows(hdfs, place, days)).length === removed.length) return counted;
  }
  throw new Error(`expected rows to stay for one count, but ${MAX_COUNTS} swaps left out some meanwhile`);
}

async function removedRows(
  hdfs: Hdfs,
  { root, topic }: { root: string; topic: string },
  days: ReadonlySet<string> | readonly string[] | "all",
): Promise<RemovedRow[]> {
  const swapped = await namesIn(hdfs, swappedDaysFolder(root));
  const wanted = days === "all" ? swapped : swapped.filter((day) => new Set(days).has(day));
  const rows = await mapInLanes(wanted, async (day) => {
    const ofTables: RemovedRow[][] = [];
    for (const table of await swappedTables(hdfs, root, day))
      ofTables.push(await readRemoved(hdfs, await endedSwaps(hdfs, { root, table, day })));
    return ofTables.flat();
  });
  return rows.flat().filter((row) => row.topic === topic);
}

/** The swaps of a day, when the last of them is done. @throws Error with the remedy */
export async function endedSwaps(hdfs: Hdfs, place: Swaps["place"]): Promise<Swaps> {
  const ask = async () => {
    const swaps = await readSwaps(hdfs, place);
    const newest = swaps.records.at(-1);
    if (newest === undefined || swaps.done.has(newest.number)) return swaps;
    throw new Error(
      `table ${place.table}, day ${place.day}: its swap has not ended; npm run compact finishes it`,
    );
  };
  return until(`swaps end`, ask, { limitMs: SWAP_LIMIT_MS, everyMs: POLL_MS });
}

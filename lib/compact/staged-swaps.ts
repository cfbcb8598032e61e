/**
 * The staging folder → the records of swaps, and the copies of late files, that have no name yet.
 *
 * Each of them is there for some milliseconds, unless its process crashed. A removal of events
 * waits for them: a swap stages its record before it looks for the plan of a removal.
 */
import { endedSwaps } from "../audit/removed-rows.ts";
import { entriesOf, namesIn } from "../folders.ts";
import { stagedSwap, stagingFolder, swappedDaysFolder } from "../layout.ts";
import { swappedTables } from "../swaps.ts";
import { until } from "../until.ts";
import type { FileStatus, Hdfs } from "../webhdfs.ts";
import { STALE_MS } from "./swap-day.ts";

const WAIT_MS = 10_000; // from a staged record to its RENAME
const POLL_MS = 100;

/** Deletes the staged files of processes that crashed. */
export async function removeDeadSwaps(hdfs: Hdfs, root: string): Promise<void> {
  for (const { name, modified_at } of await stagedSwaps(hdfs, root))
    if (Date.now() - modified_at >= STALE_MS) await hdfs.remove(`${stagingFolder(root)}/${name}`);
}

/** Resolves when no swap is at work. @throws Error with the remedy */
export async function untilSwapsEnd(hdfs: Hdfs, root: string, limitMs = WAIT_MS): Promise<void> {
  const ask = async () => {
    const [first] = await stagedSwaps(hdfs, root);
    if (first === undefined) return true;
    throw new Error(
      `${stagingFolder(root)}/${first.name}: a swap of files has not ended; npm run compact deletes this file ${STALE_MS / 3_600_000} hours after a crash`,
    );
  };
  await until("swaps end", ask, { limitMs, everyMs: POLL_MS });
  for (const day of await namesIn(hdfs, swappedDaysFolder(root)))
    for (const table of await swappedTables(hdfs, root, day)) await endedSwaps(hdfs, { root, table, day });
}

/** Only files: the folder of a batch can have the same prefix. */
async function stagedSwaps(hdfs: Hdfs, root: string): Promise<FileStatus[]> {
  const staged: FileStatus[] = [];
  for await (const entry of entriesOf(hdfs, stagingFolder(root)))
    if (entry.type === "FILE" && `${stagingFolder(root)}/${entry.name}`.startsWith(stagedSwap(root, "")))
      staged.push(entry);
  return staged;
}

/**
 * A table's folders in HDFS → its days, and those of them in which nothing is left to do.
 *
 * A day is finished when it is over and compacted, and the files that swaps replaced, or left at a
 * crash, are deleted. Then its folders change only with a late file, a removal or a rebuild, and
 * HDFS gives a changed folder another time. So a list of finished days with these times spares all
 * requests for them.
 */
import { randomUUID } from "node:crypto";
import { entriesOf } from "../folders.ts";
import { compactedDaysFolder, finishedPath, parseDayName, stagedSwap, tableFolder } from "../layout.ts";
import type { Hdfs } from "../webhdfs.ts";

/** A day with the times at which its folders changed: "own/compacted", in milliseconds. */
export type DayTimes = Map<string, string>;

interface FinishedList {
  version: number;
  days: Record<string, string>;
}

const QUIET_MS = 60_000; // younger times may change once more in the same millisecond

/** All days of a table. Costs two listings. */
export async function readDays(hdfs: Hdfs, root: string, table: string): Promise<DayTimes> {
  const own = await timesIn(hdfs, tableFolder(root, table));
  const compacted = await timesIn(hdfs, compactedDaysFolder(root, table));
  const days = [...new Set([...own.keys(), ...compacted.keys()])].sort();
  return new Map(days.map((day) => [day, `${own.get(day) ?? ""}/${compacted.get(day) ?? ""}`]));
}

/** Whether the folders of a day have not changed for a minute. */
export function isQuiet(times: string): boolean {
  return times.split("/").every((time) => Date.now() - Number(time) >= QUIET_MS);
}

const VERSION = 2; // a list of before has days whose rows no compaction has tried to settle

/** The days that were finished, with the times of then. A broken list is as an empty one. */
export async function readFinished(hdfs: Hdfs, root: string, table: string): Promise<DayTimes> {
  const bytes = await hdfs.read(finishedPath(root, table));
  try {
    const { version, days } = JSON.parse(String(bytes)) as FinishedList;
    return new Map(version === VERSION ? Object.entries(days) : []);
  } catch {
    return new Map();
  }
}

/** Of two processes at once one wins. The other's days are looked at once more. */
export async function writeFinished(hdfs: Hdfs, root: string, table: string, days: DayTimes): Promise<void> {
  const staged = stagedSwap(root, randomUUID());
  const list: FinishedList = { version: VERSION, days: Object.fromEntries(days) };
  await hdfs.create(staged, Buffer.from(`${JSON.stringify(list)}\n`));
  await hdfs.makeFolder(compactedDaysFolder(root, table));
  await hdfs.remove(finishedPath(root, table));
  if (!(await hdfs.rename(staged, finishedPath(root, table)))) await hdfs.remove(staged);
}

async function timesIn(hdfs: Hdfs, folder: string): Promise<Map<string, number>> {
  const times = new Map<string, number>();
  for await (const { name, modified_at } of entriesOf(hdfs, folder)) {
    const day = parseDayName(name);
    if (day !== null) times.set(day, modified_at);
  }
  return times;
}

/**
 * A rebuilt table → its compacted days read the table's own folders again.
 *
 * The rebuild has put new files there. A record of the day's swaps says so, and then the location
 * of the partition changes. Readers are kept away meanwhile. The compacted files stay, as all files
 * stay that a rebuild replaces.
 */
import { randomUUID } from "node:crypto";
import { countRows } from "../audit/files.ts";
import { finishSwap } from "../compact/swap-day.ts";
import { trinoEngine } from "../compact/trino-engine.ts";
import { namesIn } from "../folders.ts";
import { dayFolder, stagedSwap, swapPath, swappedDaysFolder } from "../layout.ts";
import { currentFolder, dataFiles, readSwap, readSwaps, type SwapRecord } from "../swaps.ts";
import type { DayFile, RebuildWork } from "./new-files.ts";
import type { PlannedFile } from "./plan.ts";

/**
 * Can be repeated: a day that reads its own folder stays as it is.
 * @param rebuilt the files that have new ones; all other files are late, and are copied
 */
export async function swapBack(work: RebuildWork, rebuilt: readonly PlannedFile[]): Promise<void> {
  const { hdfs, root, schema, topic } = work;
  const { table } = work.event;
  for (const day of await namesIn(hdfs, swappedDaysFolder(root))) {
    const place = { root, table, day };
    const swaps = await readSwaps(hdfs, place);
    const last = swaps.records.at(-1);
    if (last === undefined) continue;
    const [from, folder] = [currentFolder(swaps), dayFolder(root, table, day)];
    if (from !== folder) {
      const names = new Set(rebuilt.filter((one) => one.day === day).map(({ name }) => name));
      const files = (await factsIn(work, from)).filter(({ name }) => names.has(name));
      const new_files = await factsIn(work, folder);
      const rows = files.reduce((sum, one) => sum + one.rows, 0);
      const id = randomUUID();
      const record: SwapRecord = {
        version: 1,
        id,
        table,
        day,
        number: last.number + 1,
        reason: "rebuild",
        made_at: new Date().toISOString(),
        from,
        files,
        folder,
        new_files,
        rows,
        removed: 0,
        kept: [],
      };
      const [staged, path] = [stagedSwap(root, id), swapPath(place, record.number)];
      await hdfs.create(staged, Buffer.from(`${JSON.stringify(record, null, 1)}\n`));
      if (!(await hdfs.rename(staged, path)) && (await readSwap(hdfs, place, record.number))?.id !== id)
        throw new Error(`${path}: expected a new record, but RENAME answered false`);
    }
    const engine = trinoEngine({ hdfs, root, schema, topic });
    await finishSwap({ hdfs, root, engine }, place);
  }
}

/** The files in the folders of the table's last swaps. */
export async function swappedFiles({ hdfs, root, event: { table } }: RebuildWork): Promise<DayFile[]> {
  const found: DayFile[] = [];
  for (const day of await namesIn(hdfs, swappedDaysFolder(root))) {
    const swaps = await readSwaps(hdfs, { root, table, day });
    const folder = currentFolder(swaps);
    if (folder === dayFolder(root, table, day)) continue;
    for (const { name, path } of await dataFiles(hdfs, folder)) found.push({ day, name, path });
  }
  return found;
}

/** The names of a day's files that its swaps have replaced: "2026-01-31/name". */
export async function replacedNames({ hdfs, root, event: { table } }: RebuildWork): Promise<Set<string>> {
  const names = new Set<string>();
  for (const day of await namesIn(hdfs, swappedDaysFolder(root))) {
    const { records } = await readSwaps(hdfs, { root, table, day });
    for (const { name } of records.flatMap(({ files }) => files)) names.add(`${day}/${name}`);
  }
  return names;
}

async function factsIn({ hdfs }: RebuildWork, folder: string): Promise<SwapRecord["files"]> {
  const facts = [];
  for (const { name, path, bytes } of await dataFiles(hdfs, folder))
    facts.push({ name, bytes, rows: await countRows(hdfs, path, bytes) });
  return facts;
}

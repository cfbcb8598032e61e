/**
 * A table that was just made or changed → its days read the folders of their last swaps.
 *
 * Trino registers a day with the folder that the stream writes to. The rows of a swapped day are in
 * another folder (swaps.ts). So a new table would miss them, or count replaced files. A change of
 * columns reads and writes a day's whole definition, and a swap can change its folder meanwhile.
 */
import { alterPartitions, getPartitions, locationOf, PARTITION, setLocation } from "../hive-metastore.ts";
import { dayFolder, swappedDaysFolder, swapsFolder } from "../layout.ts";
import { namesIn } from "../folders.ts";
import { settings } from "../settings.ts";
import { readSwaps } from "../swaps.ts";
import type { Items, Struct } from "../thrift.ts";
import type { Hdfs } from "../webhdfs.ts";

/**
 * Days whose location is older than their last swap that is done get its folder. A swap that is at
 * work changes the location itself, and looks at it again when it is done. So this can run beside
 * swaps: it ends when it finds nothing to change.
 * @param name of the table in the metastore, which can differ from `table` while it is made
 */
export async function followSwappedDays(
  hdfs: Hdfs,
  { root, schema, name, table }: { root: string; schema: string; name: string; table: string },
): Promise<void> {
  const swapped: string[] = [];
  for (const day of await namesIn(hdfs, swappedDaysFolder(root)))
    if ((await hdfs.status(swapsFolder({ root, table, day }))) !== null) swapped.push(day);
  if (swapped.length === 0) return;
  if (settings.metastore === undefined)
    throw new Error(
      `table ${table}: expected QUESTLOG_METASTORE, the address of Trino's metastore, because npm run compact rewrote ${swapped.length} of its days; got none`,
    );
  for (;;) {
    const changed: Struct[] = [];
    for (const partition of await getPartitions(schema, name)) {
      const day = (partition.get(PARTITION.values)!.value as Items).items[0] as string;
      if (!swapped.includes(day)) continue;
      const { records, done } = await readSwaps(hdfs, { root, table, day });
      const last = records.findLastIndex(({ number }) => done.has(number));
      const folder = records[last]?.folder ?? dayFolder(root, table, day);
      const host = /^hdfs:\/\/[^/]*/.exec(locationOf(partition))?.[0] ?? "";
      const right = [folder, ...records.slice(last + 1).map((record) => record.folder)];
      if (right.some((one) => locationOf(partition) === `${host}${one}`)) continue;
      setLocation(partition, `${host}${folder}`);
      changed.push(partition);
    }
    if (changed.length === 0) return;
    await alterPartitions(schema, name, changed);
  }
}

/**
 * A table that was just made → its days read the folders of their last swaps.
 *
 * Trino registers a day with the folder that the stream writes to. The rows of a swapped day are in
 * another folder (swaps.ts). So a new table would miss them, or count replaced files.
 */
import { alterPartitions, getPartitions, locationOf, PARTITION, setLocation } from "../hive-metastore.ts";
import { swappedDaysFolder, swapsFolder } from "../layout.ts";
import { namesIn } from "../folders.ts";
import { settings } from "../settings.ts";
import { currentFolder, readSwaps } from "../swaps.ts";
import type { Items, Struct } from "../thrift.ts";
import type { Hdfs } from "../webhdfs.ts";

/** @param name of the table in the metastore, which can differ from `table` while it is made */
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
  const changed: Struct[] = [];
  for (const partition of await getPartitions(schema, name)) {
    const day = (partition.get(PARTITION.values)!.value as Items).items[0] as string;
    if (!swapped.includes(day)) continue;
    const folder = currentFolder(await readSwaps(hdfs, { root, table, day }));
    const host = /^hdfs:\/\/[^/]*/.exec(locationOf(partition))?.[0] ?? "";
    if (locationOf(partition) === `${host}${folder}`) continue;
    setLocation(partition, `${host}${folder}`);
    changed.push(partition);
  }
  await alterPartitions(schema, name, changed);
}

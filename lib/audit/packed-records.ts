/**
 * HDFS → the texts of a ledger's records, most of them from packs: one file for 100 records.
 *
 * A pack only saves requests. Beside the text of a record it has the length and the time of the
 * record's file. The text counts only while the file still has both. So a record that was edited,
 * replaced or removed is seen as it is, and a damaged pack costs requests and nothing else.
 */
import { entriesIn } from "../folders.ts";
import { isObject } from "../misfit.ts";
import { auditFolder, auditPacksFolder, type ChainKey } from "../layout.ts";
import { type FileStatus, type Hdfs, HdfsError } from "../webhdfs.ts";
import { mapInLanes } from "../lanes.ts";

const RECORDS = 100; // of a pack

/** A record's file. */
export interface RecordFile {
  name: string;
  bytes: Buffer | null; // null: it was deleted meanwhile
}

/** A record in a pack: the pack is a list of these in JSON. */
interface Packed {
  name: string;
  length: number; // of the file
  modified_at: number;
  text: string;
}

/**
 * Reads the files of a ledger, in their order. Each 100 records become a pack, if they are in none.
 * @param packs whether texts of packs count; if not, each file is read, and no pack is written
 */
export async function readRecordFiles(hdfs: Hdfs, key: ChainKey, packs: boolean): Promise<RecordFile[]> {
  const folder = auditFolder(key);
  const entries = await entriesIn(hdfs, folder);
  const packed = packs && entries.length >= RECORDS ? await readPacks(hdfs, key) : new Map<string, Packed>();
  const files = await mapInLanes(entries, async ({ name, bytes, modified_at }) => {
    const one = packed.get(name);
    if (one?.length === bytes && one.modified_at === modified_at)
      return { name, bytes: Buffer.from(one.text) };
    packed.delete(name);
    return { name, bytes: await hdfs.read(`${folder}/${name}`) };
  });
  if (!packs) return files;
  for (let i = 0; i + RECORDS <= files.length; i += RECORDS) {
    const some = files.slice(i, i + RECORDS);
    if (some.some(({ name }) => !packed.has(name))) await writePack(hdfs, key, some, entries.slice(i));
  }
  return files;
}

async function readPacks(hdfs: Hdfs, key: ChainKey): Promise<Map<string, Packed>> {
  const folder = auditPacksFolder(key);
  const entries = await entriesIn(hdfs, folder);
  const packs = await mapInLanes(entries, async ({ name }) =>
    parsePack(await hdfs.read(`${folder}/${name}`)),
  );
  return new Map(packs.flat().map((one) => [one.name, one]));
}

/** The records of a pack; none of a damaged pack. */
function parsePack(bytes: Buffer | null): Packed[] {
  try {
    const list: unknown = JSON.parse(bytes?.toString("utf8") ?? "[]");
    if (!Array.isArray(list)) return [];
    return list.filter((one): one is Packed => isObject(one) && typeof one.text === "string");
  } catch {
    return []; // its records are read one by one, and it is written again
  }
}

/** Writes a pack in place of an older one, under the name of its first record. */
async function writePack(
  hdfs: Hdfs,
  key: ChainKey,
  files: readonly RecordFile[],
  entries: readonly FileStatus[],
): Promise<void> {
  const list = files.map(({ name, bytes }, i): Packed => {
    const { bytes: length, modified_at } = entries[i]!;
    return { name, length, modified_at, text: bytes?.toString("utf8") ?? "" };
  });
  const path = `${auditPacksFolder(key)}/${files[0]!.name}`;
  try {
    await hdfs.remove(path);
    await hdfs.create(path, Buffer.from(JSON.stringify(list)));
  } catch (error) {
    if (!(error instanceof HdfsError)) throw error;
    // Another audit was faster, or this user may not write: the records are read one by one.
  }
}

/**
 * The columns that a table's files have: a numbered list for each table in HDFS.
 *
 * Files are never changed when the game's list changes, so the files of one table can have
 * different columns. The stream adds its columns to the list before it lands a row of the table.
 * The Hive table is made of the list, so it can read every file. The list with the highest number
 * is valid. RENAME creates a number, and answers false when the number is taken.
 *
 * A column is readable under a wider type: an integer as a bigint. Any other difference of types is
 * a conflict, and needs a rebuild of the table.
 */
import { randomUUID } from "node:crypto";
import { type Column, columnsOf, type ColumnType, type EventDefinition } from "./catalog.ts";
import { namesIn } from "./folders.ts";
import {
  columnsFolder,
  columnsPath,
  parseColumnsName,
  parseDayName,
  parseFileName,
  stagedColumns,
  tableFolder,
} from "./layout.ts";
import { columnName, decimalOf } from "./parameters.ts";
import { footerBytes, readFileColumns, type StoredColumn, type StoredType } from "./parquet-footer.ts";
import { currentFiles, type FolderFile, readSwaps } from "./swaps.ts";
import { type Hdfs, HdfsError } from "./webhdfs.ts";

/** A column whose files hold another type than the game's list. */
export interface Conflict {
  column: string;
  stored: StoredType;
  wanted: StoredType;
}

export interface ColumnsChange {
  columns: StoredColumn[]; // the list's columns first, then the columns of older files
  added: StoredColumn[];
  widened: StoredColumn[];
  conflicts: Conflict[]; // not empty: `columns` cannot have the wanted types
}

/** The columns of an event's table, and the columns of the earlier names of its parameters. */
export interface WantedColumns {
  columns: readonly Column[];
  earlier: readonly { column: string; as: ColumnType }[];
}

export function storedType(type: ColumnType): StoredType {
  const decimal = decimalOf(type);
  if (decimal) return `decimal(${decimal.precision}, ${decimal.scale})`;
  return type === "json" ? "text" : type === "offset" ? "bigint" : type;
}

export function wantedColumns(event: EventDefinition): WantedColumns {
  const earlier = event.parameters.flatMap(({ was, type }) =>
    was.map((name) => ({ column: columnName(name), as: type })),
  );
  return { columns: columnsOf(event), earlier };
}

/** The list that holds the stored and the wanted columns. */
export function changeOf(
  stored: readonly StoredColumn[],
  { columns: wanted, earlier }: WantedColumns,
): ColumnsChange {
  const before = new Map(stored.map(({ name, type }) => [name, type]));
  const change: ColumnsChange = { columns: [], added: [], widened: [], conflicts: [] };
  for (const { name, type } of wanted) {
    const [was, is] = [before.get(name), storedType(type)];
    const column = { name, type: was !== undefined && isReadableAs(is, was) ? was : is };
    if (was === undefined) change.added.push(column);
    else if (!isReadableAs(is, was) && isReadableAs(was, is)) change.widened.push(column);
    else if (!isReadableAs(is, was)) {
      change.conflicts.push({ column: name, stored: was, wanted: is });
      column.type = was;
    }
    change.columns.push(column);
  }
  for (const { column, as } of earlier) {
    const was = before.get(column);
    if (was !== undefined && !isReadableAs(was, storedType(as)))
      change.conflicts.push({ column, stored: was, wanted: storedType(as) });
  }
  const names = new Set(wanted.map(({ name }) => name));
  change.columns.push(...stored.filter(({ name }) => !names.has(name)));
  return change;
}

/** Whether a reader can read a column of type `stored` as `read`, without a change of values. */
export function isReadableAs(stored: StoredType, read: StoredType): boolean {
  if (stored === read) return true;
  if (stored === "integer") return read === "bigint";
  const [from, to] = [decimalOf(stored), decimalOf(read)];
  return from !== null && to !== null && from.scale === to.scale && from.precision <= to.precision;
}

/** Thrown when a table has no list of columns, and its newest file cannot be read. */
export class UnreadableTableError extends Error {
  override name = "UnreadableTableError";

  constructor(table: string, path: string, fault: string) {
    super(
      `table ${table}: its newest file must tell its columns, but ${path} is broken: ${fault}; ` +
        "to go on without that file: move it out of the table's folder",
    );
  }
}

/** A table's conflicts as one sentence, with the remedy. */
export function describeConflicts(table: string, conflicts: readonly Conflict[]): string {
  const facts = conflicts.map(
    ({ column, stored, wanted }) =>
      `column ${column} has ${stored} in its files and ${wanted} in lib/game.ts`,
  );
  return `table ${table}: ${facts.join("; ")}; to rewrite it: npm run tables -- --rebuild ${table}`;
}

/** The state of a table while its rebuild's folder is there, as one sentence with the remedy. */
export function describeRebuild(table: string): string {
  return `table ${table}: its rebuild is at work, or was interrupted; to finish it: npm run tables -- --rebuild ${table}`;
}

/** Reads a table's list; number 0 and no columns: the table has none yet. */
export async function readColumns(
  hdfs: Hdfs,
  root: string,
  table: string,
): Promise<{ number: number; columns: StoredColumn[] }> {
  const names = await namesIn(hdfs, columnsFolder(root, table));
  const number = Math.max(0, ...names.map((name) => parseColumnsName(name) ?? 0));
  if (number === 0) return { number, columns: [] };
  const path = columnsPath(root, table, number);
  const text = (await hdfs.read(path))?.toString("utf8");
  if (text === undefined) throw new Error(`${path}: expected a list of columns, found none`);
  return { number, columns: (JSON.parse(text) as { columns: StoredColumn[] }).columns };
}

/** The columns of the files' list that a table does not have yet: SQL cannot read their values. */
export async function missingColumns(
  hdfs: Hdfs,
  root: string,
  { table, columns }: { table: string; columns: readonly string[] },
): Promise<string[]> {
  const { columns: listed } = await readColumns(hdfs, root, table);
  return listed.map(({ name }) => name).filter((name) => !columns.includes(name));
}

/**
 * Adds the wanted columns to a table's list, unless there is a conflict.
 *
 * A table without files has no conflict. A table of an older version has files and no list: then
 * the columns of its newest file count.
 * @throws HdfsError when HDFS is away: call again
 * @throws UnreadableTableError if that file is broken
 */
export async function addColumns(
  hdfs: Hdfs,
  root: string,
  table: string,
  wanted: WantedColumns,
): Promise<ColumnsChange> {
  for (;;) {
    const { number, change, isNew } = await planColumns(hdfs, root, table, wanted);
    if (!isNew || (await writeColumns(hdfs, root, table, number + 1, change.columns))) return change;
  }
}

/** The change that a table's list needs, and whether it can be made; writes nothing. */
export async function planColumns(
  hdfs: Hdfs,
  root: string,
  table: string,
  wanted: WantedColumns,
): Promise<{ number: number; change: ColumnsChange; isNew: boolean }> {
  const { number, columns } = await readColumns(hdfs, root, table);
  const stored = number === 0 ? await columnsOfFiles(hdfs, root, table) : columns;
  const change = changeOf(stored, wanted);
  if (change.conflicts.length === 0) {
    return { number, change, isNew: number === 0 || change.added.length + change.widened.length > 0 };
  }
  if ((await newestFile(hdfs, root, table)) !== null) return { number, change, isNew: false };
  return { number, change: changeOf([], wanted), isNew: true };
}

/** Writes a list under its number; false: another writer was faster. */
export async function writeColumns(
  hdfs: Hdfs,
  root: string,
  table: string,
  number: number,
  columns: readonly StoredColumn[],
): Promise<boolean> {
  const staged = stagedColumns(root, randomUUID());
  await hdfs.makeFolder(columnsFolder(root, table));
  await hdfs.create(
    staged,
    Buffer.from(JSON.stringify({ table, columns, written_at: new Date().toISOString() })),
  );
  if (await hdfs.rename(staged, columnsPath(root, table, number))) return true;
  await hdfs.remove(staged);
  return false;
}

/** The columns of a table's newest file; tables of older versions have no list. */
async function columnsOfFiles(hdfs: Hdfs, root: string, table: string): Promise<StoredColumn[]> {
  const newest = await newestFile(hdfs, root, table);
  if (newest === null) return [];
  try {
    return await fileColumns(hdfs, newest.path, newest.bytes);
  } catch (error) {
    if (error instanceof HdfsError) throw error;
    throw new UnreadableTableError(table, newest.path, (error as Error).message);
  }
}

/** The newest file of the newest day that has files. */
async function newestFile(
  hdfs: Hdfs,
  root: string,
  table: string,
): Promise<{ path: string; bytes: number } | null> {
  const folder = tableFolder(root, table);
  const days = (await namesIn(hdfs, folder)).map(parseDayName).filter((day) => day !== null);
  for (const day of days.sort().toReversed()) {
    const swaps = await readSwaps(hdfs, { root, table, day });
    const made = new Set(swaps.records.flatMap(({ new_files }) => new_files.map(({ name }) => name)));
    let newest: FolderFile | undefined;
    for (const file of await currentFiles(hdfs, swaps)) {
      const isOurs = parseFileName(file.name) !== null || made.has(file.name);
      if (isOurs && !(newest && newest.modified_at > file.modified_at)) newest = file;
    }
    if (newest) return newest;
  }
  return null;
}

/** The columns in a file's footer. */
export async function fileColumns(hdfs: Hdfs, path: string, bytes: number): Promise<StoredColumn[]> {
  const tail = async (length: number): Promise<Buffer> => {
    const found = await hdfs.read(path, { offset: Math.max(0, bytes - length), length });
    if (found === null) throw new Error(`${path}: expected a file, found none`);
    return found;
  };
  const end = await tail(16 << 10); // most footers are shorter
  return readFileColumns(footerBytes(end) > end.length ? await tail(footerBytes(end)) : end);
}

/**
 * A Parquet file's bytes → the same file without some rows, of the same length.
 *
 * A query that has listed the file reads its footer at the length that it knows. So the new file is
 * padded in front of its footer, where no reader looks: the query reads the old rows or the new
 * ones, and does not fail. The columns are those of the old file, not those of today's catalogue.
 *
 * The new file is read back: each row that stays has the same values, by hyparquet, which shares no
 * code with the writer.
 */
import type { Column, ColumnType } from "../catalog.ts";
import { parquetMetadata } from "hyparquet";
import { ParquetFile } from "../land/parquet.ts";
import { footerBytes, readFileColumns } from "../parquet-footer.ts";
import { readStoredRows, type StoredRow } from "../rebuild/stored-values.ts";

/** A file without the removed rows. */
export interface FileWithout {
  bytes: Buffer;
  kept: number; // rows
  removed: number; // rows
}

/**
 * Removes the rows of which `isRemoved` is true. The file may be left without rows: its commit
 * names it, so it has to stay.
 * @throws Error if a row that stays would change
 */
export async function withoutRows(
  bytes: Buffer,
  isRemoved: (row: StoredRow) => boolean,
): Promise<FileWithout> {
  const columns = columnsIn(bytes);
  const file = new ParquetFile(columns);
  let removed = 0;
  for await (const row of readStoredRows(bytes)) {
    if (isRemoved(row)) removed++;
    else file.append(columns.map(({ name }) => row.value(name)));
  }
  const made = padded(file.finish(), bytes.length);
  await proveKept(bytes, made, columns, isRemoved);
  return { bytes: made, kept: file.rows, removed };
}

/** The columns as the writer takes them. */
function columnsIn(bytes: Buffer): Column[] {
  const footer = bytes.subarray(bytes.length - footerBytes(bytes));
  const { schema } = parquetMetadata(new Uint8Array(footer).buffer);
  const required = new Set(
    schema.filter((one) => one.repetition_type === "REQUIRED").map(({ name }) => name),
  );
  return readFileColumns(footer).map(({ name, type }) => {
    if (type === "bytes") throw new Error(`column ${name}: expected a type of the tables, got bytes`);
    return { name, type: type as ColumnType, required: required.has(name) };
  });
}

/** Fills the file with zeros in front of its footer. A longer file stays as it is. */
function padded(bytes: Buffer, length: number): Buffer {
  if (bytes.length >= length) return bytes;
  const footer = bytes.length - footerBytes(bytes);
  return Buffer.concat([
    bytes.subarray(0, footer),
    Buffer.alloc(length - bytes.length),
    bytes.subarray(footer),
  ]);
}

async function proveKept(
  before: Buffer,
  after: Buffer,
  columns: readonly Column[],
  isRemoved: (row: StoredRow) => boolean,
): Promise<void> {
  const found = readStoredRows(after);
  const textsOf = (row: StoredRow) => JSON.stringify(columns.map(({ name }) => row.text(name)));
  for await (const row of readStoredRows(before)) {
    if (isRemoved(row)) continue;
    const next = await found.next();
    const got = next.done ? "no row" : textsOf(next.value);
    if (got === textsOf(row)) continue;
    throw new Error(`partition ${row.partition}, offset ${row.offset}: expected the same row, got another`);
  }
  if (!(await found.next()).done) throw new Error("expected no further rows in the new file, got some");
}

/**
 * The end of a Parquet file → the number of its rows, and its columns.
 *
 * The footer stands at the end, so a reader needs the last bytes of a file only.
 */
import { decodeThrift, type SchemaElement, thrift } from "./parquetjs.ts";

/** A column in a file. */
export interface StoredColumn {
  name: string;
  type: StoredType;
}

/** The type of a column in a file; json is stored as text, an offset as a bigint. */
export type StoredType = string;

/** The length of the end of each file: the footer's length, and 4 letters. */
export const TRAILER_BYTES = 8;

/** The length in bytes of a Parquet file's footer; `tail` holds the file's last 8 bytes or more. */
export function footerBytes(tail: Buffer): number {
  const magic = tail.toString("latin1", tail.length - 4);
  if (tail.length < TRAILER_BYTES || magic !== "PAR1") {
    throw new Error(`Parquet file: expected it to end in PAR1, got ${JSON.stringify(magic)}`);
  }
  return tail.readUInt32LE(tail.length - TRAILER_BYTES) + TRAILER_BYTES;
}

/** The number of rows in a footer; `tail` holds the file's last `footerBytes` bytes or more. */
export function readRowCount(tail: Buffer): number {
  const metadata = new thrift.FileMetaData();
  decodeThrift(metadata, tail, tail.length - footerBytes(tail));
  return metadata.num_rows.valueOf();
}

/** The columns of a file; `tail` holds the file's last `footerBytes` bytes or more. */
export function readFileColumns(tail: Buffer): StoredColumn[] {
  const metadata = new thrift.FileMetaData();
  decodeThrift(metadata, tail, tail.length - footerBytes(tail));
  return metadata.schema.slice(1).map((element) => ({ name: element.name, type: typeInFile(element) }));
}

function typeInFile({ type, converted_type: converted, precision, scale }: SchemaElement): StoredType {
  const { Type, ConvertedType } = thrift;
  if (converted === ConvertedType.DECIMAL) return `decimal(${precision}, ${scale ?? 0})`;
  if (converted === ConvertedType.DATE) return "date";
  if (converted === ConvertedType.TIMESTAMP_MILLIS) return "timestamp";
  const plain = {
    [Type.BOOLEAN]: "boolean",
    [Type.INT32]: "integer",
    [Type.INT64]: "bigint",
    [Type.DOUBLE]: "double",
    [Type.INT96]: "timestamp", // as Trino's Hive connector writes it
  };
  return plain[type] ?? (converted === ConvertedType.UTF8 ? "text" : "bytes");
}

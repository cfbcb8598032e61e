/**
 * A Parquet file's bytes → its rows, each value as the text that people see.
 *
 * hyparquet reads the file, and shares no code with its writer. It would turn a decimal into a
 * double and lose digits. So the footer's notes about decimals, dates and times are removed before
 * it reads, and this module applies them.
 */
import { type FileMetaData, parquetMetadata, parquetReadObjects } from "hyparquet";
import { dateText } from "../exact.ts";
import type { Value } from "../catalog.ts";
import { decimalOf } from "../parameters.ts";
import { footerBytes, readFileColumns, type StoredColumn, type StoredType } from "../parquet-footer.ts";

/** The columns that a rebuild or a removal needs of each row. */
export interface StoredRow {
  raw_event: string;
  timestamp: number; // milliseconds
  event_id: string | null; // null: the file has no such column
  partition: number;
  offset: number;
  text: (column: string) => string | null; // of any column; null: no value, or no such column
  value: (column: string) => Value; // as the writer of files takes it
}

const MAX_ROWS = 10_000; // decoded at once

/** Reads all rows, in the file's order. */
export async function* readStoredRows(bytes: Buffer, columns?: string[]): AsyncGenerator<StoredRow> {
  const types = new Map(fileColumnsOf(bytes).map(({ name, type }) => [name, type]));
  const copyOf = (from: number, to?: number) => new Uint8Array(bytes.subarray(from, to)).buffer;
  const metadata = withoutNotes(parquetMetadata(copyOf(bytes.length - footerBytes(bytes))));
  const all = Number(metadata.num_rows);
  const file = { byteLength: bytes.length, slice: copyOf };
  for (let rowStart = 0; rowStart < all; rowStart += MAX_ROWS) {
    const rowEnd = Math.min(all, rowStart + MAX_ROWS);
    const rows = await parquetReadObjects({ file, metadata, columns, rowStart, rowEnd });
    for (const row of rows) {
      yield {
        raw_event: row.raw_event as string,
        timestamp: Number(row.timestamp),
        event_id: (row.event_id ?? null) as string | null,
        partition: Number(row.kafka_partition),
        offset: Number(row.kafka_offset),
        text: (column) => textOf(types.get(column) ?? "text", (row[column] ?? null) as Value | Uint8Array),
        value: (column) => valueOf(types.get(column) ?? "text", (row[column] ?? null) as Value | Uint8Array),
      };
    }
  }
}

function fileColumnsOf(bytes: Buffer): StoredColumn[] {
  return readFileColumns(bytes.subarray(bytes.length - footerBytes(bytes)));
}

/** A stored value as text. Equal numbers have equal texts: 1.50 and 1.5, 5 and 5.0. */
export function textOf(type: StoredType, value: Value | Uint8Array): string | null {
  if (value === null) return null;
  if (type === "timestamp") return new Date(Number(value)).toISOString();
  if (type === "date") return dateText(Number(value));
  const decimal = decimalOf(type);
  return decimal ? decimalText(unscaled(value), decimal.scale) : String(value);
}

/** A stored value as the writer of files takes it. */
function valueOf(type: StoredType, value: Value | Uint8Array): Value {
  if (value === null) return null;
  if (type === "bigint" || decimalOf(type)) return unscaled(value);
  return type === "timestamp" ? Number(value) : (value as Value);
}

function decimalText(value: bigint, scale: number): string {
  const digits = String(value < 0n ? -value : value).padStart(scale + 1, "0");
  const fraction = digits.slice(digits.length - scale).replace(/0+$/, "");
  const whole = digits.slice(0, digits.length - scale);
  return `${value < 0n ? "-" : ""}${whole}${scale > 0 && fraction !== "" ? `.${fraction}` : ""}`;
}

/** A decimal's digits: an integer, or its bytes with the highest one first. */
function unscaled(value: Exclude<Value, null> | Uint8Array): bigint {
  if (!(value instanceof Uint8Array)) return BigInt(value);
  const digits = value.reduce((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  return BigInt.asIntN(8 * value.length, digits);
}

function withoutNotes(metadata: FileMetaData): FileMetaData {
  for (const element of metadata.schema) {
    if (!["DECIMAL", "DATE", "TIMESTAMP_MILLIS"].includes(element.converted_type ?? "")) continue;
    delete element.converted_type;
    delete element.logical_type;
  }
  return metadata;
}

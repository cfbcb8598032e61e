/**
 * Typed rows → the bytes of one Parquet file, in memory.
 *
 * Rows go straight into columns (columns.ts); parquetjs-lite frames them. Its envelope writer does
 * not know our dictionary pages and statistics. So this module corrects the metadata of a finished
 * row group before the footer is written. Equal rows give equal bytes.
 */
import type { Column, Value } from "../catalog.ts";
import { decimalOf } from "../parameters.ts";
import { TRAILER_BYTES } from "../parquet-footer.ts";
import { createColumn, describeMisfit, type Fits, fitsOf, type Form, formOf } from "./columns.ts";
import type { ColumnEncoder, EncodedColumn } from "./nullable-column.ts";
import { LONG_DECIMAL_BYTES } from "./number-columns.ts";
import {
  decodeThrift,
  type EnvelopeWriter,
  type FieldDefinition,
  ParquetEnvelopeWriter,
  ParquetSchema,
  type Schema,
  serializeThrift,
  thrift,
} from "../parquetjs.ts";

/** A row group ends after this many rows, or after `ROW_GROUP_CHARS` of text before. */
const ROW_GROUP_ROWS = 50_000;
const ROW_GROUP_CHARS = 32 << 20;

const PARQUET_TYPES: Record<Form, FieldDefinition["type"]> = {
  text: "UTF8",
  boolean: "BOOLEAN",
  double: "DOUBLE",
  int32: "INT32",
  int64: "INT64",
  number64: "INT64",
  bytes16: "FIXED_LEN_BYTE_ARRAY",
};

/** One Parquet file that takes rows until `finish`. */
export class ParquetFile {
  rows = 0;
  readonly #columns: readonly Column[];
  readonly #fits: readonly Fits[];
  readonly #rowGroupRows: number;
  readonly #schema: Schema;
  readonly #envelope: EnvelopeWriter;
  readonly #chunks: Buffer[] = [];
  #encoders: ColumnEncoder[] | null = null; // of the row group being filled
  #groupRows = 0;
  #groupChars = 0;
  #finished = false;

  constructor(columns: readonly Column[], { rowGroupRows = ROW_GROUP_ROWS } = {}) {
    this.#columns = columns;
    this.#fits = columns.map(fitsOf);
    this.#rowGroupRows = rowGroupRows;
    this.#schema = new ParquetSchema(
      Object.fromEntries(columns.map((column) => [column.name, field(column)])),
    );
    this.#envelope = new ParquetEnvelopeWriter(
      this.#schema,
      (bytes) => this.#chunks.push(bytes),
      () => {},
      0,
      { pageIndex: false, useDataPageV2: false },
    );
    this.#envelope.writeHeader();
  }

  /**
   * Appends one row, its values in the order of the columns.
   * @throws TypeError if a value does not have its column's type; the file is then unchanged
   */
  append(row: readonly Value[]): void {
    const columns = this.#columns;
    if (this.#finished) throw new Error("Parquet file: expected no row after finish(), got one");
    if (row.length !== columns.length) {
      throw new TypeError(`row: expected ${columns.length} values, got ${row.length}`);
    }
    for (let i = 0; i < columns.length; i++) {
      if (!this.#fits[i]!(row[i])) throw new TypeError(describeMisfit(columns[i]!, row[i]));
    }
    const encoders = (this.#encoders ??= columns.map(createColumn));
    for (let i = 0; i < columns.length; i++) {
      const value = row[i]!;
      encoders[i]!.push(value);
      if (typeof value === "string") this.#groupChars += value.length;
    }
    this.rows++;
    this.#groupRows++;
    if (this.#groupRows === this.#rowGroupRows || this.#groupChars >= ROW_GROUP_CHARS) this.#endRowGroup();
  }

  /** Ends the file and returns its bytes. A file without rows is valid too. */
  finish(): Buffer {
    if (!this.#finished) {
      this.#endRowGroup();
      const before = this.#chunks.length;
      this.#envelope.writeFooter({});
      const footer = Buffer.concat(this.#chunks.splice(before));
      this.#chunks.push(withDecimals(footer, this.#columns));
      this.#finished = true;
    }
    return Buffer.concat(this.#chunks);
  }

  #endRowGroup(): void {
    if (this.#encoders === null) return;
    const encoded = this.#encoders.map((encoder) => encoder.encode());
    const pages = Object.fromEntries(
      this.#schema.fieldList.map(({ path }, i) => [
        path.join(),
        [{ page: encoded[i]!.pages, num_values: this.#groupRows, first_row_index: 0 }],
      ]),
    );
    this.#envelope.writeRowGroup({ rowCount: this.#groupRows, pages });
    this.#correctMetadata(encoded);
    this.#encoders = null;
    this.#groupRows = 0;
    this.#groupChars = 0;
  }

  /** Adds sizes, statistics and dictionary pages to the last row group's metadata. */
  #correctMetadata(encoded: EncodedColumn[]): void {
    const group = this.#envelope.rowGroups.at(-1)!;
    group.total_byte_size = 0;
    encoded.forEach(({ dictionaryBytes, uncompressedBytes, statistics }, i) => {
      const metadata = group.columns[i]!.meta_data;
      group.total_byte_size += uncompressedBytes;
      metadata.total_uncompressed_size = uncompressedBytes;
      metadata.statistics = statistics && new thrift.Statistics(statistics);
      if (dictionaryBytes > 0) {
        metadata.dictionary_page_offset = metadata.data_page_offset;
        metadata.data_page_offset += dictionaryBytes;
        metadata.encodings = [thrift.Encoding.RLE, thrift.Encoding.PLAIN_DICTIONARY];
      }
    });
  }
}

function field({ type, required }: Column): FieldDefinition {
  const form = formOf(type);
  return {
    type: type === "timestamp" ? "TIMESTAMP_MILLIS" : type === "date" ? "DATE" : PARQUET_TYPES[form],
    ...(form === "bytes16" && { typeLength: LONG_DECIMAL_BYTES }),
    optional: !required,
    compression: "SNAPPY",
    statistics: false,
  };
}

/** Adds precision and scale of decimals to a footer; parquetjs-lite does not know them. */
function withDecimals(footer: Buffer, columns: readonly Column[]): Buffer {
  const decimals = columns.flatMap(({ name, type }) => {
    const decimal = decimalOf(type);
    return decimal ? [{ name, ...decimal }] : [];
  });
  if (decimals.length === 0) return footer;
  const metadata = new thrift.FileMetaData();
  decodeThrift(metadata, footer, 0);
  for (const { name, precision, scale } of decimals) {
    const element = metadata.schema.find((one) => one.name === name)!;
    Object.assign(element, { converted_type: thrift.ConvertedType.DECIMAL, precision, scale });
  }
  const encoded = serializeThrift(metadata);
  const trailer = Buffer.alloc(TRAILER_BYTES);
  trailer.writeUInt32LE(encoded.length, 0);
  trailer.write("PAR1", 4, "latin1");
  return Buffer.concat([encoded, trailer]);
}

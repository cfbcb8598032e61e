/**
 * One column's values → its Parquet pages: a dictionary page for repeated text, then one data
 * page V1.
 *
 * Text starts as a dictionary and falls back to plain bytes when it has too many different values.
 * Text has no minimum and maximum: JavaScript orders text by UTF-16 units, Parquet by bytes, so a
 * reader would skip rows wrongly.
 */
import { compressSync } from "snappy";
import type { Column, ColumnType, Value } from "../catalog.ts";
import { shortened } from "../untrusted.ts";
import { encodeLevels } from "./rle.ts";
import { type ColumnStatistics, serializeThrift, thrift } from "./parquetjs.ts";

/** A column of one row group, ready to be written. */
export interface EncodedColumn {
  pages: Buffer; // the dictionary page, if any, then the data page
  dictionaryBytes: number; // length of the dictionary page with its header; 0 without a dictionary
  uncompressedBytes: number; // of all pages with their headers
  statistics: ColumnStatistics | null;
}

/** Takes the values of one column in row order. Give it only values that `problemWith` accepts. */
export interface ColumnEncoder {
  push(value: Value): void;
  encode(): EncodedColumn;
}

export function createColumn(column: Column): ColumnEncoder {
  switch (column.type) {
    case "text":
      return new TextColumn(column.required);
    case "boolean":
      return new BooleanColumn(column.required);
    case "integer":
      return new NumberColumn(column.required, 4);
    case "bigint":
    case "timestamp":
      return new NumberColumn(column.required, 8);
  }
}

const EXPECTATIONS: Record<ColumnType, string> = {
  text: "a string",
  boolean: "true or false",
  integer: `an integer from ${-(2 ** 31)} to ${2 ** 31 - 1}`,
  bigint: "an integer within ±(2^53 - 1)",
  timestamp: "milliseconds since 1970, an integer within ±(2^53 - 1)",
};

/** Why `value` cannot go into `column`, or null if it can. Nothing is ever coerced. */
export function problemWith({ name, type, required }: Column, value: Value | undefined): string | null {
  const fits = value === null ? !required : value !== undefined && isOfType(type, value);
  if (fits) return null;
  const expected = EXPECTATIONS[type] + (required ? "" : " or null");
  const got = typeof value === "string" ? shortened(JSON.stringify(value)) : String(value);
  return `column ${name}: expected ${expected}, got ${got}`;
}

function isOfType(type: ColumnType, value: string | number | boolean): boolean {
  switch (type) {
    case "text":
      return typeof value === "string";
    case "boolean":
      return typeof value === "boolean";
    case "integer":
      return typeof value === "number" && (value | 0) === value;
    default:
      return Number.isSafeInteger(value);
  }
}

const INITIAL_ROWS = 64; // small: a batch may open many files at once
const INITIAL_BYTES = 512;
const MAX_DICTIONARY_VALUES = 4096;
const MAX_DICTIONARY_CHARS = 1 << 20;

/** Counts rows and nulls, keeps the definition levels, frames the pages. */
abstract class NullableColumn implements ColumnEncoder {
  readonly #required: boolean;
  #present = new Uint8Array(INITIAL_ROWS);
  #rows = 0;
  protected count = 0; // values that are not null

  constructor(required: boolean) {
    this.#required = required;
  }

  push(value: Value): void {
    if (!this.#required) {
      if (this.#rows === this.#present.length) this.#present = doubled(this.#present);
      this.#present[this.#rows] = value === null ? 0 : 1;
    }
    this.#rows++;
    if (value === null) return;
    this.add(value);
    this.count++;
  }

  abstract encode(): EncodedColumn;
  protected abstract add(value: Exclude<Value, null>): void;

  protected get nulls(): number {
    return this.#rows - this.count;
  }

  protected pages(
    values: Buffer[],
    statistics: ColumnStatistics | null,
    dictionary?: { bytes: Buffer; size: number },
  ): EncodedColumn {
    const body = Buffer.concat([...this.#definitionLevels(), ...values]);
    const encoding = dictionary ? thrift.Encoding.PLAIN_DICTIONARY : thrift.Encoding.PLAIN;
    const data = page(body, {
      type: thrift.PageType.DATA_PAGE,
      data_page_header: new thrift.DataPageHeader({
        num_values: this.#rows,
        encoding,
        definition_level_encoding: thrift.Encoding.RLE,
        repetition_level_encoding: thrift.Encoding.RLE,
      }),
    });
    const first = dictionary && dictionaryPage(dictionary);
    const all = first ? [first, data] : [data];
    return {
      pages: Buffer.concat(all.flatMap(({ header, compressed }) => [header, compressed])),
      dictionaryBytes: first ? first.header.length + first.compressed.length : 0,
      uncompressedBytes: all.reduce((sum, { header, bytes }) => sum + header.length + bytes, 0),
      statistics,
    };
  }

  #definitionLevels(): Buffer[] {
    if (this.#required) return [];
    const levels = encodeLevels(this.#present, this.#rows, 1);
    const length = Buffer.alloc(4);
    length.writeUInt32LE(levels.length);
    return [length, levels];
  }
}

class TextColumn extends NullableColumn {
  #dictionary: Map<string, number> | null = new Map<string, number>(); // null: plain bytes
  #dictionaryChars = 0;
  #indices = new Uint16Array(INITIAL_ROWS);
  #plain = Buffer.allocUnsafe(INITIAL_BYTES);
  #position = 0;

  protected override add(value: string): void {
    if (this.#dictionary === null) return this.#write(value);
    let index = this.#dictionary.get(value);
    if (index === undefined) {
      index = this.#dictionary.size;
      this.#dictionaryChars += value.length;
      if (index === MAX_DICTIONARY_VALUES || this.#dictionaryChars > MAX_DICTIONARY_CHARS) {
        this.#fallBack(this.#dictionary);
        return this.#write(value);
      }
      this.#dictionary.set(value, index);
    }
    if (this.count === this.#indices.length) this.#indices = doubled(this.#indices);
    this.#indices[this.count] = index;
  }

  override encode(): EncodedColumn {
    if (this.#dictionary === null || this.#dictionary.size === 0) {
      return this.pages([this.#plain.subarray(0, this.#position)], null);
    }
    for (const text of this.#dictionary.keys()) this.#write(text);
    const width = Math.max(1, 32 - Math.clz32(this.#dictionary.size - 1));
    const indices = [Buffer.of(width), encodeLevels(this.#indices, this.count, width)];
    const bytes = this.#plain.subarray(0, this.#position);
    return this.pages(indices, null, { bytes, size: this.#dictionary.size });
  }

  #fallBack(dictionary: Map<string, number>): void {
    const texts = [...dictionary.keys()];
    for (let i = 0; i < this.count; i++) this.#write(texts[this.#indices[i]!]!);
    this.#dictionary = null;
    this.#indices = new Uint16Array(0);
  }

  /** Length, then UTF-8. A lone surrogate, which UTF-8 cannot hold, becomes U+FFFD. */
  #write(text: string): void {
    const needed = this.#position + 4 + text.length * 3;
    if (needed > this.#plain.length) {
      const larger = Buffer.allocUnsafe(Math.max(needed, this.#plain.length * 2));
      this.#plain.copy(larger, 0, 0, this.#position);
      this.#plain = larger;
    }
    const bytes = this.#plain.write(text, this.#position + 4, "utf8");
    this.#plain.writeUInt32LE(bytes, this.#position);
    this.#position += 4 + bytes;
  }
}

class NumberColumn extends NullableColumn {
  readonly #width: 4 | 8; // bytes
  #values = new Float64Array(INITIAL_ROWS);
  #min = Infinity;
  #max = -Infinity;

  constructor(required: boolean, width: 4 | 8) {
    super(required);
    this.#width = width;
  }

  protected override add(value: number): void {
    if (this.count === this.#values.length) this.#values = doubled(this.#values);
    this.#values[this.count] = value;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  override encode(): EncodedColumn {
    return this.pages([this.#bytes(this.#values.subarray(0, this.count))], this.#statistics());
  }

  #statistics(): ColumnStatistics {
    if (this.count === 0) return { null_count: this.nulls };
    const [min, max] = [this.#bytes([this.#min]), this.#bytes([this.#max])];
    return { null_count: this.nulls, min_value: min, max_value: max, min, max };
  }

  #bytes(values: ArrayLike<number>): Buffer {
    const bytes = Buffer.allocUnsafe(values.length * this.#width);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      if (this.#width === 4) {
        view.setInt32(i * 4, value, true);
      } else {
        const high = Math.floor(value / 2 ** 32);
        view.setUint32(i * 8, value - high * 2 ** 32, true);
        view.setInt32(i * 8 + 4, high, true);
      }
    }
    return bytes;
  }
}

class BooleanColumn extends NullableColumn {
  #bits = new Uint8Array(INITIAL_ROWS >> 3);

  protected override add(value: boolean): void {
    const at = this.count >> 3;
    if (at === this.#bits.length) this.#bits = doubled(this.#bits);
    if (value) this.#bits[at]! |= 1 << (this.count & 7);
  }

  override encode(): EncodedColumn {
    return this.pages([Buffer.from(this.#bits.subarray(0, (this.count + 7) >> 3))], null);
  }
}

interface Page {
  header: Buffer;
  compressed: Buffer;
  bytes: number; // of the body before compression
}

function dictionaryPage({ bytes, size }: { bytes: Buffer; size: number }): Page {
  return page(bytes, {
    type: thrift.PageType.DICTIONARY_PAGE,
    dictionary_page_header: new thrift.DictionaryPageHeader({
      num_values: size,
      encoding: thrift.Encoding.PLAIN_DICTIONARY,
    }),
  });
}

function page(body: Buffer, fields: object): Page {
  const compressed = compressSync(body);
  const sizes = { uncompressed_page_size: body.length, compressed_page_size: compressed.length };
  const header = serializeThrift(new thrift.PageHeader({ ...fields, ...sizes }));
  return { header, compressed, bytes: body.length };
}

function doubled<T extends Uint8Array | Uint16Array | Float64Array>(array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(array.length * 2);
  larger.set(array);
  return larger;
}

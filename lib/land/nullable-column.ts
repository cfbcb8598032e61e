/**
 * The nulls of one column, and its pages: the common part of the columns of all types.
 *
 * A Parquet page has a level for each row, 0 for null, and then only the values that are not null.
 */
import { compressSync } from "snappy";
import type { Value } from "../catalog.ts";
import { type ColumnStatistics, serializeThrift, thrift } from "../parquetjs.ts";
import { encodeLevels } from "./rle.ts";

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

export const INITIAL_ROWS = 64; // small: a batch may open many files at once

/** Counts rows and nulls, keeps the definition levels, frames the pages. */
export abstract class NullableColumn implements ColumnEncoder {
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

export function doubled<T extends Uint8Array | Uint16Array | Float64Array | BigInt64Array>(array: T): T {
  const larger = new (array.constructor as new (length: number) => T)(array.length * 2);
  (larger as { set(from: ArrayLike<unknown>): void }).set(array);
  return larger;
}

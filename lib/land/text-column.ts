/**
 * Text → pages: a dictionary page for repeated text, then one data page.
 *
 * Text starts as a dictionary and falls back to plain bytes when it has too many different values.
 * Text has no minimum and maximum: JavaScript orders text by UTF-16 units, Parquet by bytes, so a
 * reader would skip rows wrongly. In printable ASCII both orders are the same, so ids of events
 * have them. Most ids begin with their time, so readers that look for an id skip old files.
 */
import type { ColumnStatistics } from "../parquetjs.ts";
import { doubled, type EncodedColumn, INITIAL_ROWS, NullableColumn } from "./nullable-column.ts";
import { encodeLevels } from "./rle.ts";

const INITIAL_BYTES = 512;
const MAX_DICTIONARY_VALUES = 4096;
const MAX_DICTIONARY_CHARS = 1 << 20;

const ASCII = /^[ -~]*$/;

export class TextColumn extends NullableColumn {
  #dictionary: Map<string, number> | null = new Map<string, number>(); // null: plain bytes
  #dictionaryChars = 0;
  #indices = new Uint16Array(INITIAL_ROWS);
  #plain = Buffer.allocUnsafe(INITIAL_BYTES);
  #position = 0;
  #isOrdered: boolean; // all values are ASCII, and minimum and maximum are wanted
  #min: string | null = null;
  #max: string | null = null;

  constructor(required: boolean, { isId }: { isId: boolean }) {
    super(required);
    this.#isOrdered = isId;
  }

  protected override add(value: string): void {
    if (this.#isOrdered) this.#compare(value);
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
      return this.pages([this.#plain.subarray(0, this.#position)], this.#statistics());
    }
    for (const text of this.#dictionary.keys()) this.#write(text);
    const width = Math.max(1, 32 - Math.clz32(this.#dictionary.size - 1));
    const indices = [Buffer.of(width), encodeLevels(this.#indices, this.count, width)];
    const bytes = this.#plain.subarray(0, this.#position);
    return this.pages(indices, this.#statistics(), { bytes, size: this.#dictionary.size });
  }

  #compare(value: string): void {
    this.#isOrdered = ASCII.test(value);
    if (this.#min === null || value < this.#min) this.#min = value;
    if (this.#max === null || value > this.#max) this.#max = value;
  }

  #statistics(): ColumnStatistics | null {
    if (!this.#isOrdered || this.#min === null || this.#max === null) return null;
    const [min_value, max_value] = [Buffer.from(this.#min), Buffer.from(this.#max)];
    return { null_count: this.nulls, min_value, max_value };
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

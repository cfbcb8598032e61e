/**
 * Numbers and booleans → pages of plain bytes, in little-endian order as all platforms have it.
 *
 * Minimum and maximum let a reader skip row groups. A decimal of more than 18 digits has none:
 * readers disagree on the order of its bytes.
 */
import { doubled, type EncodedColumn, INITIAL_ROWS, NullableColumn } from "./nullable-column.ts";
import type { ColumnStatistics } from "../parquetjs.ts";

/** The form of a number in a page; `number64` is an int64 whose values are JavaScript numbers. */
export type NumberForm = "int32" | "number64" | "double";

/** Values that a JavaScript number holds exactly. */
export class NumberColumn extends NullableColumn {
  readonly #form: NumberForm;
  #values = new Float64Array(INITIAL_ROWS);
  #min = Infinity;
  #max = -Infinity;

  constructor(required: boolean, form: NumberForm) {
    super(required);
    this.#form = form;
  }

  protected override add(given: number | bigint): void {
    const value = Number(given); // a decimal of up to 9 digits comes as a bigint
    if (this.count === this.#values.length) this.#values = doubled(this.#values);
    this.#values[this.count] = value;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  override encode(): EncodedColumn {
    const bytes = bytesOf[this.#form](this.#values.subarray(0, this.count));
    return this.pages([bytes], this.#statistics());
  }

  #statistics(): ColumnStatistics {
    if (this.count === 0) return { null_count: this.nulls };
    const isDouble = this.#form === "double";
    // Parquet's rule for doubles: a minimum of 0 is written as -0, a maximum of -0 as 0.
    const low = isDouble && this.#min === 0 ? -0 : this.#min;
    const high = isDouble && this.#max === 0 ? 0 : this.#max;
    const [min, max] = [low, high].map((value) => bytesOf[this.#form](Float64Array.of(value))) as [
      Buffer,
      Buffer,
    ];
    return { null_count: this.nulls, min_value: min, max_value: max, min, max };
  }
}

/** Integers of 64 bits that a JavaScript number may not hold. */
export class BigintColumn extends NullableColumn {
  #values = new BigInt64Array(INITIAL_ROWS);
  #min = 2n ** 63n;
  #max = -(2n ** 63n) - 1n;

  protected override add(value: bigint): void {
    if (this.count === this.#values.length) this.#values = doubled(this.#values);
    this.#values[this.count] = value;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
  }

  override encode(): EncodedColumn {
    return this.pages([bytesOfArray(this.#values.subarray(0, this.count))], this.#statistics());
  }

  #statistics(): ColumnStatistics {
    if (this.count === 0) return { null_count: this.nulls };
    const [min, max] = [this.#min, this.#max].map((value) => bytesOfArray(BigInt64Array.of(value))) as [
      Buffer,
      Buffer,
    ];
    return { null_count: this.nulls, min_value: min, max_value: max, min, max };
  }
}

/** The bytes of a decimal of more than 18 digits. */
export const LONG_DECIMAL_BYTES = 16;

/** Decimals of 19 to 38 digits: 16 bytes each, the highest byte first, in two's complement. */
export class LongDecimalColumn extends NullableColumn {
  readonly #values: Buffer[] = [];

  protected override add(value: bigint): void {
    const bytes = Buffer.alloc(LONG_DECIMAL_BYTES);
    bytes.writeBigInt64BE(value >> 64n, 0);
    bytes.writeBigUInt64BE(BigInt.asUintN(64, value), 8);
    this.#values.push(bytes);
  }

  override encode(): EncodedColumn {
    return this.pages(this.#values, { null_count: this.nulls });
  }
}

export class BooleanColumn extends NullableColumn {
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

const bytesOf: Record<NumberForm, (values: Float64Array) => Buffer> = {
  int32: (values) => bytesOfArray(new Int32Array(values)),
  double: (values) => bytesOfArray(values),
  number64: (values) => {
    const bytes = Buffer.allocUnsafe(values.length * 8);
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    for (let i = 0; i < values.length; i++) {
      const value = values[i]!;
      const high = Math.floor(value / 2 ** 32);
      view.setUint32(i * 8, value - high * 2 ** 32, true);
      view.setInt32(i * 8 + 4, high, true);
    }
    return bytes;
  },
};

function bytesOfArray({ buffer, byteOffset, byteLength }: ArrayBufferView): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}

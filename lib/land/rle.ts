/**
 * Small integers (definition levels, dictionary indices) → one run of Parquet's RLE / bit-packed
 * hybrid.
 *
 * Equal values become a repeated run: a few bytes for a whole column without nulls. Other values
 * become one bit-packed run, padded with zeros to a multiple of eight values.
 */

/**
 * Encodes the first `count` of `values`, each of `width` bits (0 to 24).
 * @param values integers from 0 to 2^width - 1
 */
export function encodeLevels(values: Uint8Array | Uint16Array, count: number, width: number): Buffer {
  if (width === 0) return varint(count << 1);
  const first = values[0] ?? 0;
  for (let i = 1; i < count; i++) {
    if (values[i] !== first) return bitPacked(values, count, width);
  }
  const value = Buffer.alloc((width + 7) >> 3);
  value.writeUIntLE(first, 0, value.length);
  return Buffer.concat([varint(count << 1), value]);
}

function bitPacked(values: Uint8Array | Uint16Array, count: number, width: number): Buffer {
  const groups = (count + 7) >> 3; // of eight values each
  const header = varint((groups << 1) | 1);
  const bytes = Buffer.alloc(header.length + groups * width);
  let position = header.copy(bytes);
  let pending = 0;
  let bits = 0;
  for (let i = 0; i < count; i++) {
    pending |= values[i]! << bits;
    bits += width;
    for (; bits >= 8; bits -= 8) {
      bytes[position++] = pending & 255;
      pending >>>= 8;
    }
  }
  if (bits > 0) bytes[position] = pending & 255;
  return bytes;
}

function varint(value: number): Buffer {
  const bytes: number[] = [];
  let rest = value;
  for (; rest > 127; rest >>>= 7) bytes.push((rest & 127) | 128);
  bytes.push(rest);
  return Buffer.from(bytes);
}

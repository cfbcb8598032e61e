/**
 * Values that a cell shows → a record in the cell's output, which becomes part of `results.json`.
 *
 * A sentence's values have no names of their own. The record keeps the sentence's template, and the
 * runner finds the names in the source of the cell: `${lost}` is the result "lost".
 */
import type { Count } from "./counted.ts";

/** The MIME type of the record in a cell's output; no renderer draws this type. */
export const RESULT_MIME = "application/vnd.questlog.results+json";

export type ResultValue = string | number | boolean | null | Record<string, number>;

/** One value that an output shows. */
export interface ShownValue {
  name?: string; // without it: the expression in the sentence's template
  kind: "number" | "text" | "time" | "boolean" | "count" | "tile";
  value: ResultValue;
}

export interface ShownValues {
  template?: readonly string[]; // the fixed parts of a sentence
  values: ShownValue[];
}

/** A value of a sentence. */
type Said = string | number | bigint | boolean | Date | Count;

/** The record of a sentence's values. */
export function saidValues(template: readonly string[], values: readonly Said[]): ShownValues {
  return { template: [...template], values: values.map(saidValue) };
}

/** The record of one value. */
export function saidValue(value: Said): ShownValue {
  if (value instanceof Date) return { kind: "time", value: value.toISOString() };
  if (typeof value === "bigint") {
    const isExact = BigInt(Number(value)) === value && Number.isSafeInteger(Number(value));
    return { kind: "number", value: isExact ? Number(value) : String(value) };
  }
  if (typeof value === "number") return { kind: "number", value };
  if (typeof value === "boolean") return { kind: "boolean", value };
  if (typeof value === "string") return { kind: isDecimal(value) ? "number" : "text", value };
  const [first, ...others] = value.values;
  if (value.by === null && first && others.length === 0) return { kind: "number", value: first.number };
  return {
    kind: "count",
    value: Object.fromEntries(value.values.map((one) => [String(one.value), one.number])),
  };
}

/** Whether a text is a decimal of Trino, such as "12.50". */
function isDecimal(text: string): boolean {
  return /^-?\d+(\.\d+)?$/.test(text);
}

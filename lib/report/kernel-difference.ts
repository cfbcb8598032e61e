/**
 * In the kernel: two values → the lines by which they differ, as Node's strict deepEqual has them.
 */
import { AssertionError } from "node:assert";
import { stripVTControlCharacters } from "node:util";

const HEAD = "+ actual - expected"; // Node's line above the difference
const MIN_LINES = 5; // shorter values are clear in one line
const MAX_CHARS = 2_000;

/** The difference; undefined for small values, and if the code of a value's class throws. */
export function differenceOf(actual: unknown, expected: unknown): string | undefined {
  let message: string;
  try {
    ({ message } = new AssertionError({ actual, expected, operator: "deepStrictEqual" }));
  } catch {
    return undefined;
  }
  const text = stripVTControlCharacters(message).split(HEAD)[1]?.replace(/^\n+/, "").trimEnd() ?? "";
  if (text.split("\n").length < MIN_LINES) return undefined;
  return text.length <= MAX_CHARS ? text : `${text.slice(0, MAX_CHARS)}…`;
}

/** A message of assert without the difference that Node adds, and without colours. */
export function withoutDifference(message: string): string {
  return stripVTControlCharacters(message).split(HEAD)[0]!.trimEnd();
}

/**
 * Values and names → SQL text that Trino reads as exactly the same values and names.
 *
 * Between quotes Trino takes every character as it is, also NUL, newline and backslash. Only the
 * quote itself is doubled.
 */

/** A value for a `?` of a statement. */
export type Parameter = string | number | bigint | boolean | Date | null;

const BIGINT_MIN = -(2n ** 63n);
const BIGINT_MAX = 2n ** 63n - 1n;
const DECIMAL_LIMIT = 10n ** 38n; // Trino's decimals have at most 38 digits

/**
 * Writes `value` as a literal: text as varchar, integers as integer or bigint, larger integers as
 * decimal, other numbers as double, a Date as timestamp(3) in UTC.
 * @throws Error for an invalid Date, half a surrogate pair, or 39 digits: no literal can hold them
 */
export function literal(value: Parameter): string {
  if (value === null) return "NULL";
  switch (typeof value) {
    case "string":
      return textLiteral(value);
    case "boolean":
      return String(value);
    case "number":
      return numberLiteral(value);
    case "bigint":
      if (value >= BIGINT_MIN && value <= BIGINT_MAX) return `BIGINT '${value}'`;
      if (value > -DECIMAL_LIMIT && value < DECIMAL_LIMIT) return `DECIMAL '${value}'`;
      throw new Error(`expected an integer of at most 38 digits, got ${value}`);
    default:
      return dateLiteral(value);
  }
}

/** Writes the name of a table, schema or column as an identifier. Any name is allowed. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function textLiteral(text: string): string {
  const half = /\p{Surrogate}/u.exec(text);
  if (half) {
    throw new Error(
      `expected text that UTF-8 can hold, got half a surrogate pair (\\u${half[0].charCodeAt(0).toString(16)}) ` +
        `at position ${half.index}`,
    );
  }
  return `'${text.replaceAll("'", "''")}'`;
}

function numberLiteral(value: number): string {
  if (Number.isNaN(value)) return "nan()";
  if (!Number.isFinite(value)) return value > 0 ? "infinity()" : "-infinity()";
  if (Number.isSafeInteger(value) && !Object.is(value, -0)) return String(value);
  return `DOUBLE '${Object.is(value, -0) ? "-0" : value}'`;
}

function dateLiteral(value: Date): string {
  if (Number.isNaN(value.getTime())) throw new Error("expected a valid Date, got Invalid Date");
  return `TIMESTAMP '${value.toISOString().replace("T", " ").replace("Z", "")}'`;
}

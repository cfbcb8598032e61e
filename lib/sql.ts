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

/**
 * Writes a statement whose values are literals: sql`SELECT … WHERE player = ${player}`.
 *
 * A list is written with commas, for `IN (${regions})`. A value is never read as SQL, so it can
 * come from a parameter or from a player.
 * @throws Error for an empty list, for a value between quotes, and for values that `literal`
 * refuses
 */
export function sql(parts: TemplateStringsArray, ...values: (Parameter | readonly Parameter[])[]): string {
  if (!Array.isArray(parts?.raw)) throw new Error("sql: expected a template: write sql`…`, not sql(…)");
  const texts = values.map((value) => {
    if (!isList(value)) return literal(value);
    if (value.length === 0) throw new Error("sql: expected a list with values, got an empty one");
    return value.map(literal).join(", ");
  });
  for (const i of values.keys())
    if (parts[i]!.endsWith("'") && parts[i + 1]!.startsWith("'"))
      throw new Error(`sql: expected no quotes around a value, got ${parts[i]!.trimStart()}…`);
  return parts.map((part, i) => part + (texts[i] ?? "")).join("");
}

/** Writes the name of a table, schema or column as an identifier. Any name is allowed. */
export function identifier(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

function isList(value: Parameter | readonly Parameter[]): value is readonly Parameter[] {
  return Array.isArray(value);
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

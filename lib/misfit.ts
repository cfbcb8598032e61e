/**
 * Untrusted text → JSON fields of the expected types, or a Misfit with the reason.
 *
 * Only an object's own fields count: "__proto__" is a name like any other name.
 */
import { isReadableJson, JSON_LIMITS } from "./json-limits.ts";
import { shortened } from "./untrusted.ts";

/** Thrown by the API and by the stream when a value is not as expected. */
export class Misfit extends Error {
  override name = "Misfit";
  field: string;
  expected: string;
  got: unknown; // a long text is shortened
  others: readonly Misfit[] = []; // of the same event; `message` names them too

  constructor(field: string, expected: string, got: unknown) {
    const name = shortened(field);
    const value = typeof got === "string" ? shortened(got) : got;
    super(`${name}: expected ${expected}, got ${inJson(value)}`);
    this.field = name;
    this.expected = expected;
    this.got = value;
  }
}

export type JsonObject = Record<string, unknown>;

/** @throws Misfit if `text` is not JSON, or if Trino's JSON functions cannot read it. */
export function parseJson(text: string): unknown {
  const value = jsonOf(text);
  if (value === undefined) throw new Misfit("the message", "JSON", text);
  if (!isReadableJson(text)) throw new Misfit("the message", `JSON (${JSON_LIMITS})`, text);
  return value;
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** @throws Misfit if `value` is not a JSON object. */
export function objectOf(field: string, value: unknown): JsonObject {
  if (isObject(value)) return value;
  throw new Misfit(field, "a JSON object", value);
}

/** The object's own field, or undefined. */
export function own(object: JsonObject, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined;
}

/** The object's own text. @throws Misfit if the object has no text of that name. */
export function textOf(object: JsonObject, name: string): string {
  return checkedText(name, own(object, name));
}

/** The object's own text, or null without one. @throws Misfit if the value has another type. */
export function textOrNull(object: JsonObject, name: string): string | null {
  const value = own(object, name) ?? null;
  return value === null ? null : checkedText(name, value);
}

/**
 * JSON can hold half a character: one unit of a surrogate pair, as from a text that was cut. UTF-8
 * cannot, so such a text would change on its way into a file.
 */
export const WHOLE_TEXT = "text of whole characters, without half a surrogate pair";

/** @throws Misfit if the value is no text, or has half a character */
export function checkedText(field: string, value: unknown): string {
  if (typeof value !== "string") throw new Misfit(field, "text", value);
  if (!value.isWellFormed()) throw new Misfit(field, WHOLE_TEXT, value);
  return value;
}

/** Throws one Misfit that names all the given ones, changed by `as`; does nothing without any. */
export function refuseMisfits(misfits: readonly Misfit[], as = (misfit: Misfit) => misfit): void {
  const [first, ...others] = misfits;
  if (first === undefined) return;
  first.message = misfits.map(({ message }) => message).join("; ");
  first.others = others;
  throw as(first);
}

function inJson(value: unknown): string {
  if (value === undefined) return "nothing";
  const json = JSON.stringify(value);
  return typeof value === "string" ? json : shortened(json);
}

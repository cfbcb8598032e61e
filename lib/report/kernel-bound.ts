/**
 * In the kernel: expressions of a notebook's text → their values, until the runner takes them.
 */
import { inspect, types } from "node:util";
import type { BoundValue } from "./bindings.ts";

const MAX_CHARS = 200; // of a value that cannot stand in a text

let bound: BoundValue[] = [];

/** Lets the runner's code (bindings.ts) hand its expressions to this module. */
export function watchBindings(): void {
  const bind = (expressions: (() => unknown)[]): void => {
    bound = expressions.map(valueOf);
  };
  Object.defineProperty(globalThis, Symbol.for("questlog.bind"), { value: bind });
}

/** The values since the last time. */
export function takeBound(): BoundValue[] {
  const taken = bound;
  bound = [];
  return taken;
}

function valueOf(read: () => unknown): BoundValue {
  try {
    const value = read();
    if (typeof value === "number" || typeof value === "bigint" || typeof value === "boolean")
      return { kind: typeof value as "number", text: String(value) };
    if (typeof value === "string") return { kind: "string", text: value };
    if (types.isDate(value) && !Number.isNaN(value.getTime()))
      return { kind: "date", text: value.toISOString() };
    if (typeof value === "object" && value !== null && "statement" in value && "values" in value)
      return { kind: "count", text: JSON.stringify(value) };
    return { kind: "error", text: inspect(value, { depth: 0 }).slice(0, MAX_CHARS) };
  } catch (error) {
    return { kind: "error", text: String(error).slice(0, MAX_CHARS) };
  }
}

/**
 * The error of a failed cell → the same error, with the given parameters that the cell uses.
 *
 * `new Date(day)` throws "Invalid time value" for a day that `--set` gives, and names no parameter.
 */
import ts from "typescript";
import { isError } from "./kept-outputs.ts";
import type { CodeCell, Notebook } from "./notebook.ts";
import { shortCode } from "./parameter-changes.ts";

/** Adds `(parameter day = "2026-13-01")` to the first line of the cell's error. */
export function nameParameters({ source, outputs }: CodeCell, { parameters = [] }: Notebook): void {
  const names = namesIn(source);
  const used = parameters.filter(({ name, isDefault }) => !isDefault && names.has(name));
  const error = outputs.findLast(isError);
  if (used.length === 0 || error === undefined) return;
  const list = used.map(({ name, code }) => `${name} = ${shortCode(code)}`);
  const noun = used.length === 1 ? "parameter" : "parameters";
  error.evalue = error.evalue.replace(/$/m, () => ` (${noun} ${list.join(", ")})`);
}

function namesIn(source: string): Set<string> {
  const names = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node)) names.add(node.text);
    ts.forEachChild(node, visit);
  };
  visit(ts.createSourceFile("cell.ts", source, ts.ScriptTarget.Latest));
  return names;
}

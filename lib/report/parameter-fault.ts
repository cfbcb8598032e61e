/**
 * The error of a failed cell → the same error, with the given parameters on which the cell depends.
 *
 * `new Date(day)` throws "Invalid time value" for a day that `--set` gives, and names no parameter.
 * A cell depends on a parameter also through names of other cells: `const from = new Date(day)`.
 */
import ts from "typescript";
import { isOnlyName, parseCode } from "./cell-syntax.ts";
import { definitionsIn, visit } from "./definitions.ts";
import { isError } from "./kept-outputs.ts";
import { type CodeCell, isCode, type Notebook } from "./notebook.ts";
import { shortCode } from "./parameter-changes.ts";

/** Adds `(parameter day = "2026-13-01")` to the first line of the cell's error. */
export function nameParameters({ source, outputs }: CodeCell, { cells, parameters = [] }: Notebook): void {
  const given = parameters.filter(({ isDefault }) => !isDefault);
  const error = outputs.findLast(isError);
  if (given.length === 0 || error === undefined) return;
  const code = cells.filter(isCode).map((cell) => cell.source);
  const names = namesBehind(source, code.join("\n"));
  const list = given
    .filter(({ name }) => names.has(name))
    .map(({ name, code: value }) => `${name} = ${shortCode(value)}`);
  if (list.length === 0) return;
  const noun = list.length === 1 ? "parameter" : "parameters";
  error.evalue = error.evalue.replace(/$/m, () => ` (${noun} ${list.join(", ")})`);
}

/** The names of a cell, and the names in their definitions, in those of these names, and so on. */
function namesBehind(source: string, code: string): Set<string> {
  const definitions = definitionsIn(parseCode(code));
  const names = new Set<string>();
  const follow = (node: ts.Node): void =>
    visit(node, (inner) => {
      if (!ts.isIdentifier(inner) || isOnlyName(inner) || names.has(inner.text)) return;
      names.add(inner.text);
      for (const definition of definitions.get(inner.text) ?? []) follow(definition);
    });
  follow(parseCode(source));
  return names;
}

/**
 * `{{ expression }}` in a notebook's text → the expression's value, as `say` writes values.
 *
 * An expression may use the names that the notebook's cells declare. It gets its value at its own
 * place, after the cell above; if a later cell declares one of its names, after the last cell.
 * Code, formulas and `\{{` stay as they are. A text value is escaped: it may come from players.
 */
import ts from "typescript";
import { parseCode } from "./cell-syntax.ts";
import { type ResultValue, saidValue, type ShownValue } from "../ask/result.ts";
import { type Said, saidText } from "../ask/show.ts";
import { nearest } from "../nearest.ts";
import { isCode, isMarkdown, type MarkdownCell, type Notebook, NotebookError } from "./notebook.ts";

export interface Binding {
  expression: string;
  from: number; // in the text
  to: number;
}

/** One binding of a notebook, and the number of the code cell after which it gets its value. */
export interface PlannedBinding {
  cell: MarkdownCell;
  place: string; // e.g. "text above cell 3"
  binding: Binding;
  after: number;
}

/** A value as the kernel sends it; `text` is its JSON-safe form. */
export interface BoundValue {
  kind: "number" | "bigint" | "boolean" | "date" | "string" | "count" | "error";
  text: string;
}

/** A binding with its value. An interface would not count as JSON. */
export type Bound = {
  expression: string;
  text: string; // of the value, in Markdown
  from: number; // the binding's place in the source
  cell: number; // number of the code cell after which the value was read
  kind: ShownValue["kind"];
  value: ResultValue;
};

/** A text cell's `metadata.questlog` after the run. */
export type BoundMetadata = {
  source: string; // the text before its bindings were filled in
  bound: Bound[]; // in the order of the text
};

/** Parts of Markdown in which `{{` stays: blocks of code, code, formulas, and `\{{`. */
const LITERAL = [
  "^ {0,3}(?<fence>`{3,}|~{3,})[^\\n]*\\n[\\s\\S]*?(?:^ {0,3}\\k<fence>[`~]*[ \\t]*$|$(?![\\s\\S]))",
  "(?<!`)(?<ticks>`+)(?!`)[\\s\\S]*?(?<!`)\\k<ticks>(?!`)",
  "\\$\\$[\\s\\S]*?\\$\\$",
  "\\$(?=\\S)(?:\\\\.|[^$\\n\\\\])*?(?<=\\S)\\$(?!\\d)",
  "\\\\\\{\\{",
].join("|");
const BINDING = new RegExp(`${LITERAL}|\\{\\{(?<expression>[\\s\\S]*?)\\}\\}(?!\\})`, "gm");

/** The bindings of a text, in their order. */
export function bindingsOf(source: string): Binding[] {
  return [...source.matchAll(BINDING)].flatMap(({ 0: whole, index, groups }) =>
    groups?.expression === undefined
      ? []
      : [{ expression: groups.expression.trim(), from: index, to: index + whole.length }],
  );
}

/** The text with `write(binding, i)` at the place of each binding. */
export function replaceBindings(source: string, write: (binding: Binding, i: number) => string): string {
  let text = "";
  let at = 0;
  for (const [i, binding] of bindingsOf(source).entries()) {
    text += source.slice(at, binding.from) + write(binding, i);
    at = binding.to;
  }
  return text + source.slice(at);
}

/**
 * The notebook's bindings, in their order.
 * @throws NotebookError for an expression that is no expression, or has a name of no cell.
 */
export function planBindings(notebook: Notebook): PlannedBinding[] {
  const declared = declaredNames(notebook);
  const codes = notebook.cells.filter(isCode).length;
  let above = 0; // number of the code cell above
  return notebook.cells.flatMap((cell) => {
    if (isCode(cell)) above++;
    if (!isMarkdown(cell)) return [];
    const place = textPlace(above, codes);
    return bindingsOf(cell.source).map((binding) => {
      const names = namesOf(binding.expression);
      if (typeof names === "string") throw wrong(notebook, place, binding, names);
      const unknown = names.find((name) => !declared.has(name) && !(name in globalThis));
      if (unknown !== undefined) {
        const [similar] = nearest(unknown, [...declared.keys()]);
        const hint = similar === undefined ? "" : `; the nearest name is ${similar}`;
        throw wrong(notebook, place, binding, `expected names that cells declare, got ${unknown}${hint}`);
      }
      const last = Math.max(0, ...names.map((name) => declared.get(name) ?? 0));
      return { cell, place, binding, after: above === 0 || last > above ? codes : above };
    });
  });
}

/** "text above cell 3", "text after the last cell" */
export function textPlace(codeCellsAbove: number, codeCells: number): string {
  return codeCellsAbove < codeCells ? `text above cell ${codeCellsAbove + 1}` : "text after the last cell";
}

/** Code for the kernel that hands the values of `expressions` to kernel-bound.ts. */
export function codeOfBindings(expressions: readonly string[]): string {
  const values = expressions.map((expression) => `  () => (${expression}),\n`).join("");
  return `(globalThis as any)[Symbol.for("questlog.bind")]([\n${values}]);`;
}

/**
 * Writes the values of some bindings into their cells' metadata, and fills each cell that has all
 * of its values. Returns the first problem, or null.
 */
export function writeBound(planned: readonly PlannedBinding[], values: readonly BoundValue[]): string | null {
  for (const [i, { cell, place, binding, after }] of planned.entries()) {
    const value = values[i] ?? { kind: "error", text: "nothing" };
    const text = textOf(value);
    if (text === null) return `${place}: {{ ${binding.expression} }}: expected a value, got ${value.text}`;
    const { source, bound } = boundMetadata(cell) ?? { source: cell.source, bound: [] };
    const { expression, from } = binding;
    const one: Bound = { expression, text, from, cell: after, ...saidValue(valueOf(value)) };
    const filled = [...bound, one].sort((a, b) => a.from - b.from); // a later value can stand earlier
    cell.metadata.questlog = { source, bound: filled };
    if (filled.length < bindingsOf(source).length) continue;
    cell.source = replaceBindings(source, (_, n) => filled[n]!.text);
  }
  return null;
}

/** The text of a notebook that did not run to its end: a mark stands for each value. */
export function withoutValues(source: string, reason: string): string {
  return replaceBindings(source, () => `*(not known: ${reason})*`);
}

/** Whether a text has all of its values. */
export function isFilled(cell: MarkdownCell): boolean {
  const bound = boundMetadata(cell);
  return bound !== undefined && bound.bound.length === bindingsOf(bound.source).length;
}

/** The bindings that the run has filled in; undefined for a text without values. */
export function boundMetadata({ metadata }: MarkdownCell): BoundMetadata | undefined {
  return metadata.questlog as BoundMetadata | undefined;
}

/** The text of a value in Markdown; null for a value that has no text. */
function textOf(value: BoundValue): string | null {
  if (value.kind === "error") return null;
  if (value.kind === "string") return escaped(value.text);
  try {
    return saidText(valueOf(value), "");
  } catch {
    return null;
  }
}

function valueOf({ kind, text }: BoundValue): Said {
  if (kind === "string") return text;
  if (kind === "number") return Number(text);
  if (kind === "bigint") return BigInt(text);
  if (kind === "date") return new Date(text);
  return JSON.parse(text) as Said; // a boolean, or a count
}

/** The text as one line of Markdown without any marks, wherever it stands. */
function escaped(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .trim()
    .replace(/[\\`*_{}[\]<>|~$&!^]|-(?=-)/g, "\\$&")
    .replace(/^[-+#=:]|(?<=^\d{1,9})[.)]/, "\\$&");
}

function wrong({ name }: Notebook, place: string, { expression }: Binding, problem: string): NotebookError {
  return new NotebookError(name, `${place}: {{ ${expression} }}: ${problem}`);
}

/** Each name that the cells declare at their top level → the number of the first such cell. */
function declaredNames({ cells }: Notebook): Map<string, number> {
  const declared = new Map<string, number>();
  for (const [i, { source }] of cells.filter(isCode).entries()) {
    const file = parseCode(source);
    for (const name of file.statements.flatMap(namesDeclaredBy))
      if (!declared.has(name)) declared.set(name, i + 1);
  }
  return declared;
}

function namesDeclaredBy(statement: ts.Statement): string[] {
  if (ts.isVariableStatement(statement))
    return statement.declarationList.declarations.flatMap(({ name }) => namesInPattern(name));
  if (ts.isImportDeclaration(statement)) {
    const { name, namedBindings } = statement.importClause ?? {};
    const named = namedBindings && ts.isNamedImports(namedBindings) ? namedBindings.elements : [];
    const whole = namedBindings && ts.isNamespaceImport(namedBindings) ? [namedBindings] : [];
    return [...(name ? [name.text] : []), ...[...named, ...whole].map((one) => one.name.text)];
  }
  const isNamed =
    ts.isFunctionDeclaration(statement) ||
    ts.isClassDeclaration(statement) ||
    ts.isEnumDeclaration(statement);
  return isNamed && statement.name ? [statement.name.text] : [];
}

function namesInPattern(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) =>
    ts.isBindingElement(element) ? namesInPattern(element.name) : [],
  );
}

/** The free names of an expression; a problem if it is not one expression without effects. */
function namesOf(expression: string): string[] | string {
  const { outputText, diagnostics = [] } = ts.transpileModule(`(${expression}\n);`, {
    reportDiagnostics: true,
    compilerOptions: { target: ts.ScriptTarget.ES2022, removeComments: true },
  });
  const file = ts.createSourceFile("binding.ts", `(${expression}\n);`, ts.ScriptTarget.ES2022, true);
  const [statement] = file.statements;
  if (diagnostics.length > 0 || file.statements.length !== 1 || outputText.trim() === "" || !statement)
    return "expected a name or an expression";
  const names = new Set<string>();
  const own = new Set<string>();
  let effect = "";
  const visit = (node: ts.Node): void => {
    if (ts.isIdentifier(node) && !isMemberName(node)) names.add(node.text);
    if (ts.isParameter(node)) namesInPattern(node.name).forEach((name) => own.add(name));
    if (ts.isAwaitExpression(node)) effect = "await";
    if (isAssignment(node)) effect = "an assignment";
    if (!ts.isTypeNode(node)) ts.forEachChild(node, visit);
  };
  visit(statement);
  if (effect !== "") return `expected an expression without effects, got ${effect}`;
  return [...names].filter((name) => !own.has(name));
}

function isMemberName(node: ts.Identifier): boolean {
  const { parent } = node;
  return (ts.isPropertyAccessExpression(parent) || ts.isPropertyAssignment(parent)) && parent.name === node;
}

function isAssignment(node: ts.Node): boolean {
  if (ts.isPostfixUnaryExpression(node)) return true;
  if (ts.isPrefixUnaryExpression(node))
    return [ts.SyntaxKind.PlusPlusToken, ts.SyntaxKind.MinusMinusToken].includes(node.operator);
  return (
    ts.isBinaryExpression(node) &&
    node.operatorToken.kind >= ts.SyntaxKind.FirstAssignment &&
    node.operatorToken.kind <= ts.SyntaxKind.LastAssignment
  );
}

/**
 * Notebooks and given values → notebooks whose cell `parameters` has those values.
 *
 * The cell has the tag of papermill. Each declaration in it with a literal is a parameter, and the
 * literal is the default, whose type a value must have. Papermill adds a cell behind that cell;
 * then a name that the cell derives from a parameter would keep its old value. So the literal
 * itself is replaced, and the executed cell gets papermill's second tag.
 */
import ts from "typescript";
import { UsageError } from "../command.ts";
import { nearest } from "../nearest.ts";
import { type Given, parseYaml } from "./given-values.ts";
import { type LiteralValue, readLiteral, writeLiteral } from "./literal-code.ts";
import { type CodeCell, isCode, type Notebook, NotebookError, type NotebookParameter } from "./notebook.ts";
import { newTypeProblem } from "./parameter-types.ts";

const TAG = "parameters";
const INJECTED_TAG = "injected-parameters";
const INTEGER = /^-?\d+$/;
const NUMBER = /^-?\d+(\.\d+)?(e[+-]?\d+)?$/i;
const TYPE_NAMES = { string: "text", number: "a number", bigint: "an integer", boolean: "true or false" };

/** A declaration with a literal, in the source of the cell. */
interface Declaration {
  name: string;
  value: LiteralValue;
  start: number; // of the literal
  end: number;
  isTyped: boolean; // whether the author wrote a type
  typeAt: number | null; // the place for the type of a const that has none
}

/**
 * The notebooks with the given values, each with the list of its parameters.
 * @throws UsageError for a name that no notebook has, and for a value of another type
 * @throws NotebookError for two cells with the tag `parameters`
 */
export function setParameters(notebooks: readonly Notebook[], given: ReadonlyMap<string, Given>): Notebook[] {
  const declared = notebooks.map((notebook) => {
    const cell = parameterCell(notebook);
    return { notebook, cell, declarations: cell === null ? [] : declarationsOf(cell.source) };
  });
  const known = [...new Set(declared.flatMap(({ declarations }) => declarations.map(({ name }) => name)))];
  for (const [name, { from }] of given) if (!known.includes(name)) throw unknownName(name, from, known);
  return declared.map(({ notebook, cell, declarations }) =>
    cell === null ? notebook : withValues(notebook, cell, declarations, given),
  );
}

function withValues(
  notebook: Notebook,
  cell: CodeCell,
  declarations: readonly Declaration[],
  given: ReadonlyMap<string, Given>,
): Notebook {
  const parameters: NotebookParameter[] = [];
  let source = cell.source;
  for (const declaration of declarations.toReversed()) {
    const { name, start, end } = declaration;
    const one = given.get(name);
    const place = `${one?.from} ${name} (${notebook.name})`;
    const code = one === undefined ? cell.source.slice(start, end) : codeFor(one, declaration, place);
    parameters.unshift({ name, code, isDefault: one === undefined });
    if (one === undefined) continue;
    source = withCode(source, declaration, code);
    const problem = declaration.isTyped ? newTypeProblem(cell.source, source) : null;
    if (problem !== null) throw new UsageError(`${place}: expected a value of its type: ${problem}`);
  }
  if (source === cell.source) return { ...notebook, parameters };
  const tags = [...new Set([...tagsOf(cell), INJECTED_TAG])];
  const executed = { ...cell, source, metadata: { ...cell.metadata, tags } };
  return { ...notebook, cells: notebook.cells.map((one) => (one === cell ? executed : one)), parameters };
}

/** The source with another literal. A const without a type gets the type of its default. */
function withCode(source: string, { value, start, end, typeAt }: Declaration, code: string): string {
  const replaced = source.slice(0, start) + code + source.slice(end);
  if (typeAt === null || typeof value === "object") return replaced;
  return `${replaced.slice(0, typeAt)}: ${typeof value}${replaced.slice(typeAt)}`;
}

function parameterCell(notebook: Notebook): CodeCell | null {
  const tagged = notebook.cells.filter(isCode).filter((cell) => tagsOf(cell).includes(TAG));
  if (tagged.length > 1)
    throw new NotebookError(notebook.name, `expected one cell with the tag ${TAG}, got ${tagged.length}`);
  return tagged[0] ?? null;
}

function tagsOf({ metadata: { tags } }: CodeCell): string[] {
  return Array.isArray(tags) ? tags : [];
}

function declarationsOf(source: string): Declaration[] {
  const file = ts.createSourceFile("parameters.ts", source, ts.ScriptTarget.Latest, true);
  return file.statements.filter(ts.isVariableStatement).flatMap(({ declarationList }) => {
    const isConst = (declarationList.flags & ts.NodeFlags.Const) !== 0;
    return declarationList.declarations.flatMap(({ name, type, initializer }) => {
      if (!ts.isIdentifier(name) || initializer === undefined) return [];
      const literal = withoutAssertion(initializer);
      const value = readLiteral(literal);
      if (value === undefined) return [];
      const isTyped = type !== undefined || literal !== initializer;
      const typeAt = isConst && !isTyped ? name.getEnd() : null;
      return [{ name: name.text, value, start: literal.getStart(), end: literal.getEnd(), isTyped, typeAt }];
    });
  });
}

/** The expression without `as …`, `satisfies …` and brackets. */
function withoutAssertion(node: ts.Expression): ts.Expression {
  const isInside =
    ts.isAsExpression(node) || ts.isSatisfiesExpression(node) || ts.isParenthesizedExpression(node);
  return isInside ? withoutAssertion(node.expression) : node;
}

function unknownName(name: string, from: string, known: readonly string[]): UsageError {
  const [similar] = nearest(name, known);
  const listed =
    known.length === 0 ? "no notebook has a cell with the tag parameters" : `known: ${known.join(", ")}`;
  const advice = similar === undefined ? listed : `did you mean ${similar}?`;
  return new UsageError(`${from}: expected the name of a parameter, got "${name}"; ${advice}`);
}

/** @throws UsageError if the given value has not the type of the default */
function codeFor(given: Given, { value, isTyped }: Declaration, place: string): string {
  const typed =
    "value" in given
      ? likeDefault(given.value, value, isTyped, place)
      : fromText(given.text, value, isTyped, place);
  return writeLiteral(typed);
}

function fromText(text: string, like: LiteralValue, isTyped: boolean, place: string): LiteralValue {
  if (like === null) return text === "null" ? null : unquoted(text);
  if (typeof like === "object") return likeDefault(parseYaml(text, place), like, isTyped, place);
  if (typeof like === "string" && text.isWellFormed()) return unquoted(text);
  if (typeof like === "boolean" && (text === "true" || text === "false")) return text === "true";
  if (typeof like === "bigint" && INTEGER.test(text)) return BigInt(text);
  if (typeof like === "number" && NUMBER.test(text)) return numberOf(text, place);
  throw new UsageError(
    `${place}: expected ${TYPE_NAMES[typeof like as keyof typeof TYPE_NAMES]}, got "${text}"`,
  );
}

/** A text in JSON, such as "York" with its quotes, without them; any other text stays. */
function unquoted(text: string): string {
  try {
    const inside = text.startsWith('"') ? (JSON.parse(text) as string) : text;
    return inside.isWellFormed() ? inside : text;
  } catch {
    return text; // a quote at its begin alone
  }
}

/** The number of a text. @throws UsageError if JavaScript's number would be another one */
function numberOf(text: string, place: string): number {
  const number = Number(text);
  if (Number.isFinite(number) && (!INTEGER.test(text) || Number.isSafeInteger(number))) return number;
  throw new UsageError(
    `${place}: expected a number up to ${Number.MAX_SAFE_INTEGER}, got ${text}; a default of 0n takes any integer`,
  );
}

/** The value with the types of the default; a list has the type of its first default. */
function likeDefault(value: LiteralValue, like: LiteralValue, isTyped: boolean, place: string): LiteralValue {
  const inside = (one: LiteralValue, default_: LiteralValue | undefined, name: string) =>
    likeDefault(one, default_ ?? null, isTyped, `${place}[${name}]`);
  if (typeof value === "bigint" && typeof like !== "bigint" && (like === null || typeof like === "number"))
    return numberOf(String(value), place);
  if (Array.isArray(value) && (Array.isArray(like) || like === null)) {
    const first = like?.every((one) => typeof one === typeof like[0]) ? like[0] : undefined;
    return value.map((one, i) => inside(one, first, String(i)));
  }
  if (value instanceof Map && (like instanceof Map || like === null)) {
    const names = [...(like?.keys() ?? [])];
    const isSame = value.size === names.length && names.every((name) => value.has(name));
    if (names.length > 0 && !isTyped && !isSame)
      throw new UsageError(
        `${place}: expected the names ${names.join(", ")}, got ${[...value.keys()].join(", ")}`,
      );
    return new Map([...value].map(([name, one]) => [name, inside(one, like?.get(name), name)]));
  }
  if (like === null || (typeof value === typeof like && typeof value !== "object")) return value;
  throw new UsageError(`${place}: expected ${nounOf(like)}, got ${shownOf(value)}`);
}

function nounOf(like: LiteralValue): string {
  if (Array.isArray(like)) return "a list";
  return typeof like === "object" ? "names with values" : TYPE_NAMES[typeof like as keyof typeof TYPE_NAMES];
}

function shownOf(value: LiteralValue): string {
  return typeof value === "bigint" ? String(value) : writeLiteral(value);
}

/**
 * Notebooks → the first part whose result can differ although nothing of the cache's key changes;
 * null: there is no such part.
 *
 * A report may come from the cache only without such a part. Nobody can list all ways to the clock,
 * so these rules list the safe names, SQL functions and forms, and refuse everything else.
 */
import ts from "typescript";
import { parseCode } from "./cell-syntax.ts";
import { bindingsOf } from "./bindings.ts";
import { isCode, type Notebook } from "./notebook.ts";
import { isSteadySql } from "./steady-sql.ts";

const MODULES = ["questlog", "assert", "node:assert", "assert/strict", "node:assert/strict"];
/** The names of `questlog` that read nothing but their arguments; `query` has a rule of its own. */
const QUESTLOG = wordSet(
  "query sql identifier literal say show table transposed headline tiles bars funnel areas lines steps " +
    "points heatMap histogram",
);
const VALUES = wordSet("undefined NaN Infinity");
/** Functions and constructors that may stand anywhere. */
const CALLED = wordSet(
  "BigInt Boolean Error Map Number RangeError RegExp Set String TypeError decodeURIComponent " +
    "encodeURIComponent isFinite isNaN parseFloat parseInt structuredClone",
);
/** Global objects → the members that may be used. */
const MEMBERS = new Map(
  Object.entries({
    Array: "from isArray of",
    Date: "UTC parse",
    JSON: "parse stringify",
    Math: "abs cbrt ceil exp floor hypot log log10 log1p log2 max min pow round sign sqrt trunc E PI",
    Object: "entries fromEntries groupBy keys values",
    Promise: "all",
    console: "log table",
  }).map(([name, words]) => [name, wordSet(words)]),
);
/** Members that lead from any value to a function that runs text. */
const HIDDEN_WAYS = wordSet("constructor __proto__ prototype");
const NODE_NAMES = wordSet("require module exports tslab __filename __dirname");
/** Ends of pictures' names, and the plain forms of their addresses that the key follows. */
const PICTURE_END = /\.(?:png|jpe?g|gif|svg|webp|avif)\b/i;
const PLAIN_PICTURE = /(?:\]\(|\]:\s*|^logo:\s*)[\w./%:-]+\.(?:png|jpe?g|gif|svg|webp|avif)(?=[\s)]|$)/gim;

/** The first part of these notebooks that is not steady: its place and its text. */
export function unsteadyPart(notebooks: readonly Notebook[]): string | null {
  for (const { name, cells, metadata } of notebooks) {
    const prose = cells.filter((cell) => !isCode(cell)).map(({ source }) => source);
    const hidden = [JSON.stringify(metadata ?? {}), ...prose].find((text) =>
      PICTURE_END.test(text.replace(PLAIN_PICTURE, "")),
    );
    if (hidden !== undefined) return `${name}, a text: a picture with an unusual address`;
    const codes = cells.filter(isCode).map(({ source }, i) => {
      return { place: `${name}, cell ${i + 1}`, file: parseCode(source) };
    });
    const texts = prose
      .flatMap(bindingsOf)
      .map(({ expression }) => ({ place: `${name}, a text`, file: parseCode(`(${expression});`) }));
    const all = [...codes, ...texts];
    const declared = new Set(all.flatMap(({ file }) => declaredIn(file)));
    for (const { place, file } of all) {
      const part = unsteadyNode(file, declared);
      if (part !== null) return `${place}: ${part.replace(/\s+/g, " ").slice(0, 80)}`;
    }
  }
  return null;
}

/** All names that a cell declares or imports, in any scope. */
function declaredIn(file: ts.SourceFile): string[] {
  const names: string[] = [];
  const visit = (node: ts.Node): void => {
    const { name } = node as { name?: ts.Node };
    const declares =
      ts.isVariableDeclaration(node) ||
      ts.isParameter(node) ||
      ts.isBindingElement(node) ||
      ts.isFunctionDeclaration(node) ||
      ts.isFunctionExpression(node) ||
      ts.isImportSpecifier(node) ||
      ts.isImportClause(node);
    if (declares && name && ts.isIdentifier(name)) names.push(name.text);
    ts.forEachChild(node, visit);
  };
  visit(file);
  return names;
}

/** The text of the first node that the rules refuse. */
function unsteadyNode(node: ts.Node, declared: ReadonlySet<string>): string | null {
  if (ts.isImportDeclaration(node)) return isSteadyImport(node) ? null : node.getText();
  const isType = ts.isTypeNode(node) && !ts.isExpressionWithTypeArguments(node);
  if (isType || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)) {
    return hasModifier(node) ? node.getText() : null;
  }
  if (isRefusedForm(node)) return node.getText();
  if (ts.isIdentifier(node) && !isSteadyName(node, declared)) return node.parent.getText();
  if (ts.isCallExpression(node) && isNamed(node.expression, "query") && !isSteadyQuery(node))
    return node.getText();
  return ts.forEachChild(node, (child) => unsteadyNode(child, declared) ?? undefined) ?? null;
}

function isSteadyImport({ importClause, moduleSpecifier, attributes }: ts.ImportDeclaration): boolean {
  const module = ts.isStringLiteral(moduleSpecifier) ? moduleSpecifier.text : "";
  if (importClause === undefined || attributes !== undefined || !MODULES.includes(module)) return false;
  const { name, namedBindings } = importClause;
  const isQuestlog = module === "questlog";
  if (isQuestlog && name !== undefined) return false;
  if (namedBindings === undefined) return true;
  if (ts.isNamespaceImport(namedBindings)) return !isQuestlog;
  return namedBindings.elements.every((one) => {
    if (one.propertyName !== undefined) return false;
    const isType = importClause.isTypeOnly || one.isTypeOnly;
    return isType || !isQuestlog || QUESTLOG.has(one.name.text);
  });
}

function isRefusedForm(node: ts.Node): boolean {
  const text = ts.isStringLiteralLike(node) || ts.isIdentifier(node) ? node.text : "";
  return (
    HIDDEN_WAYS.has(text) ||
    hasModifier(node) ||
    ts.isClassLike(node) ||
    ts.isExportDeclaration(node) ||
    ts.isExportAssignment(node) ||
    ts.isImportEqualsDeclaration(node) ||
    ts.isModuleDeclaration(node) ||
    ts.isMetaProperty(node) ||
    ts.isExpressionWithTypeArguments(node) || // `Date<T>` is a value, but counts as a type
    ts.isYieldExpression(node) ||
    ts.isWithStatement(node) ||
    ts.isTaggedTemplateExpression(node) !== isTag(node) ||
    node.kind === ts.SyntaxKind.ThisKeyword ||
    node.kind === ts.SyntaxKind.ImportKeyword ||
    node.kind === ts.SyntaxKind.SuperKeyword
  );
}

/** `declare` and `export` give a name to a value of another place. */
function hasModifier(node: ts.Node): boolean {
  const modifiers = ts.canHaveModifiers(node) ? (ts.getModifiers(node) ?? []) : [];
  return modifiers.some(({ kind }) =>
    [ts.SyntaxKind.DeclareKeyword, ts.SyntaxKind.ExportKeyword].includes(kind),
  );
}

function isTag(node: ts.Node): boolean {
  if (!ts.isTaggedTemplateExpression(node)) return false;
  return ["sql", "say", "headline"].some((name) => isNamed(node.tag, name));
}

function isSteadyName(node: ts.Identifier, declared: ReadonlySet<string>): boolean {
  const { parent, text } = node;
  if (ts.isPropertyAccessExpression(parent) && parent.name === node) return true;
  const isKey = ts.isPropertyAssignment(parent) || ts.isMethodDeclaration(parent) || ts.isGetAccessor(parent);
  if (isKey && parent.name === node) return true;
  if (ts.isBindingElement(parent) && parent.propertyName === node) return true;
  if (declared.has(text)) {
    if (text in globalThis || NODE_NAMES.has(text)) return false; // another scope has the global
    if (text === "query") return ts.isCallExpression(parent) && parent.expression === node;
    if (text === "sql") return ts.isTaggedTemplateExpression(parent);
    return true;
  }
  if (VALUES.has(text) || CALLED.has(text)) return true;
  if (text === "Date" && isSteadyDate(parent, node)) return true;
  return (
    ts.isPropertyAccessExpression(parent) &&
    parent.expression === node &&
    (MEMBERS.get(text)?.has(parent.name.text) ?? false)
  );
}

/** `new Date(time)`, or `value instanceof Date` */
function isSteadyDate(parent: ts.Node, node: ts.Identifier): boolean {
  if (ts.isNewExpression(parent)) {
    const values = parent.arguments ?? [];
    return parent.expression === node && values.length > 0 && !values.some(ts.isSpreadElement);
  }
  return (
    ts.isBinaryExpression(parent) &&
    parent.right === node &&
    parent.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword
  );
}

/** query("SELECT …"), query(sql`SELECT … ${value}`), both also with { timeoutMs: 1000 }. */
function isSteadyQuery({ arguments: values }: ts.CallExpression): boolean {
  const [statement, options, ...more] = values;
  if (statement === undefined || more.length > 0) return false;
  if (options !== undefined && !isTimeLimit(options)) return false;
  if (ts.isStringLiteralLike(statement)) return isSteadySql(statement.text);
  if (!ts.isTaggedTemplateExpression(statement) || !isNamed(statement.tag, "sql")) return false;
  const { template } = statement;
  if (ts.isNoSubstitutionTemplateLiteral(template)) return isSteadySql(template.text);
  const parts = [template.head.text, ...template.templateSpans.map(({ literal }) => literal.text)];
  const hasComment = parts.some((part) => /--|\/\*/.test(part)); // a value could end it
  return !hasComment && isSteadySql(parts.join(" 1 "));
}

function isTimeLimit(node: ts.Expression): boolean {
  if (!ts.isObjectLiteralExpression(node)) return false;
  return node.properties.every(
    (one) =>
      ts.isPropertyAssignment(one) && isNamed(one.name, "timeoutMs") && ts.isNumericLiteral(one.initializer),
  );
}

function isNamed(node: ts.Node, name: string): boolean {
  return ts.isIdentifier(node) && node.text === name;
}

function wordSet(words: string): ReadonlySet<string> {
  return new Set(words.split(" "));
}

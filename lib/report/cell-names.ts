/**
 * A cell's source → the names that it defines and uses, and two doubts about its repetition.
 *
 * A cell can run again alone only if it gives the same result twice. It does not if it changes a
 * value of an earlier cell (`list.push(1)`), or something outside the notebook (an event is sent).
 * The source alone cannot prove that, so the rules name what is known to be safe, and everything
 * else is in doubt.
 */
import ts from "typescript";
import { parseCode } from "./cell-syntax.ts";

export interface CellNames {
  defines: Set<string>; // at the top level of the cell
  uses: Set<string>; // of other cells, or global
  isRepeatable: boolean; // false: it may change values of other cells
  hasEffects: boolean; // it may change or read something outside the notebook, or the time
  isStored: boolean; // a function that it defines may change values outside of the function
}

/** Modules whose functions neither change their arguments nor anything outside. */
const PURE_MODULES =
  /^(questlog|tslab|(node:)?assert(\/strict)?|(\.\.?\/)+dist\/(ask\/(chart|charts|show|counted|questions|table|format)|trino|sql|events|game)\.js)$/;
/** Functions of `questlog` that read the topic's present state. */
const READS_KAFKA = new Set(["readOffsets", "rangesBetween"]);
const PURE_GLOBALS = new Set(
  (
    "Array BigInt Boolean Error Infinity Intl JSON Map Math NaN Number Object Promise RangeError RegExp Set " +
    "String Symbol TypeError URL console decodeURIComponent encodeURIComponent isFinite isNaN parseFloat " +
    "parseInt structuredClone undefined Date"
  ).split(" "),
);
const PURE_METHODS = new Set(
  (
    "at concat every filter find findIndex findLast findLastIndex flat flatMap forEach includes indexOf join " +
    "lastIndexOf map reduce reduceRight slice some toReversed toSorted toSpliced with " + // Array
    "charAt charCodeAt codePointAt endsWith match normalize padEnd padStart repeat replace replaceAll search " +
    "split startsWith substring toLowerCase toUpperCase trim trimEnd trimStart localeCompare " + // String
    "get has " + // Map, Set
    "toFixed toLocaleString toPrecision toString valueOf toJSON getTime toISOString toLocaleDateString " +
    "getUTCFullYear getUTCMonth getUTCDate getUTCDay getUTCHours getUTCMinutes getUTCSeconds then"
  ).split(" "),
);
/** Methods whose results are new objects. */
const FRESH_METHODS = new Set("concat filter flat flatMap map slice split toReversed toSorted".split(" "));
const STATIC_CALLS = new Set([
  "Object",
  "Array",
  "JSON",
  "Math",
  "Number",
  "String",
  "Promise",
  "Date",
  "Intl",
]);
const CHANGING_STATICS = new Set([
  "assign",
  "defineProperty",
  "defineProperties",
  "setPrototypeOf",
  "freeze",
]);
const ITERATORS = new Set(["entries", "keys", "values", "matchAll"]);
const CHANGING_SQL =
  /\b(insert\s+into|create\s+(or\s+replace\s+)?(table|view|schema)|drop\s+\w+|delete\s+from|update\s+\w+\s+set|alter\s+\w+|merge\s+into|truncate\s+table|call\s+\w+|set\s+session|grant\s|revoke\s|refresh\s)/i;
/** Functions of SQL whose results differ from call to call. */
const CHANGING_TIME =
  /\b(now\s*\(|current_\w+|localtime\w*|rand(om)?\s*\(|uuid\s*\(|shuffle\s*\(|tablesample\b|system\.)/i;

/** Analyses the sources of a notebook's code cells. */
export function namesOf(sources: readonly string[]): CellNames[] {
  const files = sources.map(parseCode);
  const imports = new Map(files.flatMap((file) => file.statements.flatMap(importsOf)));
  return files.map((file) => new Reading(file, imports).names);
}

/** The names that a statement imports → whether their module is pure. */
function importsOf(statement: ts.Statement): [name: string, isPure: boolean][] {
  if (!ts.isImportDeclaration(statement)) return [];
  const { importClause, moduleSpecifier } = statement;
  const isPure = ts.isStringLiteral(moduleSpecifier) && PURE_MODULES.test(moduleSpecifier.text);
  const bindings = importClause?.namedBindings;
  const names = [
    ...(importClause?.name ? [importClause.name.text] : []),
    ...(bindings && ts.isNamespaceImport(bindings) ? [bindings.name.text] : []),
    ...(bindings && ts.isNamedImports(bindings) ? bindings.elements.map(({ name }) => name.text) : []),
  ];
  return names.map((name) => [name, isPure]);
}

/** The reading of one cell: a walk over its tree. */
class Reading {
  readonly names: CellNames = {
    defines: new Set(),
    uses: new Set(),
    isRepeatable: true,
    hasEffects: false,
    isStored: false,
  };
  readonly #imports: ReadonlyMap<string, boolean>; // of the notebook: name → whether it is pure
  readonly #fresh: ReadonlySet<string>; // names of the cell that only ever hold new objects

  constructor(file: ts.SourceFile, imports: ReadonlyMap<string, boolean>) {
    this.#imports = imports;
    this.#fresh = freshNames(file);
    for (const statement of file.statements) this.#define(statement);
    this.#visit(file, []);
    for (const name of this.names.defines) this.names.uses.delete(name);
  }

  #define(statement: ts.Statement): void {
    const { defines } = this.names;
    for (const [name] of importsOf(statement)) defines.add(name);
    if (ts.isVariableStatement(statement)) {
      for (const { name } of statement.declarationList.declarations)
        for (const one of namesIn(name)) defines.add(one);
    } else if (
      ts.isFunctionDeclaration(statement) ||
      ts.isClassDeclaration(statement) ||
      ts.isInterfaceDeclaration(statement) ||
      ts.isTypeAliasDeclaration(statement) ||
      ts.isEnumDeclaration(statement)
    ) {
      if (statement.name) defines.add(statement.name.text);
    }
  }

  /** @param scopes the functions and blocks around the node, each with its names */
  #visit(node: ts.Node, scopes: readonly Set<string>[]): void {
    if (ts.isImportDeclaration(node)) return;
    if (isUnknown(node)) this.#doubt();
    const inner = opensScope(node) ? [...scopes, localsOf(node)] : scopes;
    const isLocal = (name: string): boolean => inner.some((scope) => scope.has(name));
    if (ts.isIdentifier(node) && isReference(node) && !isLocal(node.text)) this.#use(node);
    if (isText(node)) this.#readSql(node.getText());
    const target = changedTarget(node);
    if (target !== undefined) this.#change(target, inner);
    if (ts.isCallExpression(node) && ts.isPropertyAccessExpression(node.expression)) {
      this.#callMethod(node.expression, inner);
    }
    ts.forEachChild(node, (child) => this.#visit(child, inner));
  }

  #use({ text, parent }: ts.Identifier): void {
    this.names.uses.add(text);
    if (this.#imports.get(text) === false) this.#doubt();
    if (READS_KAFKA.has(text)) this.names.hasEffects = true;
    if (text !== "Date") return;
    const isPure =
      (ts.isNewExpression(parent) && (parent.arguments?.length ?? 0) > 0) ||
      ts.isTypeReferenceNode(parent) ||
      (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword) ||
      (ts.isPropertyAccessExpression(parent) && ["UTC", "parse"].includes(parent.name.text));
    if (!isPure) this.names.hasEffects = true;
  }

  #readSql(text: string): void {
    if (CHANGING_SQL.test(text) || CHANGING_TIME.test(text)) this.names.hasEffects = true;
  }

  /** An assignment, or a call of a method that may change its object. */
  #change(target: ts.Expression, scopes: readonly Set<string>[], depth = depthOf(target)): void {
    const roots = rootsOf(target);
    const isSafe = roots.every((root) => {
      const isLocal = scopes.some((scope) => scope.has(root));
      const isOwn = isLocal || (this.names.defines.has(root) && !this.#imports.has(root));
      return isOwn && (depth === 0 || (depth === 1 && this.#fresh.has(root)));
    });
    if (!isSafe || roots.length === 0) this.names.isRepeatable = false;
    const isOutside = roots.some((root) => !scopes.some((scope) => scope.has(root)));
    if (isInStoredFunction(target) && (isOutside || !isSafe)) this.names.isStored = true;
  }

  #callMethod(callee: ts.PropertyAccessExpression, scopes: readonly Set<string>[]): void {
    const [root] = rootsOf(callee.expression);
    const method = callee.name.text;
    const isName = ts.isIdentifier(callee.expression);
    if (root === "Math" && method === "random") this.names.hasEffects = true;
    if (isName && root !== undefined && this.#imports.has(root) && !isShadowed(root, scopes)) return;
    if (isName && root === "console") return;
    if (isName && root !== undefined && STATIC_CALLS.has(root)) {
      if (CHANGING_STATICS.has(method)) this.names.isRepeatable = false;
      return;
    }
    if (PURE_METHODS.has(method)) return;
    if (ITERATORS.has(method)) {
      const isStored = ts.isVariableDeclaration(callee.parent.parent);
      if (isStored) this.names.isRepeatable = false;
      return;
    }
    if (isFresh(callee.expression)) return;
    this.#change(callee.expression, scopes, depthOf(callee.expression) + 1);
  }

  #doubt(): void {
    this.names.isRepeatable = false;
    this.names.hasEffects = true;
  }
}

/** Whether all of these cells' names are known: of the cells, or global and pure. */
export function unknownNames(cells: readonly CellNames[]): string[] {
  const defined = new Set(cells.flatMap(({ defines }) => [...defines]));
  const used = new Set(cells.flatMap(({ uses }) => [...uses]));
  return [...used].filter((name) => !defined.has(name) && !PURE_GLOBALS.has(name));
}

function isShadowed(name: string, scopes: readonly Set<string>[]): boolean {
  return scopes.some((scope) => scope.has(name));
}

/** The names of a cell that only ever hold objects which no other name holds. */
function freshNames(file: ts.SourceFile): Set<string> {
  const fresh = new Set<string>();
  const others = new Set<string>();
  const visit = (node: ts.Node): void => {
    if (ts.isVariableDeclaration(node) || ts.isParameter(node)) {
      const isNew = ts.isIdentifier(node.name) && node.initializer && isFresh(node.initializer);
      for (const name of namesIn(node.name)) (isNew && !ts.isParameter(node) ? fresh : others).add(name);
    }
    if (
      ts.isBinaryExpression(node) &&
      node.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
      !isFresh(node.right)
    )
      for (const name of rootsOf(node.left)) others.add(name);
    ts.forEachChild(node, visit);
  };
  visit(file);
  for (const name of others) fresh.delete(name);
  return fresh;
}

/** Syntax that the rules do not follow. */
function isUnknown(node: ts.Node): boolean {
  return (
    ts.isClassLike(node) ||
    ts.isYieldExpression(node) ||
    ts.isGetAccessor(node) ||
    ts.isSetAccessor(node) ||
    node.kind === ts.SyntaxKind.ThisKeyword ||
    node.kind === ts.SyntaxKind.ImportKeyword ||
    (ts.isFunctionLike(node) && "asteriskToken" in node && node.asteriskToken !== undefined)
  );
}

/** The target of an assignment, of ++ and --, of delete, and of a loop without a declaration. */
function changedTarget(node: ts.Node): ts.Expression | undefined {
  const { FirstAssignment, LastAssignment, PlusPlusToken, MinusMinusToken } = ts.SyntaxKind;
  if (ts.isBinaryExpression(node)) {
    const { kind } = node.operatorToken;
    return kind >= FirstAssignment && kind <= LastAssignment ? node.left : undefined;
  }
  if (ts.isPrefixUnaryExpression(node) || ts.isPostfixUnaryExpression(node)) {
    return node.operator === PlusPlusToken || node.operator === MinusMinusToken ? node.operand : undefined;
  }
  if (ts.isDeleteExpression(node)) return node.expression;
  if (ts.isForOfStatement(node) || ts.isForInStatement(node))
    return ts.isVariableDeclarationList(node.initializer) ? undefined : node.initializer;
  return undefined;
}

/** The names at the roots of an expression: `rows` of `rows[0].x`; all names of a pattern. */
function rootsOf(node: ts.Node): string[] {
  if (ts.isIdentifier(node)) return [node.text];
  if (
    ts.isPropertyAccessExpression(node) ||
    ts.isElementAccessExpression(node) ||
    ts.isNonNullExpression(node) ||
    ts.isParenthesizedExpression(node) ||
    ts.isAsExpression(node) ||
    ts.isCallExpression(node) ||
    ts.isAwaitExpression(node) ||
    ts.isSpreadElement(node)
  )
    return rootsOf(node.expression);
  if (ts.isArrayLiteralExpression(node)) return node.elements.flatMap(rootsOf);
  if (ts.isObjectLiteralExpression(node)) return node.properties.flatMap(rootsOf);
  if (ts.isPropertyAssignment(node)) return rootsOf(node.initializer);
  if (ts.isShorthandPropertyAssignment(node)) return [node.name.text];
  if (ts.isSpreadAssignment(node)) return rootsOf(node.expression);
  if (ts.isBinaryExpression(node)) return [...rootsOf(node.left), ...rootsOf(node.right)];
  return [];
}

/** The number of accesses between an expression and its root: 2 for `rows[0].x`. */
function depthOf(node: ts.Node): number {
  if (ts.isPropertyAccessExpression(node) || ts.isElementAccessExpression(node))
    return 1 + depthOf(node.expression);
  if (ts.isNonNullExpression(node) || ts.isParenthesizedExpression(node) || ts.isAsExpression(node))
    return depthOf(node.expression);
  if (ts.isCallExpression(node)) return 1 + depthOf(node.expression);
  if (ts.isArrayLiteralExpression(node) || ts.isObjectLiteralExpression(node)) return 0;
  return 0;
}

/** Whether the value of an expression is a new object, which no other cell has. */
function isFresh(node: ts.Expression): boolean {
  if (ts.isParenthesizedExpression(node) || ts.isAwaitExpression(node) || ts.isAsExpression(node))
    return isFresh(node.expression);
  if (ts.isArrayLiteralExpression(node) || ts.isObjectLiteralExpression(node)) return true;
  if (ts.isStringLiteralLike(node) || ts.isNumericLiteral(node) || ts.isTemplateExpression(node)) return true;
  if (ts.isNewExpression(node)) return true;
  if (!ts.isCallExpression(node)) return false;
  const callee = node.expression;
  if (ts.isIdentifier(callee)) return callee.text === "query";
  if (!ts.isPropertyAccessExpression(callee)) return false;
  if (ts.isIdentifier(callee.expression) && ["Object", "Array"].includes(callee.expression.text))
    return ["entries", "keys", "values", "fromEntries", "from", "of"].includes(callee.name.text);
  const isInPlace = ["sort", "reverse"].includes(callee.name.text); // returns its own object
  return isInPlace ? isFresh(callee.expression) : FRESH_METHODS.has(callee.name.text);
}

/** Whether a node stands in a function that is kept, not in one that is an argument of a call. */
function isInStoredFunction(node: ts.Node): boolean {
  for (let one = node.parent; one !== undefined; one = one.parent) {
    if (ts.isFunctionLike(one) && !(one.parent && ts.isCallExpression(one.parent))) return true;
  }
  return false;
}

function opensScope(node: ts.Node): boolean {
  return (
    ts.isFunctionLike(node) ||
    (ts.isBlock(node) && !ts.isSourceFile(node.parent)) ||
    ts.isForStatement(node) ||
    ts.isForOfStatement(node) ||
    ts.isForInStatement(node) ||
    ts.isCatchClause(node) ||
    (ts.isBlock(node) && ts.isSourceFile(node.parent))
  );
}

/** The names that a function or block declares for itself. */
function localsOf(node: ts.Node): Set<string> {
  const names = new Set<string>();
  if (ts.isFunctionLike(node)) {
    for (const { name } of node.parameters) for (const one of namesIn(name)) names.add(one);
    const own = "name" in node ? node.name : undefined;
    if (ts.isFunctionExpression(node) && own) names.add((own as ts.Identifier).text);
    if (node.typeParameters) for (const { name } of node.typeParameters) names.add(name.text);
  }
  if (ts.isCatchClause(node) && node.variableDeclaration)
    for (const one of namesIn(node.variableDeclaration.name)) names.add(one);
  const lists: ts.VariableDeclarationList[] = [];
  if (ts.isForStatement(node) || ts.isForOfStatement(node) || ts.isForInStatement(node)) {
    if (node.initializer && ts.isVariableDeclarationList(node.initializer)) lists.push(node.initializer);
  }
  if (ts.isBlock(node)) {
    for (const statement of node.statements) {
      if (ts.isVariableStatement(statement)) lists.push(statement.declarationList);
      const { name } = statement as { name?: ts.Node };
      if (name && ts.isIdentifier(name)) names.add(name.text);
    }
  }
  for (const list of lists)
    for (const { name } of list.declarations) for (const one of namesIn(name)) names.add(one);
  return names;
}

/** The names of a declaration: `a` and `b` of `[a, { b }]`. */
function namesIn(name: ts.BindingName): string[] {
  if (ts.isIdentifier(name)) return [name.text];
  return name.elements.flatMap((element) => (ts.isOmittedExpression(element) ? [] : namesIn(element.name)));
}

/** Whether an identifier is the name of a value or type, not of a property or declaration. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.expression === node;
  if (ts.isPropertyAssignment(parent) || ts.isPropertySignature(parent) || ts.isMethodDeclaration(parent))
    return parent.name !== node;
  if (ts.isBindingElement(parent)) return parent.initializer === node;
  if (ts.isVariableDeclaration(parent) || ts.isParameter(parent)) return parent.name !== node;
  if (ts.isQualifiedName(parent)) return parent.left === node;
  if (ts.isLabeledStatement(parent) || ts.isBreakOrContinueStatement(parent)) return false;
  const isDeclared =
    ts.isFunctionDeclaration(parent) ||
    ts.isTypeAliasDeclaration(parent) ||
    ts.isInterfaceDeclaration(parent);
  return !isDeclared || parent.name !== node;
}

function isText(node: ts.Node): boolean {
  return ts.isStringLiteralLike(node) || ts.isTemplateExpression(node);
}

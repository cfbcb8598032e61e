/**
 * A cell's TypeScript → JavaScript in which all cells of a notebook share one set of names.
 *
 * The cells form one module program, but the kernel runs each as a function. So a name that a cell
 * declares outside of its functions is a property of one object, `$`, in each cell: `total` becomes
 * `$.total`. Assignments, closures and destructuring then work as in one file. A name that is
 * declared again gets a new value, also for the functions of earlier cells.
 *
 * Declarations stay as they are, and copy their values to `$init`. So functions keep their names.
 */
import ts from "typescript";
import { withoutExports } from "./cell-exports.ts";
import {
  bind,
  isInFunction,
  isInside,
  isOnlyName,
  listOf,
  nameGiver,
  namesOf,
  patternOf,
} from "./cell-syntax.ts";
import { type Edit, edited } from "./text-edits.ts";

export interface CellCode {
  code: string; // empty: the cell has only comments and types
  isAsync: boolean;
  lastName: string | undefined; // under which the code exports the value of the last expression
  declared: string[];
  inBlocks: string[]; // the declared names of `var` inside a block or loop
  foreign: string[]; // used names that neither this cell nor an earlier one declares
}

export interface CompileOptions {
  known: ReadonlySet<string>; // names that earlier cells declare
  isValue?: (module: string, name?: string) => boolean; // false for an import of types only
}

const LAST_NAME = "tsLastExpr";
const NOT_REFERENCES = /^(?:arguments|undefined)$/;

/** Compiles a cell. Its code refers to `__tslab__.names`, an object of shared-names.ts. */
export function compileCell(source: string, { known, isValue = () => true }: CompileOptions): CellCode {
  const { outputText } = ts.transpileModule(withoutExports(source), {
    fileName: "cell.ts",
    compilerOptions: {
      target: ts.ScriptTarget.ES2022,
      module: ts.ModuleKind.ESNext,
      jsx: ts.JsxEmit.React,
      verbatimModuleSyntax: true, // a later cell can use an import
      preserveConstEnums: true,
      experimentalDecorators: true,
      removeComments: true,
      newLine: ts.NewLineKind.LineFeed,
    },
  });
  return new Rewriter(outputText, known, isValue).rewrite();
}

/** Names of `$`, and of the object that takes first values, which the cell does not use. */
function freeNames(code: string): { values: string; first: string; load: string; exports: string } {
  let prefix = "$";
  while (code.includes(prefix)) prefix += "$";
  return { values: prefix, first: `${prefix}init`, load: `${prefix}import`, exports: `${prefix}exports` };
}

class Rewriter {
  readonly #code: string;
  readonly #known: ReadonlySet<string>;
  readonly #isValue: NonNullable<CompileOptions["isValue"]>;
  readonly #file: ts.SourceFile;
  readonly #checker: ts.TypeChecker;
  readonly #top: Map<string, ts.Symbol>; // declared outside of functions and blocks
  readonly #names: ReturnType<typeof freeNames>;
  readonly #edits: Edit[] = [];
  readonly #foreign = new Set<string>();
  readonly #declared = new Set<string>();
  readonly #inBlocks = new Set<string>();
  #prologue = "";
  #isAsync = false;

  constructor(code: string, known: ReadonlySet<string>, isValue: NonNullable<CompileOptions["isValue"]>) {
    this.#code = code;
    this.#known = known;
    this.#isValue = isValue;
    const { file, checker } = bind(code);
    this.#file = file;
    this.#checker = checker;
    this.#top = (file as unknown as { locals: Map<string, ts.Symbol> }).locals;
    this.#names = freeNames(code);
  }

  rewrite(): CellCode {
    const statements = this.#file.statements.filter((one) => !ts.isExportDeclaration(one));
    const last = statements.at(-1);
    const isShown = last !== undefined && ts.isExpressionStatement(last);
    for (const statement of this.#file.statements) {
      if (ts.isImportDeclaration(statement)) this.#import(statement);
      else if (ts.isExportDeclaration(statement)) this.#replace(statement, "");
      else if (isShown && statement === last) this.#shown(last.expression);
      else this.#statement(statement);
    }
    const { values, first, load, exports } = this.#names;
    for (const [name, symbol] of this.#top) {
      if (symbol.flags & ts.SymbolFlags.Function) this.#prologue += `${first}.${name} = ${name}; `;
      if (symbol.flags & ts.SymbolFlags.FunctionScopedVariable)
        this.#prologue += `if (!("${name}" in ${values})) ${first}.${name} = undefined; `;
      if (!(symbol.flags & ts.SymbolFlags.Alias)) this.#declared.add(name);
    }
    const names = `{ names: { values: ${values}, first: ${first}, load: ${load} }, exports: ${exports} }`;
    const start = `"use strict"; const ${names} = __tslab__; { `; // a cell can declare "exports" in the block
    return {
      code: statements.length === 0 ? "" : `${start}${this.#prologue}${edited(this.#code, this.#edits)}}`,
      isAsync: this.#isAsync,
      lastName: isShown ? LAST_NAME : undefined,
      declared: [...this.#declared],
      inBlocks: [...this.#inBlocks],
      foreign: [...this.#foreign],
    };
  }

  /** An import → a call at the cell's start, which binds the names. */
  #import(statement: ts.ImportDeclaration): void {
    this.#replace(statement, "");
    const module = (statement.moduleSpecifier as ts.StringLiteral).text;
    const bindings: Record<string, string> = {};
    const bind = (name: ts.Identifier, imported: string): void => {
      if (this.#isValue(module, name.text)) bindings[name.text] = imported;
    };
    const { name, namedBindings } = statement.importClause ?? {};
    if (name) bind(name, "default");
    if (namedBindings && ts.isNamespaceImport(namedBindings)) bind(namedBindings.name, "*");
    if (namedBindings && ts.isNamedImports(namedBindings)) {
      for (const one of namedBindings.elements) bind(one.name, (one.propertyName ?? one.name).text);
    }
    if (!this.#isValue(module)) return;
    this.#isAsync = true;
    for (const local of Object.keys(bindings)) this.#declared.add(local);
    this.#prologue += `await ${this.#names.load}(${JSON.stringify(module)}, ${JSON.stringify(bindings)}); `;
  }

  /** A statement of the cell itself. After a declaration, its values go to `$init`. */
  #statement(statement: ts.Statement): void {
    const copies = (names: ts.Identifier[]): string =>
      names.map(({ text }) => ` ${this.#names.first}.${text} = ${text};`).join("");
    if (ts.isVariableStatement(statement) && statement.declarationList.flags & ts.NodeFlags.BlockScoped) {
      const { declarations, flags } = statement.declarationList;
      const keyword = flags & ts.NodeFlags.Const ? "const" : "let";
      for (const [i, declaration] of declarations.entries()) {
        this.#visit(declaration);
        const text = copies(namesOf(declaration.name));
        const comma = this.#code.indexOf(",", declaration.end);
        if (i === declarations.length - 1) this.#insert(statement.end, text);
        else this.#edits.push({ from: comma, to: comma + 1, text: `;${text} ${keyword}` });
      }
      return;
    }
    this.#visit(statement);
    if (ts.isClassDeclaration(statement) && statement.name)
      this.#insert(statement.end, copies([statement.name]));
  }

  #visit(node: ts.Node): void {
    if (ts.isAwaitExpression(node) || (ts.isForOfStatement(node) && node.awaitModifier)) {
      if (!isInFunction(node)) this.#isAsync = true;
    }
    if (ts.isIdentifier(node)) return this.#identifier(node);
    if (ts.isMetaProperty(node) && node.keywordToken === ts.SyntaxKind.ImportKeyword)
      return this.#replace(node, `${this.#names.load}.meta`);
    if (node.kind === ts.SyntaxKind.ImportKeyword) return this.#replace(node, `${this.#names.load}.dynamic`);
    if (ts.isVariableDeclarationList(node) && this.#isTopVar(node)) return this.#assignments(node);
    const named = this.#anonymousTarget(node);
    if (named) this.#insert(node.getStart(this.#file), `({ ${named}: `);
    ts.forEachChild(node, (child) => this.#visit(child));
    if (named) this.#insert(node.end, ` }).${named}`);
  }

  /** The declarations of a `var` of the cell → assignments. */
  #assignments(list: ts.VariableDeclarationList): void {
    const isLoop = ts.isForInStatement(list.parent) || ts.isForOfStatement(list.parent);
    if (!ts.isVariableStatement(list.parent) || !ts.isSourceFile(list.parent.parent)) {
      for (const { text } of list.declarations.flatMap(({ name }) => namesOf(name))) this.#inBlocks.add(text);
    }
    const from = list.getStart(this.#file);
    this.#edits.push({ from, to: from + "var".length, text: isLoop ? "" : "(" });
    ts.forEachChild(list, (child) => this.#visit(child));
    if (!isLoop) this.#insert(list.end, ")");
  }

  #identifier(node: ts.Identifier): void {
    const { parent } = node;
    if (isOnlyName(node)) return;
    const isDeclaration =
      "name" in parent && parent.name === node && !ts.isShorthandPropertyAssignment(parent);
    if (isDeclaration) {
      const list = listOf(node);
      if (!list || !this.#isTopVar(list)) return;
    }
    if (!this.#isShared(node)) return;
    const { text } = node;
    const property = `${this.#names.values}.${text}`;
    const isShort =
      ts.isShorthandPropertyAssignment(parent) ||
      (ts.isBindingElement(parent) &&
        ts.isObjectBindingPattern(parent.parent) &&
        !parent.propertyName &&
        !parent.dotDotDotToken);
    const isCalled =
      (ts.isCallExpression(parent) && parent.expression === node) ||
      (ts.isTaggedTemplateExpression(parent) && parent.tag === node);
    if (isShort && node === parent.name) this.#replace(node, `${text}: ${property}`);
    else this.#replace(node, isCalled ? `(0, ${property})` : property);
  }

  /** Whether the identifier means a name that all cells share. */
  #isShared(node: ts.Identifier): boolean {
    const symbol = ts.isShorthandPropertyAssignment(node.parent)
      ? node.parent.name === node
        ? this.#checker.getShorthandAssignmentValueSymbol(node.parent)
        : this.#checker.getSymbolAtLocation(node)
      : this.#checker.getSymbolAtLocation(node);
    const { text } = node;
    if (!symbol?.declarations?.length) {
      if (NOT_REFERENCES.test(text)) return false;
      if (!this.#known.has(text)) this.#foreign.add(text);
      return this.#known.has(text);
    }
    if (this.#top.get(text) !== symbol) return false;
    const [declaration] = symbol.declarations;
    if (!declaration) return true;
    // A class knows itself before it has a value for the others, and a pattern its own names.
    if (ts.isClassDeclaration(declaration)) return !isInside(node, declaration);
    const pattern = ts.isBindingElement(declaration) ? patternOf(declaration) : undefined;
    const list = listOf(declaration);
    return !(pattern && isInside(node, pattern) && !(list && this.#isTopVar(list)));
  }

  /**
   * The shared name that an anonymous function gets by the assignment whose right side it is. It
   * would get none from an assignment to a property.
   */
  #anonymousTarget(node: ts.Node): string | null {
    const target = nameGiver(node);
    if (!target) return null;
    const list = listOf(target);
    if (list && !this.#isTopVar(list)) return null;
    return this.#isShared(target) ? target.text : null;
  }

  /** Whether the list declares with `var`, outside of all functions. */
  #isTopVar(list: ts.VariableDeclarationList): boolean {
    return !(list.flags & ts.NodeFlags.BlockScoped) && !isInFunction(list);
  }

  /** The expression whose value the kernel prints. */
  #shown(expression: ts.Expression): void {
    this.#insert(expression.getStart(this.#file), `${this.#names.exports}.${LAST_NAME} = (`);
    this.#visit(expression);
    this.#insert(expression.end, ")");
  }

  #insert(at: number, text: string): void {
    this.#edits.push({ from: at, to: at, text });
  }

  #replace(node: ts.Node, text: string): void {
    this.#edits.push({ from: node.getStart(this.#file), to: node.end, text });
  }
}

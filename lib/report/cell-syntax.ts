/** Questions about a cell's code: the meaning of its names, and the place of each name. */
import ts from "typescript";

/** The code of a cell, or of a text's expression, without the meaning of its names. */
export function parseCode(source: string): ts.SourceFile {
  return ts.createSourceFile("cell.ts", source, ts.ScriptTarget.ES2022, true);
}

/** The code as a module of its own, with the meaning of each name in it. */
export function bind(code: string): { file: ts.SourceFile; checker: ts.TypeChecker } {
  const file = ts.createSourceFile("cell.ts", `${code}\nexport {};`, ts.ScriptTarget.ESNext, true);
  const host: ts.CompilerHost = {
    getSourceFile: (name) => (name === file.fileName ? file : undefined),
    getDefaultLibFileName: () => "",
    writeFile: () => {},
    getCurrentDirectory: () => "",
    getCanonicalFileName: (name) => name,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => "\n",
    fileExists: (name) => name === file.fileName,
    readFile: () => undefined,
  };
  const options = { noLib: true, noResolve: true, types: [], target: ts.ScriptTarget.ESNext };
  return { file, checker: ts.createProgram([file.fileName], options, host).getTypeChecker() };
}

/** Whether the identifier names a property, a method or a label, and so means no variable. */
export function isOnlyName(node: ts.Identifier): boolean {
  const { parent } = node;
  if (ts.isPropertyAccessExpression(parent)) return parent.name === node;
  if (ts.isBindingElement(parent)) return parent.propertyName === node;
  if (ts.isLabeledStatement(parent) || ts.isBreakOrContinueStatement(parent)) return true;
  if (ts.isMetaProperty(parent)) return true;
  const isMember =
    ts.isPropertyAssignment(parent) || ts.isClassElement(parent) || ts.isMethodDeclaration(parent);
  return isMember && parent.name === node;
}

export function namesOf(name: ts.BindingName): ts.Identifier[] {
  if (ts.isIdentifier(name)) return [name];
  return name.elements.flatMap((one) => (ts.isBindingElement(one) ? namesOf(one.name) : []));
}

/** The list of `var`, `let` or `const` in whose pattern or name the node stands. */
export function listOf(node: ts.Node): ts.VariableDeclarationList | undefined {
  let outer = node;
  while (ts.isIdentifier(outer) || ts.isBindingElement(outer) || ts.isBindingName(outer))
    outer = outer.parent;
  return ts.isVariableDeclaration(outer) && ts.isVariableDeclarationList(outer.parent)
    ? outer.parent
    : undefined;
}

/** The outermost pattern of a declaration. */
export function patternOf(element: ts.BindingElement): ts.Node {
  let outer: ts.Node = element;
  while (ts.isBindingElement(outer) || ts.isBindingName(outer.parent)) outer = outer.parent;
  return outer;
}

export function isInside(node: ts.Node, outer: ts.Node): boolean {
  return outer.pos <= node.pos && node.end <= outer.end;
}

export function isInFunction(node: ts.Node): boolean {
  for (let outer = node.parent; !ts.isSourceFile(outer); outer = outer.parent) {
    if (ts.isFunctionLike(outer) || ts.isClassStaticBlockDeclaration(outer)) return true;
  }
  return false;
}

/** The name that an anonymous function gets by the assignment whose right side it is. */
export function nameGiver(node: ts.Node): ts.Identifier | undefined {
  const isAnonymous =
    ts.isArrowFunction(node) ||
    ((ts.isFunctionExpression(node) || ts.isClassExpression(node)) && node.name === undefined);
  if (!isAnonymous) return undefined;
  const { parent } = node;
  let target: ts.Node | undefined;
  if (ts.isBinaryExpression(parent) && parent.right === node && isAssignment(parent.operatorToken.kind))
    target = parent.left;
  else if (
    ts.isShorthandPropertyAssignment(parent) ||
    ts.isVariableDeclaration(parent) ||
    ts.isBindingElement(parent)
  )
    target = parent.name;
  return target && ts.isIdentifier(target) ? target : undefined;
}

function isAssignment(kind: ts.SyntaxKind): boolean {
  return [
    ts.SyntaxKind.EqualsToken,
    ts.SyntaxKind.BarBarEqualsToken,
    ts.SyntaxKind.AmpersandAmpersandEqualsToken,
    ts.SyntaxKind.QuestionQuestionEqualsToken,
  ].includes(kind);
}

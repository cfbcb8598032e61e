/**
 * The code of a notebook's cells → the expressions that define each of its names.
 *
 * A name can have several: `let` and later assignments, or the default of a pattern. The 0 from
 * which a sum or a counter starts does not count.
 */
import ts from "typescript";

/** Each name of the code → the expressions that define it. */
export function definitionsIn(file: ts.SourceFile): Map<string, ts.Node[]> {
  const definitions = new Map<string, ts.Node[]>();
  const define = (name: ts.Node, value: ts.Node): void => {
    if (ts.isIdentifier(name)) definitions.set(name.text, [...(definitions.get(name.text) ?? []), value]);
    else if (ts.isObjectBindingPattern(name) || ts.isArrayBindingPattern(name)) {
      for (const element of name.elements) {
        if (!ts.isBindingElement(element)) continue;
        define(element.name, value);
        if (element.initializer) define(element.name, element.initializer);
      }
    }
  };
  const changed = changedNames(file);
  visit(file, (node) => {
    if (ts.isFunctionDeclaration(node) && node.name) define(node.name, node);
    if (ts.isVariableDeclaration(node) && node.initializer) {
      const isStart = node.initializer.getText() === "0" && changed.has(node.name.getText());
      if (!isStart) define(node.name, node.initializer);
    }
    if (ts.isBinaryExpression(node) && node.operatorToken.kind === ts.SyntaxKind.EqualsToken) {
      define(node.left, node.right);
    }
  });
  return definitions;
}

/** Names with a later value: of a sum (`n += 1`), a counter (`n++`), a statement of the cell. */
function changedNames(file: ts.SourceFile): Set<string> {
  const names = new Set<string>();
  visit(file, (node) => {
    if (ts.isPostfixUnaryExpression(node) || ts.isPrefixUnaryExpression(node)) {
      const { operator } = node;
      if (operator === ts.SyntaxKind.PlusPlusToken || operator === ts.SyntaxKind.MinusMinusToken)
        names.add(node.operand.getText());
    } else if (ts.isBinaryExpression(node)) {
      const { kind } = node.operatorToken;
      const isSum = kind >= ts.SyntaxKind.PlusEqualsToken && kind <= ts.SyntaxKind.PercentEqualsToken;
      const isAlways =
        kind === ts.SyntaxKind.EqualsToken &&
        ts.isExpressionStatement(node.parent) &&
        ts.isSourceFile(node.parent.parent);
      if (isSum || isAlways) names.add(node.left.getText());
    }
  });
  return names;
}

/** Tells each node of a tree, from the top. */
export function visit(node: ts.Node, tell: (node: ts.Node) => void): void {
  tell(node);
  ts.forEachChild(node, (child) => visit(child, tell));
}

/**
 * Values ↔ literals of TypeScript: the compiler reads and writes them, so no text is pasted.
 */
import ts from "typescript";

/** A value that a literal can write: JSON's values and bigints. */
export type LiteralValue =
  string | number | bigint | boolean | null | LiteralValue[] | Map<string, LiteralValue>;

const MINUS = ts.SyntaxKind.MinusToken;

/** The value of a literal; undefined: the expression is no literal, e.g. a call. */
export function readLiteral(node: ts.Expression): LiteralValue | undefined {
  if (ts.isStringLiteralLike(node)) return node.text;
  if (ts.isNumericLiteral(node)) return Number(node.text);
  if (ts.isBigIntLiteral(node)) return BigInt(node.text.slice(0, -1));
  if (node.kind === ts.SyntaxKind.TrueKeyword) return true;
  if (node.kind === ts.SyntaxKind.FalseKeyword) return false;
  if (node.kind === ts.SyntaxKind.NullKeyword) return null;
  if (ts.isPrefixUnaryExpression(node) && node.operator === MINUS) {
    const value = readLiteral(node.operand);
    return typeof value === "number" || typeof value === "bigint" ? -value : undefined;
  }
  if (ts.isArrayLiteralExpression(node)) {
    const values = node.elements.map(readLiteral);
    return values.every((value) => value !== undefined) ? values : undefined;
  }
  return ts.isObjectLiteralExpression(node) ? readObject(node) : undefined;
}

/** The value of a literal's code; undefined: the code is no literal. */
export function readLiteralCode(code: string): LiteralValue | undefined {
  const [statement] = ts.createSourceFile(
    "literal.ts",
    `(${code}\n)`,
    ts.ScriptTarget.Latest,
    true,
  ).statements;
  const isOne =
    statement && ts.isExpressionStatement(statement) && ts.isParenthesizedExpression(statement.expression);
  return isOne ? readLiteral(statement.expression.expression) : undefined;
}

function readObject(node: ts.ObjectLiteralExpression): Map<string, LiteralValue> | undefined {
  const entries = new Map<string, LiteralValue>();
  for (const property of node.properties) {
    const name =
      property.name && ts.isComputedPropertyName(property.name) ? property.name.expression : property.name;
    const isNamed =
      name && (ts.isIdentifier(name) || ts.isStringLiteralLike(name) || ts.isNumericLiteral(name));
    const value = ts.isPropertyAssignment(property) ? readLiteral(property.initializer) : undefined;
    if (!isNamed || value === undefined) return undefined;
    if (ts.isIdentifier(name) && ts.isComputedPropertyName(property.name!)) return undefined;
    entries.set(name.text, value);
  }
  return entries;
}

/** The code of a literal with this value. */
export function writeLiteral(value: LiteralValue): string {
  const source = ts.createSourceFile("literal.ts", "", ts.ScriptTarget.Latest);
  return ts.createPrinter().printNode(ts.EmitHint.Expression, expressionOf(value), source);
}

function expressionOf(value: LiteralValue): ts.Expression {
  const { factory } = ts;
  if (typeof value === "string") return textOf(value);
  if (typeof value === "boolean") return value ? factory.createTrue() : factory.createFalse();
  if (value === null) return factory.createNull();
  if (typeof value === "bigint") {
    const literal = factory.createBigIntLiteral(`${value < 0n ? -value : value}n`);
    return value < 0n ? factory.createPrefixUnaryExpression(MINUS, literal) : literal;
  }
  if (typeof value === "number") {
    const literal = factory.createNumericLiteral(Math.abs(value));
    const isNegative = value < 0 || Object.is(value, -0);
    return isNegative ? factory.createPrefixUnaryExpression(MINUS, literal) : literal;
  }
  if (Array.isArray(value)) return factory.createArrayLiteralExpression(value.map(expressionOf));
  const properties = [...value].map(([name, each]) => {
    // `{ "__proto__": … }` would set the prototype.
    const key = name === "__proto__" ? factory.createComputedPropertyName(textOf(name)) : textOf(name);
    return factory.createPropertyAssignment(key, expressionOf(each));
  });
  return factory.createObjectLiteralExpression(properties);
}

function textOf(text: string): ts.StringLiteral {
  return ts.setEmitFlags(ts.factory.createStringLiteral(text), ts.EmitFlags.NoAsciiEscaping);
}

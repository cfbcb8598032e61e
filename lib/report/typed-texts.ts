/**
 * A cell's code → the texts and numbers of the code that become part of a sentence.
 *
 * Sentences are the templates of `say` and `headline`, tiles, captions, titles, and texts inside a
 * chart's call, but for statements (sql-texts.ts). A constant counts as its definition, in any cell
 * of the notebook. A call is a result: of a call in a definition only the receiver is followed, as
 * in `["12", "rows"].join(" ")`. A number of a calculation is typed if the reader can see it: the 0
 * of `sold ?? 0` or `(sold ?? 0) * 100`. The 0 from which a sum starts is no such number.
 */
import ts from "typescript";
import { shortened } from "../untrusted.ts";
import { parseCode } from "./cell-syntax.ts";
import { definitionsIn, visit } from "./definitions.ts";
import { calledName, isFunction, proseArguments, readsSql } from "./sql-texts.ts";

const VALUE = "\uFFFC"; // stands for a value in a template
const CHART = /^show$|(?:^b|B)ars$|^steps$|Chart$/;
const TO_TEXT = /^(?:String|Number|BigInt|concat|join|repeat|padStart|padEnd|replace|replaceAll)$/;
const ROUNDING = /^(?:round|floor|ceil|trunc|abs|parseFloat|parseInt|toFixed)$/;
const MAX_ORIGIN = 60; // characters
const ARITHMETIC = [
  ts.SyntaxKind.PlusToken,
  ts.SyntaxKind.MinusToken,
  ts.SyntaxKind.AsteriskToken,
  ts.SyntaxKind.AsteriskAsteriskToken,
  ts.SyntaxKind.SlashToken,
  ts.SyntaxKind.PercentToken,
];
const CHOICES = [
  ts.SyntaxKind.BarBarToken,
  ts.SyntaxKind.AmpersandAmpersandToken,
  ts.SyntaxKind.QuestionQuestionToken,
  ts.SyntaxKind.CommaToken,
];

/** A text or a number of the code. */
export interface TypedText {
  text: string;
  of: string | null; // the expression around it, e.g. "sold ?? 0"; null: it stands alone
}

/** The typed texts of the sentences in `source`; `code` holds the definitions of its constants. */
export function typedTexts(source: string, code = source): TypedText[] {
  const reader = new TextReader(definitionsIn(parseCode(code)));
  const found: TypedText[] = [];
  visit(parseCode(source), (node) => {
    if (ts.isTaggedTemplateExpression(node) && /^(?:say|headline)$/.test(calledName(node.tag))) {
      found.push(...reader.read(node.template));
    } else if (ts.isCallExpression(node)) {
      if (CHART.test(calledName(node.expression)) && !isInChart(node)) found.push(...reader.readTexts(node));
      if (calledName(node.expression) === "tiles") found.push(...reader.readTiles(node));
    } else if (
      (ts.isPropertyAssignment(node) || ts.isShorthandPropertyAssignment(node)) &&
      /^["']?(?:caption|title)["']?$/.test(node.name.getText()) &&
      !isInChart(node)
    ) {
      found.push(...reader.read(ts.isPropertyAssignment(node) ? node.initializer : node.name));
    }
  });
  return found;
}

/** All texts of the code: literals, and the fixed parts of templates. */
export function textsOfCode(source: string): string[] {
  const found: string[] = [];
  visit(parseCode(source), (node) => {
    if (ts.isStringLiteralLike(node) || ts.isTemplateLiteralToken(node)) found.push(node.text);
  });
  return found;
}

/** Reads the typed texts of expressions. */
class TextReader {
  readonly #definitions: Map<string, ts.Node[]>;
  readonly #open = new Set<string>(); // names whose definitions are being read

  constructor(definitions: Map<string, ts.Node[]>) {
    this.#definitions = definitions;
  }

  /** The texts that become part of the expression's text. */
  read(node: ts.Node, inDefinition = false): TypedText[] {
    const read = (inner: ts.Node): TypedText[] => this.read(inner, inDefinition);
    if (ts.isStringLiteralLike(node)) return [typedText(node, node.text)];
    if (ts.isNumericLiteral(node) || ts.isBigIntLiteral(node)) return [typedText(node, node.getText())];
    if (ts.isIdentifier(node)) return this.#readDefinitions(node.text);
    if (ts.isTemplateExpression(node)) {
      const text = node.head.text + node.templateSpans.map(({ literal }) => VALUE + literal.text).join("");
      return [typedText(node, text), ...node.templateSpans.flatMap(({ expression }) => read(expression))];
    }
    if (ts.isConditionalExpression(node)) return [node.whenTrue, node.whenFalse].flatMap(read);
    if (ts.isBinaryExpression(node)) return this.#readBinary(node, inDefinition);
    if (ts.isArrayLiteralExpression(node)) return node.elements.flatMap(read);
    if (ts.isObjectLiteralExpression(node)) {
      return node.properties.flatMap((one) => (ts.isPropertyAssignment(one) ? read(one.initializer) : []));
    }
    if (ts.isPropertyAccessExpression(node)) {
      return ["length", "size"].includes(node.name.text) ? [] : read(node.expression);
    }
    if (ts.isElementAccessExpression(node)) return read(node.expression);
    if (ts.isCallExpression(node)) return this.#readCall(node, inDefinition);
    if (isFunction(node)) {
      const { body } = node;
      if (body === undefined) return [];
      return ts.isBlock(body) ? this.readTexts(body) : read(body);
    }
    if (ts.isTaggedTemplateExpression(node)) return readsSql(calledName(node.tag)) ? [] : read(node.template);
    const inner = (node as Partial<ts.ParenthesizedExpression>).expression ?? operandOf(node);
    return inner === undefined ? [] : read(inner); // (x), x as string, x!, await x, -x, ...x
  }

  /** The texts anywhere in the node; of a title or caption also its constants. */
  readTexts(node: ts.Node): TypedText[] {
    if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) return this.read(node);
    if (ts.isElementAccessExpression(node)) return this.readTexts(node.expression);
    if (ts.isTaggedTemplateExpression(node) && readsSql(calledName(node.tag))) return [];
    const found: TypedText[] = [];
    const children = ts.isCallExpression(node)
      ? [node.expression, ...this.#proseArguments(node)]
      : childrenOf(node);
    children.forEach((child) => {
      const isTitle = ts.isPropertyAssignment(node) && /^(?:title|caption)$/.test(node.name.getText());
      const isValue = isTitle && child === node.initializer;
      const isName = ts.isShorthandPropertyAssignment(node) && /^(?:title|caption)$/.test(node.name.text);
      found.push(...(isValue || isName ? this.read(child) : this.readTexts(child)));
    });
    return found;
  }

  /** The texts and numbers of tiles. */
  readTiles(call: ts.CallExpression): TypedText[] {
    const found: TypedText[] = [];
    visit(call, (node) => {
      if (ts.isPropertyAssignment(node) && /^(?:label|value|note)$/.test(node.name.getText()))
        found.push(...this.read(node.initializer));
    });
    return found;
  }

  #readDefinitions(name: string): TypedText[] {
    if (this.#open.has(name)) return [];
    this.#open.add(name);
    const found = (this.#definitions.get(name) ?? []).flatMap((node) => this.read(node, true));
    this.#open.delete(name);
    return found;
  }

  /** Joined texts, a choice of texts, or a calculation: of results, or only of typed numbers. */
  #readBinary(node: ts.BinaryExpression, inDefinition: boolean): TypedText[] {
    const sides = [node.left, node.right];
    const { kind } = node.operatorToken;
    const isJoined = kind === ts.SyntaxKind.PlusToken && this.#isText(node);
    if (isJoined || CHOICES.includes(kind)) return sides.flatMap((side) => this.read(side, inDefinition));
    if (!ARITHMETIC.includes(kind)) return [];
    const [left, right] = sides.map((side) => this.#readOperand(side, inDefinition)) as [
      TypedText[],
      TypedText[],
    ];
    const isProduct = kind === ts.SyntaxKind.AsteriskToken;
    const zeros = [...left, ...(isProduct ? right : [])].filter(isZero); // 0 times n is 0
    if (zeros.length > 0 && (isProduct || kind === ts.SyntaxKind.SlashToken)) return zeros;
    return left.length > 0 && right.length > 0 ? [...left, ...right] : [];
  }

  /** The typed numbers of an operand. A property or a call's result is no typed number. */
  #readOperand(node: ts.Node, inDefinition: boolean): TypedText[] {
    const isRead = ts.isPropertyAccessExpression(node) || ts.isCallExpression(node);
    return isRead && !ROUNDING.test(calledName(ts.isCallExpression(node) ? node.expression : node))
      ? []
      : this.read(node, inDefinition).filter(({ text }) => isNumber(text));
  }

  #proseArguments(call: ts.CallExpression): readonly ts.Node[] {
    return proseArguments(call, this.#definitions.get(calledName(call.expression)) ?? []);
  }

  #readCall(call: ts.CallExpression, inDefinition: boolean): TypedText[] {
    const { expression } = call;
    const given = this.#proseArguments(call);
    const isMethod = ts.isPropertyAccessExpression(expression);
    const found = this.read(isMethod ? expression.expression : expression, inDefinition);
    const name = calledName(expression);
    if (TO_TEXT.test(name)) {
      return [...found, ...given.flatMap((argument) => this.read(argument, inDefinition))];
    }
    if (ROUNDING.test(name)) {
      const [value] = given;
      return name === "toFixed" || value === undefined ? found : this.read(value, inDefinition);
    }
    return inDefinition ? found : [...found, ...given.flatMap((argument) => this.readTexts(argument))];
  }

  #isText(node: ts.Node): boolean {
    if (ts.isStringLiteralLike(node) || ts.isTemplateExpression(node)) return true;
    if (ts.isParenthesizedExpression(node)) return this.#isText(node.expression);
    return ts.isBinaryExpression(node) && (this.#isText(node.left) || this.#isText(node.right));
  }
}

/** The text with the expression or the definition around it. */
function typedText(node: ts.Node, text: string): TypedText {
  let whole = node;
  while (isPartOfExpression(whole.parent)) whole = whole.parent;
  if (ts.isVariableDeclaration(whole.parent)) whole = whole.parent;
  const code = whole === node ? "" : whole.getText().replace(/\s+/g, " ");
  return { text, of: code === "" ? null : shortened(code, MAX_ORIGIN) };
}

function isPartOfExpression(node: ts.Node): boolean {
  return (
    ts.isBinaryExpression(node) ||
    ts.isConditionalExpression(node) ||
    ts.isParenthesizedExpression(node) ||
    ts.isCallExpression(node) ||
    ts.isPropertyAccessExpression(node)
  );
}

function childrenOf(node: ts.Node): ts.Node[] {
  const children: ts.Node[] = [];
  ts.forEachChild(node, (child) => {
    children.push(child);
  });
  return children;
}

function isNumber(text: string): boolean {
  return /^\d[\d_.]*n?$/.test(text);
}

function isZero({ text }: TypedText): boolean {
  return Number(text) === 0;
}

/** Whether a call of a chart surrounds the node: that call's texts include the node's. */
function isInChart(node: ts.Node): boolean {
  for (let outer = node.parent; !ts.isSourceFile(outer); outer = outer.parent) {
    if (ts.isCallExpression(outer) && CHART.test(calledName(outer.expression))) return true;
  }
  return false;
}

function operandOf(node: ts.Node): ts.Node | undefined {
  return ts.isPrefixUnaryExpression(node) ? node.operand : undefined;
}

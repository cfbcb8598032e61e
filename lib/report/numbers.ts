/**
 * A notebook that has run → the numbers in its prose that no result stands behind.
 *
 * Sentences take their numbers from results, so a digit typed into a `say` is a bug. Markdown cells
 * are written before the run; a number there (of the original, of a status) must be one that some
 * output of the notebook shows. Words such as "eleven", names such as p50 and code are not looked at.
 */
import ts from "typescript";
import { type CodeCell, isCode, type Notebook } from "./notebook.ts";
import { isStream, textOf } from "./outputs.ts";

const NUMBER = /(?<![\w.,/-])\d[\d,]*(?:\.\d+)?(?![\w/-])/g;
const CODE = /```[\s\S]*?```|`[^`]*`|\]\([^)]*\)/g; // fenced, in a line, and where links lead

/** The numbers typed into the sentences that a cell says, in the order of the text. */
export function typedNumbers(source: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isCallExpression(node) && node.expression.getText(file) === "say")
      for (const text of node.arguments.flatMap(textsOf)) found.push(...numbersIn(text));
    ts.forEachChild(node, visit);
  };
  const file = ts.createSourceFile("cell.ts", source, ts.ScriptTarget.ES2022, true);
  visit(file);
  return found;
}

/** The numbers of the Markdown cells that no output of the notebook shows. */
export function unshownNumbers({ cells }: Notebook): string[] {
  const shown = new Set(cells.filter(isCode).flatMap(shownBy).flatMap(numbersIn));
  return cells
    .filter((cell) => !isCode(cell))
    .flatMap(({ source }) => numbersIn(source))
    .filter((number) => !shown.has(number));
}

/** The numbers of a text outside code, without the commas between their digits. */
function numbersIn(text: string): string[] {
  const numbers = text.replace(CODE, " ").match(NUMBER) ?? [];
  return numbers.map((number) => number.replaceAll(",", ""));
}

function shownBy({ outputs }: CodeCell): string[] {
  return outputs.flatMap((output) => {
    if (isStream(output)) return [textOf(output.text)];
    if (output.output_type !== "display_data") return [];
    const plain = output.data["text/plain"];
    return typeof plain === "string" ? [plain] : [];
  });
}

/** What of an argument was typed: a text, or a template without what is put into it. */
function textsOf(argument: ts.Expression): string[] {
  if (ts.isStringLiteralLike(argument)) return [argument.text];
  if (!ts.isTemplateExpression(argument)) return [];
  return [argument.head.text, ...argument.templateSpans.map(({ literal }) => literal.text)];
}

/**
 * A notebook that has run → the numbers in its prose that do not come from a result.
 *
 * Sentences take their numbers from results, so a number typed into a `say`, a caption or a title
 * is a bug. Markdown cells are written before the run. So an output of the notebook must show each
 * of their numbers, and the number must be in digits, because only digits can be compared.
 *
 * So words for numbers are refused: two to ninety-nine, zero, hundred, thousand, million, dozen,
 * half, twice, fractions ("a third of"). "One" and "once" seldom count ("one of them", "at once").
 * They are refused after exactly, only, just, at most, at least, all but, and before a unit of time
 * ("once a second"). Allowed are ordinals ("the second row"), names such as p50, compounds such as
 * two-way, and code.
 */
import ts from "typescript";
import { type CodeCell, isCode, type Notebook } from "./notebook.ts";
import { isStream, textOf } from "./outputs.ts";

const NUMBER = /(?<![\w.,/-])\d[\d,]*(?:\.\d+)?(?![\w/-])/g;
const UNITS = "one|two|three|four|five|six|seven|eight|nine";
const WORDS = [
  `zero|${UNITS.replace("one|", "")}|ten|eleven|twelve|(?:thir|four|fif|six|seven|eigh|nine)teen`,
  `(?:twen|thir|for|fif|six|seven|eigh|nine)ty(?:-(?:${UNITS}))?|half|twice|thrice`,
  "(?:hundred|thousand|million|dozen)s?|(?:a|one) (?:third|quarter|fifth|tenth) of",
  "(?:exactly|only|just|at most|at least|all but) (?:one|once)",
  "(?:one|once an?|once every) (?:millisecond|second|minute|hour|day|week)",
].join("|");
const WORD = new RegExp(`(?<![\\w-])(?:${WORDS})(?![\\w-])`, "gi");
const SENTENCES = ["caption", "title"]; // options of tables and charts
const CODE = /```[\s\S]*?```|`[^`]*`|\]\([^)]*\)/g; // in fences, in lines, and links' addresses

/** The numbers typed into a cell's sentences, captions and titles, in the order of the text. */
export function typedNumbers(source: string): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    const said =
      ts.isCallExpression(node) && node.expression.getText(file) === "say"
        ? node.arguments
        : ts.isPropertyAssignment(node) && SENTENCES.includes(node.name.getText(file))
          ? [node.initializer]
          : [];
    for (const text of said.flatMap(textsOf)) found.push(...numbersIn(text), ...spelledNumbers(text));
    ts.forEachChild(node, visit);
  };
  const file = ts.createSourceFile("cell.ts", source, ts.ScriptTarget.ES2022, true);
  visit(file);
  return found;
}

/** The words for numbers in a text, without its code. */
export function spelledNumbers(text: string): string[] {
  return text.replace(CODE, " ").replace(/\s+/g, " ").match(WORD) ?? [];
}

/**
 * Numbers of the Markdown cells that no output of the notebook shows, and all words for numbers.
 */
export function unshownNumbers({ cells }: Notebook): string[] {
  const shown = new Set(cells.filter(isCode).flatMap(shownBy).flatMap(numbersIn));
  return cells
    .filter((cell) => !isCode(cell))
    .flatMap(({ source }) => [
      ...numbersIn(source).filter((number) => !shown.has(number)),
      ...spelledNumbers(source),
    ]);
}

/** The numbers of a text, without its code and without commas between digits. */
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

/** The literal parts of an argument: of a text, a template, or texts joined by `+`. */
function textsOf(argument: ts.Expression): string[] {
  if (ts.isStringLiteralLike(argument) || ts.isNumericLiteral(argument)) return [argument.text];
  if (ts.isBinaryExpression(argument)) return [argument.left, argument.right].flatMap(textsOf);
  if (!ts.isTemplateExpression(argument)) return [];
  const spans = argument.templateSpans.flatMap(({ expression, literal }) => [
    ...(ts.isLiteralExpression(expression) ? textsOf(expression) : []), // `${11} rounds`
    literal.text,
  ]);
  return [argument.head.text, ...spans];
}

/**
 * A notebook that has run → the numbers in its prose that no result stands behind.
 *
 * Sentences take their numbers from results, so a number that is typed into a `say`, a caption or a title
 * is a bug. Markdown cells are written before the run; a number there (of the original, of a status) must
 * be in some output of the notebook, and it must be in digits, since only digits can be compared.
 *
 * So words for numbers are refused: two to ninety-nine, zero, hundred, thousand, million, dozen, half, twice,
 * fractions ("a third of"). "One" and "once" are mostly no counts ("one of them", "at once"); they are refused
 * after exactly, only, just, at most, at least, all but, and before a unit of time ("once a second").
 * Ordinals name a place ("the second row"). Names such as p50, compounds such as two-way, and code are skipped.
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
const CODE = /```[\s\S]*?```|`[^`]*`|\]\([^)]*\)/g; // fenced, in a line, and where links lead

/** The numbers typed into what a cell says: sentences, captions, titles, in the order of the text. */
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

/** The words for numbers in a text outside code. */
export function spelledNumbers(text: string): string[] {
  return text.replace(CODE, " ").replace(/\s+/g, " ").match(WORD) ?? [];
}

/** The numbers of the Markdown cells that no output of the notebook shows, and those in words. */
export function unshownNumbers({ cells }: Notebook): string[] {
  const shown = new Set(cells.filter(isCode).flatMap(shownBy).flatMap(numbersIn));
  return cells
    .filter((cell) => !isCode(cell))
    .flatMap(({ source }) => [
      ...numbersIn(source).filter((number) => !shown.has(number)),
      ...spelledNumbers(source),
    ]);
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

/** The typed parts of an argument: of a text, of a template without its values, of texts joined by `+`. */
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

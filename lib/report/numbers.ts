/**
 * A notebook that has run → the numbers in its prose that do not come from a result.
 *
 * A sentence, a caption or a title takes its numbers from results. So a number is refused if a text
 * or a number of the code becomes part of it: directly, by a condition, or by a constant. And once
 * the cell has run, no sent sentence may contain a text of the code that has a number in it.
 * Markdown cells are written before the run: an output must show each of their numbers, in digits.
 */
import { CHART_TYPE, TABLE_TYPE } from "../ask/show.ts";
import { type CodeCell, isCode, isMarkdown, type Notebook } from "./notebook.ts";
import { numbersIn, proseOf, spelledNumbers } from "./number-forms.ts";
import { isStream, textOf } from "./outputs.ts";
import { textsOfCode, typedTexts } from "./typed-texts.ts";

/**
 * The numbers typed into a cell's sentences, captions and titles, in the order of the text.
 * @param code the code of the notebook, which may define the cell's constants
 */
export function typedNumbers(source: string, code = source): string[] {
  return typedTexts(source, code).flatMap(allNumbers);
}

/** The numbers in a cell's sent sentences, captions and titles that stand in texts of the code. */
export function sentNumbers({ outputs }: CodeCell, { cells }: Notebook): string[] {
  const sent = outputs.flatMap((output) =>
    output.output_type === "display_data" ? sentences(output.data).map(squeezed) : [],
  );
  const typed = cells
    .filter(isCode)
    .flatMap(({ source }) => textsOfCode(source))
    .filter((text) => /\p{L}/u.test(text) && allNumbers(text).length > 0);
  return [...new Set(typed)]
    .filter((text) => sent.some((sentence) => sentence.includes(squeezed(text))))
    .flatMap(allNumbers);
}

/**
 * Numbers of the Markdown cells that no output of the notebook shows, and all words for numbers.
 */
export function unshownNumbers({ cells }: Notebook): string[] {
  const shown = new Set(cells.filter(isCode).flatMap(shownBy).flatMap(withParts));
  return cells
    .filter(isMarkdown)
    .flatMap(({ source }) => [
      ...numbersIn(source).filter((number) => !shown.has(number)),
      ...spelledNumbers(source),
    ]);
}

function allNumbers(text: string): string[] {
  return [...numbersIn(text), ...spelledNumbers(text)];
}

/** A text's numbers; of numbers that only commas separate, each one too. */
function withParts(text: string): string[] {
  return numbersIn(text).flatMap((number) => [number, ...number.split(",")]);
}

/** The texts of an output that a reader reads as sentences. */
function sentences(data: Record<string, unknown>): string[] {
  const table = data[TABLE_TYPE] as { title?: string } | undefined;
  return [data["text/markdown"], table?.title, ...titlesOf(data[CHART_TYPE])].filter(
    (text) => typeof text === "string",
  );
}

/** The titles of a chart and of its parts, not of its data. */
function titlesOf(spec: unknown): unknown[] {
  if (typeof spec !== "object" || spec === null) return [];
  return Object.entries(spec).flatMap(([name, value]: [string, unknown]) => {
    if (["data", "datasets", "usermeta"].includes(name)) return [];
    if (["title", "subtitle", "text"].includes(name) && typeof value !== "object") return [value];
    return titlesOf(value);
  });
}

function squeezed(text: string): string {
  return proseOf(text).replace(/\s+/g, " ").trim();
}

function shownBy({ outputs }: CodeCell): string[] {
  return outputs.flatMap((output) => {
    if (isStream(output)) return [textOf(output.text)];
    if (output.output_type !== "display_data") return [];
    const plain = output.data["text/plain"];
    return typeof plain === "string" ? [plain] : [];
  });
}

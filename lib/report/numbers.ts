/**
 * A notebook → the numbers in its prose that look like results and come from none, cell by cell.
 *
 * Prose is the text between code, and the sentences, captions and titles of code. A number comes
 * from a result if the author binds it: `${…}` in `say`, `{{ … }}` in a text. A text or a number of
 * the code that becomes part of a sentence is typed as well: directly, by a condition, or by a
 * constant. Only the constants of a cell with the tag `parameters` are the author's own. Once a
 * cell has run, none of its sentences may contain a text of the code that has such a number.
 */
import { CHART_TYPE, TABLE_TYPE } from "../ask/show.ts";
import { bindingsOf, boundMetadata, planBindings, replaceBindings, textPlace } from "./bindings.ts";
import { type CodeCell, isCode, isMarkdown, type Notebook, NotebookError } from "./notebook.ts";
import { proseOf } from "./number-forms.ts";
import { resultNumbers } from "./own-numbers.ts";
import { textsOfCode, typedTexts } from "./typed-texts.ts";

const VALUE = "\uFFFC"; // stands for a bound value
/** The remedy for typed numbers. */
export const ADVICE = "bind them by ${…} or {{ … }}; a missing value: coalesce(…, 0) in the query";

/** Typed numbers of one cell. */
export interface TypedNumbers {
  place: string; // "cell 3", "text above cell 3"
  numbers: string[]; // "220"; with the expression of the code that has it: "0 (of sold ?? 0)"
}

interface TypedNumber {
  number: string;
  of: string | null; // the expression of the code that has it
}

/** The typed numbers of the notebook: of each text, and of each cell's sentences. */
export function typedIn(notebook: Notebook): TypedNumbers[] {
  const code = ownCode(notebook);
  const codes = notebook.cells.filter(isCode).length;
  let above = 0;
  const found = notebook.cells.map((cell): TypedNumbers => {
    if (isCode(cell)) {
      const typed = typedWithOrigin(cell.source, code);
      const sent = sentNumbers(cell, notebook).filter(
        (number) => !typed.some((one) => one.number === number),
      );
      return { place: `cell ${++above}`, numbers: [...new Set([...typed.map(written), ...sent])] };
    }
    const found = isMarkdown(cell) ? unbound(boundMetadata(cell)?.source ?? cell.source, code) : [];
    return { place: textPlace(above, codes), numbers: found.map(written) };
  });
  return found.filter(({ numbers }) => numbers.length > 0);
}

/**
 * Checks the notebook's prose before anything runs.
 * @throws NotebookError for a wrong binding; if the run is strict, also for typed numbers, all of
 * them.
 */
export function requireProse(notebook: Notebook, { isStrict = false }: { isStrict?: boolean }): void {
  planBindings(notebook);
  const typed = isStrict ? typedIn(notebook) : [];
  if (typed.length === 0) return;
  const list = typed.map(({ place, numbers }) => `\n  ${place}: ${numbers.join(", ")}`).join("");
  throw new NotebookError(notebook.name, `expected numbers from results; ${ADVICE}:${list}`);
}

/**
 * The typed numbers of a cell's sentences, captions and titles, in the order of the text.
 * @param code the code of the notebook, which may define the cell's constants
 */
export function typedNumbers(source: string, code = source): string[] {
  return typedWithOrigin(source, code).map(({ number }) => number);
}

function typedWithOrigin(source: string, code: string): TypedNumber[] {
  return typedTexts(source, code).flatMap(({ text, of }) =>
    resultNumbers(text).map((number) => ({ number, of })),
  );
}

function written({ number, of }: TypedNumber): string {
  return of === null ? number : `${number} (of ${of})`;
}

/** The numbers in a cell's sent sentences, captions and titles that stand in texts of the code. */
export function sentNumbers({ outputs }: CodeCell, notebook: Notebook): string[] {
  const sent = outputs.flatMap((output) =>
    output.output_type === "display_data" ? sentences(output.data).map(squeezed) : [],
  );
  if (sent.length === 0) return [];
  const typed = textsOfCode(ownCode(notebook)).filter(
    (text) => /\p{L}/u.test(text) && resultNumbers(text).length > 0,
  );
  return [...new Set(typed)]
    .filter((text) => sent.some((sentence) => sentence.includes(squeezed(text))))
    .flatMap(resultNumbers);
}

/** The typed numbers of a text: outside of its bindings, and in their expressions. */
export function unboundNumbers(source: string, code = ""): string[] {
  return unbound(source, code).map(({ number }) => number);
}

function unbound(source: string, code: string): TypedNumber[] {
  const own = resultNumbers(replaceBindings(source, () => VALUE));
  const typed = bindingsOf(source).flatMap(({ expression }) =>
    typedWithOrigin(`say\`\${${expression}}\``, code),
  );
  return [...own.map((number) => ({ number, of: null })), ...typed];
}

/** The code of all cells but those with the tag `parameters`. */
function ownCode({ cells }: Notebook): string {
  const isParameters = ({ metadata }: CodeCell): boolean =>
    Array.isArray(metadata.tags) &&
    metadata.tags.some((tag) => /^(?:injected-)?parameters$/.test(String(tag)));
  const own = cells.filter((cell) => isCode(cell) && !isParameters(cell));
  return own.map(({ source }) => source).join("\n");
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
    if (["title", "subtitle", "text"].includes(name)) {
      if (typeof value !== "object") return [value];
      if (Array.isArray(value)) return [value.join(" ")]; // the lines of a long title
    }
    return titlesOf(value);
  });
}

function squeezed(text: string): string {
  return proseOf(text).replace(/\s+/g, " ").trim();
}

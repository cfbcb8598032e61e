/**
 * The sentence, the numbers and their changes that stand on the report's first screen.
 *
 * The page's head shows them, and the place of their cell does not. A cell with the tag `headline`
 * shows its chart there too.
 */
import { forHtml, forTerminal } from "../untrusted.ts";
import { type Count, COUNTED_MIME, countedInSentence } from "./counted.ts";
import { forPeople } from "./format.ts";
import { RESULT_MIME, type ShownValue } from "./result.ts";
import { isCount, type Said, sendOutput, sentence } from "./show.ts";

/** The MIME type of a headline: its Markdown. */
export const HEADLINE_TYPE = "application/vnd.questlog.headline+json";
/** The MIME type of tiles: their numbers. */
export const TILES_TYPE = "application/vnd.questlog.tiles+json";

/** One number that matters. */
export interface Tile {
  label: string; // e.g. "items sold"
  value: number | bigint | string | Date | Count; // a string: one of Trino's decimals, or a text
  unit?: string; // e.g. "ms", "%" or "€"
  digits?: number; // decimals; default: as in charts and tables
  note?: string; // below the number
  name?: string; // in results.json; default: the label
}

/** A tile as the output holds it. */
export interface ShownTile {
  name: string;
  label: string;
  text: string; // the number for people, with its unit
  value: number | string | null; // the number for programs, a decimal as its text; null without one
  unit: string;
  digits?: number;
  note: string;
}

/**
 * Displays a sentence on the report's first screen; it takes its numbers from results, as `say`
 * does: headline`Players bought **${sold}** items.`
 */
export function headline(parts: TemplateStringsArray, ...values: Said[]): void {
  const bundle = sentence("headline", parts, values);
  sendOutput({ ...bundle, [HEADLINE_TYPE]: { markdown: bundle["text/markdown"] } });
}

/**
 * Displays numbers on the report's first screen, with their change since the previous report:
 * tiles([{ label: "items sold", value: sold }]).
 * @throws Error for a value that is not a number, a text, a time or a total
 */
export function tiles(list: readonly Tile[]): void {
  sendOutput(tilesBundle(list));
}

/** The output of tiles. */
export function tilesBundle(list: readonly Tile[]) {
  const shown = list.map(showTile);
  const records = list.flatMap(({ value }, i) =>
    isCount(value) ? countedInSentence(`${shown[i]!.text} ${shown[i]!.label}`, [value]) : [],
  );
  const values = shown.map(({ name, value, text }): ShownValue => {
    return { name, kind: "tile", value: value ?? text };
  });
  const html = shown.map(
    ({ label, text, note }) =>
      `<p><strong>${forHtml(forTerminal(text))}</strong> ${forHtml(forTerminal([label, note].filter(Boolean).join(", ")))}</p>`,
  );
  return {
    [TILES_TYPE]: { tiles: shown },
    "text/html": `<div class="mathjax_ignore">${html.join("\n")}</div>`,
    [RESULT_MIME]: { values },
    "text/plain": shown.map(({ label, text }) => `${label}: ${text}`).join("\n"),
    ...(records.length > 0 ? { [COUNTED_MIME]: records } : {}),
  };
}

function showTile({ label, value, unit = "", digits, note = "", name = label }: Tile): ShownTile {
  const one = isCount(value) ? totalIn(value, label) : value;
  const isWrong = one === null || one === undefined || typeof one === "boolean" || Number.isNaN(one);
  if (isWrong || (typeof one === "object" && !(one instanceof Date)))
    throw new Error(`tiles: expected a number, a text or a time for "${label}", got ${String(one)}`);
  const form = { unit, ...(digits === undefined ? {} : { digits }) };
  return { name, label, text: forPeople(one, form), value: numberIn(one), ...form, note };
}

/** The one number of a total. */
function totalIn({ values }: Count, label: string): number {
  if (values.length !== 1) {
    throw new Error(`tiles: expected one number for "${label}", got ${values.length}; totalOf adds them up`);
  }
  return values[0]!.number;
}

/** A decimal, and a bigint beyond 2^53, is a text with all of its digits. */
function numberIn(value: number | bigint | string | Date): number | string | null {
  if (typeof value === "number") return Number.isFinite(value) ? value : String(value);
  if (typeof value === "bigint") return Number.isSafeInteger(Number(value)) ? Number(value) : String(value);
  if (value instanceof Date) return value.toISOString();
  return /^-?\d+(\.\d+)?$/.test(value) ? value : null;
}

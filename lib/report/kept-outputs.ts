/**
 * Outputs of a cell, one by one → the first and the last of them in the cell, all of them in a
 * file.
 *
 * A cell can print 20 MB. Above the limits the cell has the beginning, a note with the size of the
 * left-out part, and the end. From then on a file beside the report gets all outputs as text.
 * Outputs can still come after the cell's end, so the cell's list is right at any time.
 */
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname } from "node:path";
import { stripVTControlCharacters } from "node:util";
import type { IDisplayData, IError, IStream, MultilineString } from "@jupyterlab/nbformat";
import { COUNTED_MIME } from "../ask/counted.ts";
import { CHART_TYPE } from "../ask/show.ts";
import type { Output } from "./notebook.ts";

export const CUT_TYPE = "application/vnd.questlog.cut+json";

/** Limits: characters of text, bytes of displays, and outputs. */
const HEAD = { chars: 30_000, bytes: 8_000_000, outputs: 150 };
const TAIL = { chars: 8_000, bytes: 2_000_000, outputs: 50 };
const LONG_TAIL = { chars: 16_000, bytes: 4_000_000, outputs: 100 }; // then it is cut to TAIL
const BOTH = { chars: 38_000, bytes: 10_000_000, outputs: 200 };

type Limits = typeof HEAD;

/** The left-out part of a cell's outputs. */
export interface Cut {
  chars: number; // of text
  lines: number; // line ends in that text
  outputs: number; // displays
  file: string; // name of the file with all outputs, beside the report
  fileProblem: string; // the reason why the file is not whole; else empty
}

/** Keeps outputs in `list`, the list of a cell. */
export class KeptOutputs {
  readonly #list: Output[];
  readonly #file: string;
  readonly #cut: Cut;
  #note: IDisplayData | undefined; // in the list, from the first cut on

  /** @param file for all outputs, if they are cut; the file of an earlier run is removed */
  constructor(list: Output[], file: string) {
    this.#list = list;
    this.#file = file;
    this.#cut = { chars: 0, lines: 0, outputs: 0, file: basename(file), fileProblem: "" };
    rmSync(file, { force: true });
  }

  /** Adds an output. Texts of one stream are joined. */
  add(output: Output): void {
    const last = this.#list.at(-1);
    if (isStream(output) && last && isStream(last) && last.name === output.name)
      last.text = textOf(last.text) + textOf(output.text);
    else this.#list.push(output);
    if (this.#note) {
      this.#write(printed(output), "a");
      if (isOver(this.#list.slice(this.#list.indexOf(this.#note) + 1), LONG_TAIL)) this.#cutTail();
    } else if (isOver(this.#list, BOTH)) {
      this.#write(this.#list.map(printed).join(""), "w");
      this.#list.splice(
        takeHead(this.#list),
        0,
        (this.#note = { output_type: "display_data", data: {}, metadata: {} }),
      );
      this.#cutTail();
    }
  }

  /** Removes outputs behind the note until the others are within the limits. */
  #cutTail(): void {
    const start = this.#list.indexOf(this.#note!) + 1;
    for (;;) {
      const tail = this.#list.slice(start);
      const [first] = tail;
      if (!first || (!isOver(tail, TAIL) && sizeOf(tail).bytes <= TAIL.bytes)) break;
      if (!isStream(first)) {
        this.#cut.outputs++;
        this.#keepCounted(first);
        this.#list.splice(start, 1);
        continue;
      }
      const text = textOf(first.text);
      const excess = sizeOf(tail).chars - TAIL.chars;
      const end = tail.length > TAIL.outputs ? text.length : nextLine(text, excess);
      this.#cut.chars += end;
      this.#cut.lines += text.slice(0, end).split("\n").length - 1;
      first.text = text.slice(end);
      if (first.text === "") this.#list.splice(start, 1);
    }
    this.#note!.data[CUT_TYPE] = { ...this.#cut };
    this.#note!.data["text/plain"] = cutText(this.#cut);
  }

  /** The report's record needs the counted events of each output. */
  #keepCounted(output: IDisplayData | IError): void {
    const counted = isError(output) ? undefined : output.data[COUNTED_MIME];
    if (!Array.isArray(counted)) return;
    const kept = (this.#note!.data[COUNTED_MIME] ?? []) as typeof counted;
    this.#note!.data[COUNTED_MIME] = [...kept, ...counted];
  }

  #write(text: string, flag: "w" | "a"): void {
    try {
      if (flag === "w") mkdirSync(dirname(this.#file), { recursive: true });
      writeFileSync(this.#file, text, { flag });
    } catch (error) {
      this.#cut.fileProblem = (error as Error).message;
    }
  }
}

export function isStream(output: Output): output is IStream {
  return output.output_type === "stream";
}

export function isError(output: Output): output is IError {
  return output.output_type === "error";
}

export function textOf(text: MultilineString): string {
  return Array.isArray(text) ? text.join("") : text;
}

/** "left out: 200 lines, 900 characters, and 3 outputs; 1-x-cell-2.txt has all of it" */
export function cutText({ chars, lines, outputs, file, fileProblem }: Cut): string {
  const parts = [
    chars > 0 ? `${lines > 0 ? `${numberOf(lines, "line")}, ` : ""}${numberOf(chars, "character")}` : "",
    outputs > 0 ? numberOf(outputs, "output") : "",
  ].filter((part) => part !== "");
  const where = fileProblem === "" ? `${file} has all of it` : `${file} is not whole: ${fileProblem}`;
  return `left out: ${parts.join(", and ")}; ${where}`;
}

function numberOf(count: number, noun: string): string {
  return `${count.toLocaleString("en-US")} ${noun}${count === 1 ? "" : "s"}`;
}

/** Keeps the first outputs within the limits of the head, splits a text; returns their number. */
function takeHead(list: Output[]): number {
  const used = { chars: 0, bytes: 0, outputs: 0 };
  for (const [i, output] of list.entries()) {
    const size = sizeOf([output]);
    if (used.outputs === HEAD.outputs || (i > 0 && used.bytes + size.bytes > HEAD.bytes)) return i;
    if (isStream(output) && used.chars + size.chars > HEAD.chars) {
      const text = textOf(output.text);
      const end = lastLine(text, HEAD.chars - used.chars);
      list.splice(i, 1, { ...output, text: text.slice(0, end) }, { ...output, text: text.slice(end) });
      return i + 1;
    }
    used.chars += size.chars;
    used.bytes += size.bytes;
    used.outputs++;
  }
  return list.length;
}

function isOver(outputs: Output[], limits: Limits): boolean {
  const { chars, bytes } = sizeOf(outputs);
  return (
    chars > limits.chars || outputs.length > limits.outputs || (bytes > limits.bytes && outputs.length > 1)
  );
}

const bytesOf = new WeakMap<Output, number>(); // of displays: an output is measured once

function sizeOf(outputs: Output[]): { chars: number; bytes: number } {
  const size = { chars: 0, bytes: 0 };
  for (const output of outputs) {
    if (isStream(output)) size.chars += output.text.length;
    else {
      const bytes = bytesOf.get(output) ?? JSON.stringify(output).length;
      bytesOf.set(output, bytes);
      size.bytes += bytes;
    }
  }
  return size;
}

/** The index behind the last line end before `max`; `max` itself inside of a long line. */
function lastLine(text: string, max: number): number {
  return text.lastIndexOf("\n", max - 1) + 1 || betweenCharacters(text, max);
}

/** The index behind the first line end from `min` on; `min` itself inside of a long line. */
function nextLine(text: string, min: number): number {
  if (min >= text.length) return text.length;
  const end = text.indexOf("\n", min - 1) + 1;
  return end > 0 && end < text.length ? end : betweenCharacters(text, min);
}

function betweenCharacters(text: string, index: number): number {
  return /[\udc00-\udfff]/.test(text[index] ?? "") ? index + 1 : index;
}

/** An output as text, for the file. */
function printed(output: Output): string {
  if (isStream(output)) return stripVTControlCharacters(textOf(output.text));
  if (isError(output)) return `${output.ename}: ${output.evalue}\n`;
  const { "text/plain": plain, [CHART_TYPE]: spec } = output.data;
  const parts = plain === undefined ? [JSON.stringify(output.data)] : [textOf(plain as MultilineString)];
  if (plain !== undefined && spec !== undefined) parts.push(JSON.stringify(spec));
  return parts.map((part) => `${part}\n`).join("");
}

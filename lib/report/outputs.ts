/**
 * Messages of a kernel while a cell runs → the cell's outputs.
 *
 * tslab reports an error only as text on stderr: a compiler's message with its line, or the text of
 * `console.error(error)` with the stack. So the last text on stderr of a failed cell becomes its
 * `error` output. tslab also prints a rejection that no code awaited, but calls the cell ok. It can
 * print it after the cell's end, when its outputs are not read any more. So the runner also passes
 * each fault by `onFault`.
 */
import { stripVTControlCharacters } from "node:util";
import type { IDisplayData, IError, IStream, MultilineString } from "@jupyterlab/nbformat";
import type { KernelOutput } from "./channels.ts";
import type { CodeCell, Output } from "./notebook.ts";

const MAX_CHARS = 1_000_000; // of text that one cell may keep
const MAX_ERROR_CHARS = 10_000; // read of an error's text
const MAX_OUTPUTS = 100; // of one cell
const MAX_ERRORS = 200; // texts of stderr that can become the error

/** Collects the outputs of one cell. */
export interface CellOutputs {
  onOutput: (output: KernelOutput) => void;
  /** Adds an error output: `reason`, or without it the kernel's last text on stderr. */
  fail: (reason?: string) => void;
  /** Takes the text of an error that no code caught: `fail` shows it. */
  onFault: (text: string) => void;
  /**
   * Adds a note on outputs above the limits, and returns its text; null if the cell has them all.
   */
  noteCuts: () => string | null;
}

/** Collects the outputs of `cell`; texts of one stream are joined. */
export function collectOutputs(cell: CodeCell): CellOutputs {
  const errors: string[] = []; // texts of stderr, in the order of arrival
  let chars = 0;
  let cutChars = 0;
  let cutOutputs = 0;
  const add = (output: Output): void => {
    if (cell.outputs.length < MAX_OUTPUTS) cell.outputs.push(output);
    else cutOutputs++;
  };
  const addText = (name: "stdout" | "stderr", text: string): void => {
    const rest = text.slice(0, MAX_CHARS - chars);
    chars += rest.length;
    cutChars += text.length - rest.length;
    if (rest === "") return;
    const last = cell.outputs.at(-1);
    if (last && isStream(last) && last.name === name) last.text = textOf(last.text) + rest;
    else add({ output_type: "stream", name, text: rest });
  };
  return {
    onOutput: ({ type, content }) => {
      if (type === "stream") {
        const { name, text } = content as { name: "stdout" | "stderr"; text: string };
        const plain = stripVTControlCharacters(text);
        if (name === "stderr") errors.push(plain);
        if (errors.length > MAX_ERRORS) errors.shift();
        addText(name, plain);
      } else if (type === "display_data") {
        const { data, metadata } = content as unknown as Pick<IDisplayData, "data" | "metadata">;
        add({ output_type: "display_data", data, metadata });
      }
    },
    fail: (reason) => {
      const said = reason !== undefined && !INTERRUPTED.test(errors.at(-1) ?? "") ? "" : lastError(errors);
      removeText(cell.outputs, said);
      cell.outputs.push(
        reason === undefined ? parseError(said) : { ...NO_TRACE, ename: "Error", evalue: reason },
      );
    },
    noteCuts: () => {
      const cuts = [
        cutOutputs > 0 ? `${cutOutputs} outputs above ${MAX_OUTPUTS}` : "",
        cutChars > 0 ? `${cutChars} characters above ${MAX_CHARS}` : "",
      ].filter((cut) => cut !== "");
      if (cuts.length === 0) return null;
      const text = `not kept: ${cuts.join(", and ")}`;
      cell.outputs.push({ output_type: "stream", name: "stderr", text: `${text}\n` });
      return text;
    },
    onFault: (text) => {
      if (!errors.some((printed) => LOST.test(printed))) errors.push(`UnhandledPromiseRejection: ${text}`);
    },
  };
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

const NO_TRACE = { output_type: "error" as const, traceback: [] };
const LOST = /^(UnhandledPromiseRejection|UncaughtException): /;
const INTERRUPTED = /^Error: (Interrupted asynchronously|Script execution was interrupted)/;
const DIAGNOSTIC = /^(?:\S+ )?(\d+):(\d+) - /;

/** The reason for a cell's failure: all messages of the compiler, or the last error. */
function lastError(errors: string[]): string {
  let start = errors.length - 1;
  const lost = errors.findLastIndex((text) => LOST.test(text));
  if (lost >= 0) return errors[lost] as string;
  while (
    start > 0 &&
    DIAGNOSTIC.test(errors[start] as string) &&
    DIAGNOSTIC.test(errors[start - 1] as string)
  )
    start--;
  return errors.slice(Math.max(start, 0)).join("");
}

/** Removes `text` from the last stderr output that contains it. */
function removeText(outputs: Output[], text: string): void {
  const i = outputs.findLastIndex(
    (output) => isStream(output) && output.name === "stderr" && textOf(output.text).includes(text),
  );
  const output = outputs[i];
  if (text === "" || !output || !isStream(output)) return;
  output.text = textOf(output.text).replace(text, () => "");
  if (output.text === "") outputs.splice(i, 1);
}

/** Text of `console.error(error)` → name and message of the error, without the kernel's stack. */
function parseError(printed: string): IError {
  if (DIAGNOSTIC.test(printed)) {
    const lines = printed
      .trim()
      .split("\n")
      .map((line) => line.replace(DIAGNOSTIC, "line $1, column $2: "));
    return { output_type: "error", ename: "TypeScript", evalue: lines.join("\n"), traceback: [] };
  }
  const text = printed
    .slice(0, MAX_ERROR_CHARS)
    .replace(LOST, "")
    .replace(/^\S+:\d+\n.*\n\s*\^+\s*\n\n/, "") // node's quote of the line that threw
    .replace(/ \{\n(?!.*\[cause\])[\s\S]*\}\s*$/, "") // the error's own fields, which its message repeats
    .replace(/^ +at .*\n?/gm, "")
    .trim();
  const [, ename = "Error", evalue = text] =
    /^(?:Uncaught )?([A-Z]\w*)(?: \[\w+\])?: ([\s\S]*)$/.exec(text) ?? [];
  return {
    output_type: "error",
    ename,
    evalue: evalue.trim() || "the cell failed without a message",
    traceback: printed.trim().split("\n"),
  };
}

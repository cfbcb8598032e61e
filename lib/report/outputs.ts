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
import type { IDisplayData, IError, IStream } from "@jupyterlab/nbformat";
import type { KernelOutput } from "./channels.ts";
import { isError, isStream, KeptOutputs, textOf } from "./kept-outputs.ts";
import type { CodeCell, Output } from "./notebook.ts";

export { isError, isStream, textOf };

const MAX_ERROR_CHARS = 10_000; // read of an error's text
const MAX_ERRORS = 200; // texts of stderr that can become the error

/** Collects the outputs of one cell. */
export interface CellOutputs {
  onOutput: (output: KernelOutput) => void;
  /** Adds an error output: `reason`, or without it the kernel's last text on stderr. */
  fail: (reason?: string) => void;
  /** Takes the text of an error that no code caught: `fail` shows it. */
  onFault: (text: string) => void;
}

/**
 * Collects the outputs of `cell`.
 * @param file for all outputs, if they are more than the cell can keep
 */
export function collectOutputs(cell: CodeCell, file: string): CellOutputs {
  const errors: string[] = []; // texts of stderr, in the order of arrival
  const kept = new KeptOutputs(cell.outputs, file);
  const displays = new Map<string, Output>(); // displays that the cell can replace, by their ids
  return {
    onOutput: ({ type, content }) => {
      if (type === "stream") {
        const { name, text } = content as { name: "stdout" | "stderr"; text: string };
        if (name === "stderr") errors.push(stripVTControlCharacters(text));
        if (errors.length > MAX_ERRORS) errors.shift();
        kept.add({ output_type: "stream", name, text: onlyColours(text) });
      } else if (type === "display_data" || type === "update_display_data") {
        const { data, metadata, transient } = content as unknown as Display;
        const id = transient?.display_id ?? "";
        const replaced = type === "display_data" ? undefined : displays.get(id);
        const output: Output = { output_type: "display_data", data, metadata };
        if (replaced) Object.assign(replaced, output);
        else kept.add(output);
        if (!replaced && id !== "") displays.set(id, output);
      }
    },
    fail: (reason) => {
      const said = reason !== undefined && !INTERRUPTED.test(errors.at(-1) ?? "") ? "" : lastError(errors);
      removeText(cell.outputs, said);
      cell.outputs.push(
        reason === undefined ? parseError(said) : { ...NO_TRACE, ename: "Error", evalue: reason },
      );
    },
    onFault: (text) => {
      if (!errors.some((printed) => LOST.test(printed))) errors.push(`UnhandledPromiseRejection: ${text}`);
    },
  };
}

type Display = Pick<IDisplayData, "data" | "metadata"> & { transient?: { display_id?: string } };

const ESCAPE = "\u001b";

/** The text without control sequences, but with those for colours and bold text. */
function onlyColours(text: string): string {
  const [start = "", ...sequences] = text.split(ESCAPE);
  const kept = sequences.map((sequence) =>
    /^\[[\d;:]*m/.test(sequence) ? ESCAPE + sequence : stripVTControlCharacters(ESCAPE + sequence),
  );
  return start + kept.join("");
}

const NO_TRACE = { output_type: "error" as const, traceback: [] };
const LOST = /^(UnhandledPromiseRejection|UncaughtException): /;
const INTERRUPTED = /^Error: (Interrupted asynchronously|Script execution was interrupted)/;
const STACK_LINE = /^ +at /m;
/** The error's own fields, behind its stack or its message; a message can have such blocks, too. */
const FIELDS = / \{\n(?!.*\[cause\])[\s\S]*\}\s*$/;
const FIELDS_BEHIND_STACK = /(\n +at .*) \{\n(?!.*\[cause\])[\s\S]*\}\s*$/;
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
    (output) => isStream(output) && output.name === "stderr" && plainOf(output).includes(text),
  );
  const output = outputs[i];
  if (text === "" || !output || !isStream(output)) return;
  output.text = plainOf(output).replace(text, () => "");
  if (output.text === "") outputs.splice(i, 1);
}

function plainOf({ text }: IStream): string {
  return stripVTControlCharacters(textOf(text));
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
    .replace(STACK_LINE.test(printed) ? FIELDS_BEHIND_STACK : FIELDS, "") // its message repeats them
    .replace(/^ +(?:at .*|\.\.\. \d+ lines matching cause stack trace \.\.\.)\n?/gm, "")
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

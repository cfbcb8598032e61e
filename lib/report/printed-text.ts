/**
 * Text that a cell printed → HTML: colours kept, and the middle of a long text left out.
 *
 * A line shows the state that a terminal shows at its end: a carriage return starts it anew.
 */
import { forHtml } from "../untrusted.ts";
import { renderAnsi } from "./ansi.ts";

const TAIL_SHARE = 0.2; // of a long text's shown characters

/** The limit of one text on the page, and the file that has all of it. */
export interface TextLimit {
  maxChars: number;
  file: string; // name of the executed notebook, beside the report
}

/** Renders `text`; empty for a text without a character to see. */
export function renderText(text: string, classes: string, { maxChars, file }: TextLimit): string {
  const shown = text.split("\n").map(lastState).join("\n").trimEnd();
  if (shown === "") return "";
  const drawn = /[│─]/.test(shown) ? " drawn" : ""; // lines of a table do not wrap
  const pre = (part: string): string =>
    `<pre tabindex="0" class="${classes}${drawn}">${renderAnsi(part)}</pre>`;
  if (shown.length <= maxChars) return pre(shown);
  const tailChars = Math.round(maxChars * TAIL_SHARE);
  const head = shown.lastIndexOf("\n", maxChars - tailChars) + 1 || maxChars - tailChars;
  const nextLine = shown.indexOf("\n", shown.length - tailChars - 1) + 1;
  const tail = nextLine > 0 && nextLine < shown.length ? nextLine : shown.length - tailChars;
  const lines = shown.slice(head, tail).split("\n").length - 1;
  const size = `${lines > 0 ? `${lines.toLocaleString("en-US")} lines, ` : ""}${(tail - head).toLocaleString("en-US")} characters`;
  return (
    pre(shown.slice(0, head)) +
    renderCut(`left out: ${size}; ${file} has all of it`, file) +
    pre(shown.slice(tail))
  );
}

/** A note on a left-out part; the name of the file in `text` becomes a link to the file. */
export function renderCut(text: string, file: string): string {
  const link = `<a href="${forHtml(encodeURIComponent(file))}">${forHtml(file)}</a>`;
  return `<p class="note cut">… ${text.split(file).map(forHtml).join(link)}</p>`;
}

function lastState(line: string): string {
  return line.split("\r").findLast((state) => state !== "") ?? "";
}

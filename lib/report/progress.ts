/**
 * A run's progress → the terminal. A TTY gets one line, which is rewritten. Any other output gets
 * one line for each cell, and one every 30 s of a long cell.
 */
import { stripVTControlCharacters } from "node:util";
import { forTerminal } from "../untrusted.ts";
import type { Progress } from "./run.ts";

const REWRITE_MS = 500;
const REPEAT_MS = 30_000;

export interface Terminal {
  isTTY?: boolean;
  columns?: number;
  write(text: string): unknown;
}

/**
 * Shows `onProgress` events on `terminal`; `stop` clears the rewritten line and stops the timer.
 */
export function showProgress(terminal: Terminal = process.stdout): {
  onProgress: (progress: Progress) => void;
  stop: () => void;
} {
  const live = terminal.isTTY === true;
  let line: () => string = () => "";
  let said = "";
  let timer: NodeJS.Timeout | undefined;
  const rewrite = (): void => {
    if (live) terminal.write(`\r\x1b[2K${line().slice(0, (terminal.columns || 80) - 1)}`);
    else terminal.write(`${line()}\n`);
  };
  const stop = (): void => {
    clearInterval(timer);
    if (live) terminal.write("\r\x1b[2K");
  };
  return {
    stop,
    onProgress: ({ event, step, cell, text }) => {
      const place = `${step.notebook.name.padEnd(12)} cell ${cell.number} of ${step.cells.length}`;
      if (event === "output") said = lastLine(text ?? "");
      if (event === "cell") {
        const started = performance.now();
        said = "";
        line = () => `${place}  ${formatSeconds((performance.now() - started) / 1000)}  ${said}`.trimEnd();
        clearInterval(timer);
        timer = setInterval(rewrite, live ? REWRITE_MS : REPEAT_MS).unref();
        if (live) rewrite();
      }
      if (event === "note") terminal.write(`${live ? "\r\x1b[2K" : ""}${place}  ${text ?? ""}\n`);
      if (event !== "end") return;
      stop();
      const last = cell.number === step.cells.length || cell.status !== "ok";
      const failed = cell.status === "ok" ? "" : "  failed";
      if (!live) terminal.write(`${place}  ${formatSeconds(cell.seconds)}${failed}\n`);
      else if (last) terminal.write(`${place}  ${formatSeconds(step.seconds + cell.seconds)}${failed}\n`);
    },
  };
}

/** The last line of a text, safe for a terminal: the text may quote texts of players. */
function lastLine(text: string): string {
  const line =
    stripVTControlCharacters(text)
      .trim()
      .split(/[\n\r]/)
      .at(-1) ?? "";
  return forTerminal(line.trim());
}

/** "0.4 s", "12.3 s", "1 min 38 s". */
export function formatSeconds(seconds: number): string {
  if (seconds < 59.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  return `${Math.floor(whole / 60)} min ${whole % 60} s`;
}

/** "1 claim", "2 claims" */
export function plural(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/**
 * Commands of scripts and notebooks → history/commands.jsonl, one JSON line for each command.
 *
 * zx reports each command of this process to one replaceable log function. Start and end are two
 * entries with the same id. The line is written at the end, when the exit code is known. A server
 * outlives the process, so the module that starts it calls `recordCommand`.
 */
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { $, type LogEntry, quote } from "zx";
import { settings } from "./settings.ts";

/** One line of the history. */
export interface HistoryEntry {
  time: string; // ISO 8601, UTC: when the command started
  step: string; // the script or notebook that ran it, e.g. "up" or "2-requests"
  command: string; // as typed, secrets redacted
  exit_code: number | null; // null: the command was still running, or a signal ended it
  duration_ms: number;
  folder: string; // relative to the checkout, "." for its root
}

let currentStep = "";

/** Records all later zx commands of this process under `step`. */
export function recordHistory(step: string, file = settings.historyFile): void {
  currentStep = step;
  const running = new Map<string, HistoryEntry>();
  const print = $.log;
  $.log = (entry: LogEntry) => {
    if (entry.kind === "cmd") running.set(entry.id, newEntry(step, entry.cmd, entry.cwd));
    if (entry.kind === "end") {
      const started = running.get(entry.id);
      running.delete(entry.id);
      if (started)
        append(file, { ...started, exit_code: entry.exitCode, duration_ms: Math.round(entry.duration) });
    }
    print(entry);
  };
  $.log.formatters = print.formatters;
  $.log.output = print.output;
}

/** Does the same for a script, and records its own call `npm run NAME -- …` when it exits. */
export function recordScript(name: string, file = settings.historyFile): void {
  recordHistory(name, file);
  const words = process.argv.slice(2).map(quote);
  const entry = newEntry(
    name,
    [`npm run ${name}`, ...(words.length > 0 ? ["--", ...words] : [])].join(" "),
    process.cwd(),
  );
  process.once("exit", (code) => {
    append(file, { ...entry, exit_code: code, duration_ms: Date.now() - Date.parse(entry.time) });
  });
}

/** Records a command that zx does not run, such as a server; only after `recordHistory`. */
export function recordCommand(command: string, file = settings.historyFile): void {
  if (currentStep !== "") append(file, newEntry(currentStep, command, process.cwd()));
}

/** Reads the history, oldest first, without a line that a crash left incomplete. */
export function readHistory(file = settings.historyFile): HistoryEntry[] {
  if (!existsSync(file)) return [];
  return readFileSync(file, "utf8")
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}"))
    .map((line) => JSON.parse(line) as HistoryEntry);
}

/** The history as rows for people, numbered from 1. */
export function describeHistory(file = settings.historyFile): object[] {
  return readHistory(file).map(({ time, step, command, exit_code, duration_ms }, i) => ({
    number: i + 1,
    time: `${time.slice(0, 19)}Z`,
    exit_code: exit_code ?? "–",
    seconds: (duration_ms / 1000).toFixed(1),
    step,
    command,
  }));
}

const SECRET = "(pass(word|wd)?|secret|token|api[-_]?key|write[-_]?key|authorization|credentials?)";

/** Replaces likely secrets by ***: `password=…`, `--token …`, `Authorization: …`, `user:…@host`. */
export function redact(command: string): string {
  return command
    .replace(/((?:authorization|cookie|write-key):\s*)[^'"\n]+/gi, "$1***")
    .replace(new RegExp(`(\\b[\\w-]*${SECRET}[\\w-]*=)("[^"]*"|'[^']*'|[^\\s&'"]+)`, "gi"), "$1***")
    .replace(new RegExp(`(--?[\\w-]*${SECRET}[\\w-]*\\s+)("[^"]*"|'[^']*'|[^\\s-]\\S*)`, "gi"), "$1***")
    .replace(/(\/\/[^\s:/@]+:)[^\s/@]+@/g, "$1***@");
}

function newEntry(step: string, command: string, folder: string): HistoryEntry {
  return {
    time: new Date().toISOString(),
    step,
    command: redact(command),
    exit_code: null,
    duration_ms: 0,
    folder: relative(settings.root, folder) || ".",
  };
}

function append(file: string, entry: HistoryEntry): void {
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, JSON.stringify(entry) + "\n");
}

/**
 * Commands of scripts and notebooks → history/commands.jsonl, one JSON line for each command.
 *
 * zx reports each command of this process to one replaceable log function. Start and end are two
 * entries with the same id. The line is written at the end, when the exit code is known. A server
 * outlives the process, so the module that starts it calls `recordCommand`. A command of a script
 * or of a notebook is a child of the script's entry. A process tells its children its entry's id by
 * an environment variable.
 */
import { randomUUID } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { dirname, relative } from "node:path";
import { $, type LogEntry, quote } from "zx";
import { settings } from "./settings.ts";

/** One line of the history. */
export interface HistoryEntry {
  id: string;
  parent: string | null; // id of the entry whose script ran this command
  time: string; // ISO 8601, UTC: when the command started
  step: string; // the script or notebook that ran it, e.g. "up" or "2-requests"
  command: string; // as typed, secrets redacted
  exit_code: number | null; // null: the command was still running, or a signal ended it
  duration_ms: number;
  folder: string; // relative to the checkout, "." for its root
  environment: Record<string, string>; // the variables QUESTLOG_… that were set, secrets redacted
}

const PARENT = "QUESTLOG_PARENT"; // the variable with the parent's id

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
export function recordScript(
  name: string,
  file = settings.historyFile,
  given: readonly string[] = process.argv.slice(2), // a command hides a player's name
): void {
  recordHistory(name, file);
  const words = given.map(quote);
  const entry = newEntry(
    name,
    [`npm run ${name}`, ...(words.length > 0 ? ["--", ...words] : [])].join(" "),
    process.cwd(),
  );
  process.env[PARENT] = entry.id;
  process.once("exit", (code) => {
    try {
      append(file, { ...entry, exit_code: code, duration_ms: Date.now() - Date.parse(entry.time) });
    } catch (error) {
      console.error(`history: ${(error as Error).message}; QUESTLOG_HISTORY names another file`);
      process.exitCode = code === 0 ? 1 : code;
    }
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
    .map(
      (line, i) =>
        ({ id: `line ${i + 1}`, parent: null, environment: {}, ...JSON.parse(line) }) as HistoryEntry,
    );
}

/** An entry, and how many parents it has. */
export interface NestedEntry {
  entry: HistoryEntry;
  depth: number;
}

/** The entries with their children below them, in the order of their start. */
export function nested(entries: readonly HistoryEntry[]): NestedEntry[] {
  const byTime = [...entries].sort((a, b) => Date.parse(a.time) - Date.parse(b.time));
  const ids = new Set(entries.map(({ id }) => id));
  const childrenOf = Map.groupBy(byTime, ({ id, parent }) =>
    parent !== null && parent !== id && ids.has(parent) ? parent : "",
  );
  const below = (id: string, depth: number): NestedEntry[] =>
    (childrenOf.get(id) ?? []).flatMap((entry) => [{ entry, depth }, ...below(entry.id, depth + 1)]);
  return below("", 0);
}

/** The last commands that no other command ran, with all of their children. */
export function lastCommands(entries: readonly HistoryEntry[], count: number): HistoryEntry[] {
  const all = nested(entries);
  const roots = all.flatMap(({ depth }, i) => (depth === 0 ? [i] : []));
  return all.slice(roots.at(-count) ?? 0).map(({ entry }) => entry);
}

/** The history as rows for people: numbered from 1, children indented under their parents. */
export function describeHistory(entries: readonly HistoryEntry[]): object[] {
  return nested(entries).map(({ entry, depth }, i) => ({
    number: i + 1,
    time: `${entry.time.slice(0, 19)}Z`,
    exit_code: entry.exit_code ?? "–",
    seconds: (entry.duration_ms / 1000).toFixed(1),
    step: entry.step,
    command: "  ".repeat(depth) + entry.command,
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
    id: randomUUID(),
    parent: process.env[PARENT] ?? null,
    time: new Date().toISOString(),
    step,
    command: redact(command),
    exit_code: null,
    duration_ms: 0,
    folder: relative(settings.root, folder) || ".",
    environment: environmentOf(process.env),
  };
}

/** The variables that change the meaning of a command. */
function environmentOf(env: NodeJS.ProcessEnv): Record<string, string> {
  const set = Object.entries(env).filter(([name]) => name.startsWith("QUESTLOG_") && name !== PARENT);
  return Object.fromEntries(
    set.map(([name, value]) => [
      name,
      redact(`${name}=${quote(value!)}`).endsWith("=***") ? "***" : redact(value!),
    ]),
  );
}

function append(file: string, entry: HistoryEntry): void {
  mkdirSync(dirname(file), { recursive: true });
  appendFileSync(file, JSON.stringify(entry) + "\n");
}

/**
 * History → a bash script, a notebook, or a run that does the commands again.
 *
 * Only commands that a person typed are done again: they run their children themselves. A command
 * with a redacted secret cannot run; a command without an exit code was still running.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import type { ICell, INotebookContent } from "@jupyterlab/nbformat";
import { quote } from "zx";
import type { HistoryEntry } from "./history.ts";
import { nested } from "./history.ts";

const HEAD = `#!/usr/bin/env bash
# Commands of a Questlog history. Run it in the checkout; it ends at the first exit code that differs.
set -uo pipefail
again() { # expected exit code, folder, command
  printf '%s\\n' "\\$ $3"
  (cd "$2" && eval "$3")
  local code=$?
  [ "$code" = "$1" ] || { echo "expected exit code $1, got $code" >&2; exit 1; }
}
`;

/** The entries that a replay runs, oldest first. */
export function replayed(entries: readonly HistoryEntry[]): HistoryEntry[] {
  return nested(entries).flatMap(({ entry, depth }) => (depth === 0 ? [entry] : []));
}

/** Why an entry cannot run again; null: it can. */
export function obstacleOf({ command, exit_code, environment }: HistoryEntry): string | null {
  if (command.includes("***")) return "has a secret, which the history does not keep";
  const secret = Object.entries(environment).find(([, value]) => value.includes("***"));
  if (secret !== undefined) return `needs the secret ${secret[0]}, which the history does not keep`;
  return exit_code === null ? "was still running" : null;
}

/** A script for bash. A command that cannot run is a comment with the reason. */
export function scriptOf(entries: readonly HistoryEntry[]): string {
  const lines = replayed(entries).map((entry) => {
    const reason = obstacleOf(entry);
    if (reason !== null) return `# ${reason}: ${entry.command.replaceAll("\n", "\n#   ")}`;
    return `again ${entry.exit_code} ${quote(entry.folder)} ${quote(withEnvironment(entry))}`;
  });
  return `${HEAD}${lines.join("\n")}\n`;
}

/** A notebook with a cell for each command. */
export function notebookOf(entries: readonly HistoryEntry[]): INotebookContent {
  const cells = replayed(entries).map((entry) => {
    const reason = obstacleOf(entry);
    const code = `await shell(${JSON.stringify(withEnvironment(entry))});`;
    return cell(
      "code",
      reason === null ? code : `// ${reason}: ${entry.command.replaceAll("\n", "\n//   ")}`,
    );
  });
  return {
    cells: [
      cell("markdown", "# The commands of a history"),
      cell("code", 'import { shell } from "../dist/report/shell.js";'),
      ...cells,
    ],
    metadata: { kernelspec: { display_name: "TypeScript", language: "typescript", name: "tslab" } },
    nbformat: 4,
    nbformat_minor: 5,
  };
}

/** The outcome of a command that ran again. */
export interface Replay {
  entry: HistoryEntry;
  exit_code: number | null; // null: it did not run, or a signal ended it
  obstacle: string | null;
}

/** Runs the commands one after the other, with their output on this terminal. */
export async function* replay(
  entries: readonly HistoryEntry[],
  { root, signal }: { root: string; signal: AbortSignal },
): AsyncGenerator<Replay> {
  for (const entry of replayed(entries)) {
    if (signal.aborted) return;
    const obstacle = obstacleOf(entry);
    if (obstacle !== null) {
      yield { entry, exit_code: null, obstacle };
      continue;
    }
    const child = spawn("bash", ["-c", entry.command], {
      cwd: join(root, entry.folder),
      env: { ...process.env, ...entry.environment },
      stdio: ["ignore", "inherit", "inherit"],
    });
    const [code] = (await once(child, "exit")) as [number | null];
    yield { entry, exit_code: code, obstacle: null };
  }
}

function withEnvironment({ command, environment }: HistoryEntry): string {
  const set = Object.entries(environment).map(([name, value]) => `${name}=${quote(value)}`);
  return set.length === 0 ? command : `export ${set.join(" ")}; ${command}`;
}

function cell(cell_type: "code" | "markdown", source: string): ICell {
  const code = cell_type === "code" ? { outputs: [], execution_count: null } : {};
  return { cell_type, metadata: {}, source, ...code };
}

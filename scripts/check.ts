/**
 * Check types, lint, formatting and the notebooks' cells; one line a finding, exit 1 if there is any.
 *
 *   npm run check
 *   npm run check -- --write     first formats the notebooks and strips what a run left in them
 */
import { relative } from "node:path";
import { $, glob, type ProcessPromise } from "zx";
import { recordScript } from "../lib/history.ts";
import { checkNotebooks, formatFinding, tidyNotebook } from "../lib/report/check.ts";
import { readNotebook, writeNotebook } from "../lib/report/notebook.ts";
import { formatSeconds } from "../lib/report/progress.ts";

const args = process.argv.slice(2);
if (args.some((arg) => arg !== "--write")) {
  console.error(`expected no argument but --write, got ${args.join(" ")}: npm run check [-- --write]`);
  process.exit(2);
}
recordScript("check");

const quiet = $({ quiet: true, nothrow: true });
const notebooks = (await glob("notebooks/*.ipynb", { absolute: true })).sort();
if (args.includes("--write")) {
  for (const path of notebooks) await writeNotebook(path, await tidyNotebook(await readNotebook(path), path));
}
const passed = await Promise.all([
  check("lint", lintFiles()),
  check("types", command(quiet`node node_modules/typescript/bin/tsc --pretty false`)),
  check(
    "formatting",
    command(
      quiet`node node_modules/prettier/bin/prettier.cjs --check --log-level warn lib scripts eslint.config.js package.json tsconfig.json tsconfig.build.json`,
    ),
  ),
  check("notebooks", findNotebooks()),
]);
process.exitCode = passed.every(Boolean) ? 0 : 1;

/** Prints what `findings` found, under `name`; resolves with whether it was nothing. */
async function check(name: string, findings: Promise<string[]>): Promise<boolean> {
  const started = performance.now();
  const lines = await findings;
  const count =
    lines.length === 0 ? "ok" : `${lines.length} ${lines.length === 1 ? "line" : "lines"} of findings`;
  console.log(
    [`${name}: ${count}, ${formatSeconds((performance.now() - started) / 1000)}`, ...lines].join("\n"),
  );
  return lines.length === 0;
}

async function command(run: ProcessPromise): Promise<string[]> {
  const { exitCode, stdout, stderr } = await run;
  const lines = (stdout + stderr).split("\n").filter((line) => line.trim() !== "");
  return exitCode === 0 ? [] : lines;
}

/** ESLint's findings, one line each. */
async function lintFiles(): Promise<string[]> {
  const { exitCode, stdout, stderr } =
    await quiet`node node_modules/eslint/bin/eslint.js --format json lib scripts`;
  if (exitCode !== 0 && exitCode !== 1) return stderr.trim().split("\n");
  const files = JSON.parse(stdout) as { filePath: string; messages: LintMessage[] }[];
  return files.flatMap(({ filePath, messages }) =>
    messages.map(
      ({ line, message, ruleId }) => `${relative(".", filePath)}, line ${line}: ${message} (${ruleId})`,
    ),
  );
}

interface LintMessage {
  line: number;
  message: string;
  ruleId: string | null;
}

async function findNotebooks(): Promise<string[]> {
  const build = await quiet`node node_modules/typescript/bin/tsc -p tsconfig.build.json --pretty false`;
  if (build.exitCode !== 0) return build.stdout.trim().split("\n");
  return (await checkNotebooks(notebooks)).map(formatFinding);
}

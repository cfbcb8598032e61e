/**
 * The checkout → findings of ESLint, TypeScript, Prettier and our own checks, one line each.
 *
 * All checks run at once; each prints its result at its end.
 */
import { existsSync, globSync, readFileSync, writeFileSync } from "node:fs";
import { relative, resolve } from "node:path";
import { $, type ProcessPromise } from "zx";
import { checkNotebooks, formatFinding, isOwnNotebook, tidyNotebook } from "../report/check.ts";
import { notebooksIn } from "../report/choose.ts";
import { isMarkdown, type Notebook, NotebookError } from "../report/notebook.ts";
import { formatNotebookFile, readNotebookFile } from "../report/notebook-file.ts";
import { formatSeconds } from "../report/progress.ts";
import { writeWhole } from "../whole-file.ts";
import { importFindings, readImports } from "./imports.ts";
import { referenceText } from "./reference.ts";
import { TABLES_PAGE, withTableColumns } from "./table-columns.ts";
import { commentFindings, proseFindings, type WordFinding } from "./words.ts";

const quiet = $({ quiet: true, nothrow: true });
const REFERENCE = "docs/reference.md";
const PRETTIER = "node_modules/prettier/bin/prettier.cjs";
const FORMATTED = [
  "lib",
  "scripts",
  "eslint.config.js",
  "package.json",
  "tsconfig.json",
  "tsconfig.build.json",
];

/** Runs all checks and prints their findings; resolves with true if no check has a finding. */
export async function runChecks(): Promise<boolean> {
  const passed = await Promise.all([
    report("lint", lint),
    report("types", () => linesOf(quiet`node node_modules/typescript/bin/tsc --pretty false`)),
    report("formatting", findFormatting),
    report("notebooks", findNotebooks),
    report("words", findWords),
    report("reference", findReference),
    report("imports", () => importFindings(readImports("lib"))),
  ]);
  return passed.every(Boolean);
}

/**
 * Makes docs/reference.md and the columns in docs/tables.md, formats code and notebooks, and
 * removes outputs of a run from these. Leaves a file that is not a notebook.
 */
export async function tidy(): Promise<void> {
  await quiet`node ${PRETTIER} --write --log-level warn ${FORMATTED}`;
  writeFileSync(REFERENCE, referenceText("lib/questlog.ts", process.cwd()));
  writeFileSync(TABLES_PAGE, withTableColumns(readFileSync(TABLES_PAGE, "utf8"), process.cwd()));
  for (const [path, notebook] of await readNotebooks()) await writeTidy(path, notebook);
}

/** A text notebook keeps its layout if its content is tidy. */
async function writeTidy(path: string, notebook: Notebook): Promise<void> {
  const text = formatNotebookFile(await tidyNotebook(notebook, path), path);
  if (path.endsWith(".ipynb") || text !== formatNotebookFile(notebook, path)) await writeWhole(path, text);
}

/** The notebooks by their paths, without the broken ones: a check reports those. */
async function readNotebooks(): Promise<[path: string, notebook: Notebook][]> {
  const read = notebooks().map(async (path): Promise<[string, Notebook] | null> => {
    try {
      return [path, await readNotebookFile(path)];
    } catch (error) {
      if (error instanceof NotebookError) return null;
      throw error;
    }
  });
  return (await Promise.all(read)).filter((one) => one !== null);
}

/** The files that are not laid out as Prettier does, and those that it cannot read. */
async function findFormatting(): Promise<string[]> {
  const found = await linesOf(quiet`node ${PRETTIER} --list-different ${FORMATTED}`);
  const layout = "expected the usual layout; npm run check -- --write makes it";
  return found.map((line) => (existsSync(line) ? `${line}: ${layout}` : line));
}

function notebooks(): string[] {
  return notebooksIn(resolve("notebooks"));
}

async function report(name: string, find: () => Promise<string[]> | string[]): Promise<boolean> {
  const started = performance.now();
  const lines = await find();
  const noun = lines.length === 1 ? "line" : "lines";
  const count = lines.length === 0 ? "ok" : `${lines.length} ${noun} of findings`;
  const took = formatSeconds((performance.now() - started) / 1000);
  console.log([`${name}: ${count}, ${took}`, ...lines].join("\n"));
  return lines.length === 0;
}

async function linesOf(run: ProcessPromise): Promise<string[]> {
  const { exitCode, stdout, stderr } = await run;
  const lines = (stdout + stderr).split("\n").filter((line) => line.trim() !== "");
  return exitCode === 0 ? [] : lines;
}

interface LintMessage {
  line: number;
  message: string;
  ruleId: string | null;
}

async function lint(): Promise<string[]> {
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

async function findNotebooks(): Promise<string[]> {
  const build = await quiet`node node_modules/typescript/bin/tsc -p tsconfig.build.json --pretty false`;
  if (build.exitCode !== 0) return build.stdout.trim().split("\n");
  return (await checkNotebooks(notebooks())).map(formatFinding);
}

function findReference(): string[] {
  const isNew = readFileSync(REFERENCE, "utf8") === referenceText("lib/questlog.ts", process.cwd());
  const page = readFileSync(TABLES_PAGE, "utf8");
  const hasColumns = withTableColumns(page, process.cwd()) === page;
  return [
    ...(isNew ? [] : [`${REFERENCE}: expected the present comments; npm run check -- --write makes it`]),
    ...(hasColumns ? [] : [`${TABLES_PAGE}: expected the present columns; npm run check -- --write does it`]),
  ];
}

/** Findings in the comments of lib/ and scripts/, in README.md, and in our notebooks' text. */
async function findWords(): Promise<string[]> {
  const lines: string[] = [];
  const add = (text: string, findings: WordFinding[]): void => {
    lines.push(...findings.map(({ line, problem }) => `${text}, line ${line}: ${problem}`));
  };
  for (const file of globSync(["lib/**/*.ts", "scripts/**/*.ts"]).sort())
    add(file, commentFindings(readFileSync(file, "utf8")));
  add("README.md", proseFindings(readFileSync("README.md", "utf8")));
  for (const [path, { cells }] of await readNotebooks()) {
    if (!isOwnNotebook(path)) continue;
    for (const [i, cell] of cells.entries()) {
      const text = `${relative(".", path)}, cell ${i + 1} of all cells`;
      if (isMarkdown(cell)) add(text, proseFindings(cell.source));
    }
  }
  return lines;
}

/**
 * Notebooks → findings: wrong types, lint, formatting, outputs. Our own notebooks also follow
 * STYLE: short cells, names that keep their values, functions in lib/, numbers from results.
 *
 * The kernel's compiler is older and not strict. So the cells of a notebook are joined to one
 * module for the project's own compiler and linter. Each of their messages is then mapped back to
 * cell and line.
 */
import { readFile } from "node:fs/promises";
import { dirname, join, relative } from "node:path";
import { ESLint } from "eslint";
import * as prettier from "prettier";
import ts from "typescript";
import tseslint from "typescript-eslint";
import { settings } from "../settings.ts";
import { planBindings } from "./bindings.ts";
import {
  type CodeCell,
  formatNotebook,
  isCode,
  type Notebook,
  NotebookError,
  stripOutputs,
} from "./notebook.ts";
import { notebookName, parseNotebookFile } from "./notebook-file.ts";
import { typedIn } from "./numbers.ts";

const MAX_CELL_LINES = 10;
const OWN = ["1-services", "2-requests", "3-stream", "4-tables", "5-report", "6-drill", "7-spark"];

/** Whether a notebook is one of the project, and not the user's. */
export function isOwnNotebook(path: string): boolean {
  return dirname(path) === join(settings.root, "notebooks") && OWN.includes(notebookName(path));
}

export interface Finding {
  notebook: string; // path relative to the checkout
  cell: number; // number among the code cells, from 1; 0: the whole notebook
  line: number; // number in the cell, from 1; 0: the whole cell
  message: string;
}

/**
 * Checks the notebooks at `paths`. `dist/` must be built, because cells import it. A file that is
 * not a notebook is a finding.
 * @param isOwn whether a notebook must follow the project's style
 */
export async function checkNotebooks(paths: string[], isOwn = isOwnNotebook): Promise<Finding[]> {
  const read = await Promise.all(
    paths.map((path) => readModule(path, isOwn(path)).catch((error) => unread(path, error))),
  );
  const modules = read.filter((one) => "text" in one);
  const program = createProgram(modules);
  const findings = modules.map(async (module) => [
    ...checkTracked(module),
    ...checkTypes(module, program),
    ...(await lint(module, program)),
    ...(await checkFormat(module)),
  ]);
  return [...read.filter((one) => "message" in one), ...(await Promise.all(findings)).flat()].map(
    (finding) => ({ ...finding, notebook: relative(settings.root, finding.notebook) }),
  );
}

/** The notebook in its tracked form: without outputs of a run, its code formatted. */
export async function tidyNotebook(notebook: Notebook, path: string): Promise<Notebook> {
  const tidy = stripOutputs(notebook);
  for (const cell of tidy.cells.filter(isCode)) cell.source = await formatCode(cell.source, path);
  return tidy;
}

/** "notebooks/2-requests.ipynb, cell 3, line 2: …" */
export function formatFinding({ notebook, cell, line, message }: Finding): string {
  return `${notebook}${cell > 0 ? `, cell ${cell}` : ""}${line > 0 ? `, line ${line}` : ""}: ${message}`;
}

/** A notebook's cells as one module; the n-th line of `text` comes from the n-th of `places`. */
interface NotebookModule {
  path: string;
  file: string; // the name under which the compiler sees it, beside the notebook, so that imports resolve
  fileText: string;
  notebook: Notebook;
  isOwn: boolean;
  text: string;
  places: Place[];
}

interface Place {
  cell: number;
  line: number;
  text?: string; // of a line from a text's binding: the text's place, which a message then names
}

async function readModule(path: string, isOwn: boolean): Promise<NotebookModule> {
  const fileText = await readFile(path, "utf8");
  const notebook = parseNotebookFile(fileText, path, path);
  const cells = joinCells(notebook.cells.filter(isCode));
  const bound = bindingLines(notebook);
  return {
    path,
    file: `${path}.cells.ts`,
    fileText,
    notebook,
    isOwn,
    text: cells.text + bound.map(({ code }) => `${code}\n`).join(""),
    places: [...cells.places, ...bound.map(({ text }) => ({ cell: 0, line: 0, text }))],
  };
}

/** The finding for a file that is not a notebook. */
function unread(path: string, error: unknown): Finding {
  if (error instanceof NotebookError) return { notebook: path, cell: 0, line: 0, message: error.problem };
  throw error;
}

/** Each binding of a text as a line of code, and the text's place. */
function bindingLines(notebook: Notebook): { code: string; text: string }[] {
  return planBindings(notebook).map(({ place, binding }) => {
    return { code: `void (${binding.expression.replace(/\s*\n\s*/g, " ")});`, text: place };
  });
}

export function joinCells(cells: CodeCell[]): { text: string; places: Place[] } {
  const lines = cells.flatMap(({ source }, i) =>
    source.split("\n").map((text, j) => ({ text, cell: i + 1, line: j + 1 })),
  );
  return {
    text: lines.map(({ text }) => text).join("\n") + "\n",
    places: lines.map(({ cell, line }) => ({ cell, line })),
  };
}

function finding({ path, places }: NotebookModule, line: number, message: string): Finding {
  const { text, ...place } = places[line] ?? places.at(-1) ?? { cell: 0, line: 0 };
  return { notebook: path, ...place, message: text === undefined ? message : `${text}: ${message}` };
}

function checkTracked({ path, notebook, isOwn, fileText }: NotebookModule): Finding[] {
  const findings: Finding[] = [];
  const tell = (cell: number, message: string): void => {
    findings.push({ notebook: path, cell, line: 0, message });
  };
  for (const { id } of notebook.cells) {
    if (!/^[\w-]{1,64}$/.test(id)) tell(0, `expected an id of letters, digits, - and _, got "${id}"`);
  }
  for (const [i, { source, outputs, execution_count }] of notebook.cells.filter(isCode).entries()) {
    if (outputs.length > 0 || execution_count !== null)
      tell(i + 1, "expected no outputs of a run; npm run check -- --write removes them");
    if (!isOwn) continue;
    const lines = source.split("\n").length;
    if (lines > MAX_CELL_LINES) tell(i + 1, `expected at most ${MAX_CELL_LINES} lines, got ${lines}`);
    if (source.trim() === "") tell(i + 1, "expected code, got an empty cell");
  }
  for (const { place, numbers } of isOwn ? typedIn(notebook) : [])
    tell(0, `${place}: expected numbers that come from results, got ${numbers.join(", ")}`);
  const isText = !path.endsWith(".ipynb"); // people lay out a text notebook as they like
  if (findings.length === 0 && !isText && fileText !== formatNotebook(stripOutputs(notebook))) {
    tell(0, "expected the canonical text of a notebook; npm run check -- --write writes it");
  }
  return findings;
}

function createProgram(modules: NotebookModule[]): ts.Program {
  const { config } = ts.readConfigFile(join(settings.root, "tsconfig.json"), (file) =>
    ts.sys.readFile(file),
  ) as { config: object };
  const { options } = ts.parseJsonConfigFileContent(
    { ...config, include: [], files: [] },
    ts.sys,
    settings.root,
  );
  options.types = ["node"];
  options.lib = ["lib.es2022.d.ts"]; // the kernel's
  const texts = new Map(modules.map(({ file, text }) => [file, text]));
  const host = ts.createCompilerHost(options, true);
  const disk = { ...host };
  host.readFile = (name) => texts.get(name) ?? disk.readFile(name);
  host.fileExists = (name) => texts.has(name) || disk.fileExists(name);
  host.getSourceFile = (name, languageOptions, ...rest) => {
    const text = texts.get(name);
    if (text === undefined) return disk.getSourceFile(name, languageOptions, ...rest);
    return ts.createSourceFile(name, text, languageOptions, true);
  };
  return ts.createProgram({ rootNames: [...texts.keys()], options, host });
}

function checkTypes(module: NotebookModule, program: ts.Program): Finding[] {
  const source = program.getSourceFile(module.file);
  return ts.getPreEmitDiagnostics(program, source).map(({ start = 0, messageText, code }) => {
    const line = source?.getLineAndCharacterOfPosition(start).line ?? 0;
    return finding(module, line, `${ts.flattenDiagnosticMessageText(messageText, " ")} (TS${code})`);
  });
}

/** Selector of code that does not belong in a notebook of the project → message. */
const RESTRICTED = {
  "Program > VariableDeclaration[kind!='const']":
    "let and var: use const; a cell gives its results new names",
  "FunctionDeclaration, ClassDeclaration, VariableDeclarator > :matches(ArrowFunctionExpression, FunctionExpression)":
    "definition of a function: code belongs in lib/",
  TryStatement: "try: a failed cell ends the run, and the report shows it",
  "CallExpression[callee.name=/^(setTimeout|setInterval|sleep)$/]": "sleep: wait for an answer instead",
};

async function lint(module: NotebookModule, program: ts.Program): Promise<Finding[]> {
  const eslint = new ESLint({
    cwd: dirname(module.path),
    overrideConfigFile: true,
    overrideConfig: [
      ...(tseslint.configs.recommendedTypeChecked as object[]),
      {
        languageOptions: { parserOptions: { programs: [program] } },
        rules: {
          "prefer-const": "error",
          "no-restricted-syntax": [
            module.isOwn ? "error" : "off",
            ...Object.entries(RESTRICTED).map(([selector, message]) => ({ selector, message })),
          ],
          "@typescript-eslint/no-floating-promises": "error",
          "@typescript-eslint/no-unused-expressions": "off", // a cell's last line is what the reader sees
        },
      },
    ] as ESLint.Options["overrideConfig"],
  });
  const results = await eslint.lintText(module.text, { filePath: module.file });
  return results.flatMap(({ messages }) =>
    messages.map(({ line, message, ruleId }) =>
      finding(module, line - 1, ruleId ? `${message} (${ruleId})` : message),
    ),
  );
}

async function checkFormat(module: NotebookModule): Promise<Finding[]> {
  const findings = module.notebook.cells.filter(isCode).map(async ({ source }, i) => {
    const formatted = await formatCode(source, module.path).catch(() => source); // code that does not parse is a finding of the compiler
    if (formatted === source) return [];
    return [
      {
        notebook: module.path,
        cell: i + 1,
        line: 0,
        message: "expected formatted code; npm run check -- --write formats it",
      },
    ];
  });
  return (await Promise.all(findings)).flat();
}

async function formatCode(source: string, path: string): Promise<string> {
  const options = await prettier.resolveConfig(path);
  return (await prettier.format(source, { ...options, parser: "typescript" })).trimEnd();
}

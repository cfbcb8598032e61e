/**
 * A run → results.json: every value that its sentences, tiles, charts and tables show, by name, and
 * its claims.
 *
 * A name comes from the output: a chart's `name` or title, a table's name or caption, a tile's
 * name. In a sentence or a text it is the expression: `${lost}` and `{{ lost }}` are "lost". A
 * second result of one name is "lost (2)": first tiles, charts and tables in the order of the run,
 * then sentences, then texts.
 * docs/runs.md documents the form of the file.
 */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import ts from "typescript";
import { parseCode } from "./cell-syntax.ts";
import { RESULT_MIME, type ShownValue, type ShownValues } from "../ask/result.ts";
import { CHART_TYPE, TABLE_TYPE } from "../ask/show.ts";
import { boundMetadata } from "./bindings.ts";
import { isMarkdown } from "./notebook.ts";
import { isError, isStream } from "./outputs.ts";
import { RESULTS_FILE } from "./place.ts";
import { parametersOf, type RunParameters } from "./parameter-changes.ts";
import type { CellRun, Run, Status, StepRun } from "./run.ts";
import type { Claim } from "./claims.ts";

export const RESULTS_VERSION = 1;

/** The content of results.json. */
export interface Results {
  version: typeof RESULTS_VERSION;
  title: string;
  status: Run["status"];
  started_at: string; // ISO 8601
  seconds: number;
  notebooks: { name: string; title: string; status: Status; seconds: number }[];
  parameters?: RunParameters; // of the notebooks that have some; older files lack it
  results: Result[];
  claims: ResultClaim[];
  fail_if?: string[]; // the reasons of `--fail-if` for which the run failed
}

export interface Result {
  name: string; // unique in the file
  kind: ShownValue["kind"] | "chart" | "table";
  notebook: string;
  cell: number; // number among the notebook's code cells, from 1
  value: unknown; // a number, a text, an object of numbers, or the rows of a chart or a table
}

export interface ResultClaim {
  notebook: string;
  cell: number;
  text: string; // of the call, e.g. "assert.equal(rows, 220)"
  held: number; // how often it ran and held
  failed: number;
  pending: number; // runs that the cell did not await
  actual: string | null; // of its first failed run, else of its first run
  expected: string | null;
  cause: string | null;
}

/** Thrown for a file that is not the results of a run. */
export class ResultsError extends Error {
  override name = "ResultsError";
}

/** The results of a run. */
export function resultsOf(run: Run, title: string): Results {
  const cells = run.steps.flatMap((step) => step.cells.map((cell) => ({ step, cell })));
  return {
    version: RESULTS_VERSION,
    title,
    status: run.status,
    started_at: run.startedAt.toISOString(),
    seconds: run.seconds,
    notebooks: run.steps.map(({ notebook, title: heading, status, seconds }) => {
      return { name: notebook.name, title: heading, status, seconds };
    }),
    parameters: parametersOf(run),
    results: withOwnNames([...cells.flatMap(cellResults), ...run.steps.flatMap(textResults)]),
    claims: cells.flatMap(({ step, cell }) => cell.claims.map((claim) => claimOf(claim, step, cell))),
    ...(run.metConditions === undefined ? {} : { fail_if: run.metConditions }),
  };
}

/**
 * Reads results.json at `path`, or in the folder at `path`.
 * @throws ResultsError if there is no such file, or if it has another form
 */
export async function readResults(path: string): Promise<Results> {
  const file = path.endsWith(".json") ? path : join(path, RESULTS_FILE);
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const isMissing = code === "ENOENT" || code === "ENOTDIR";
    throw new ResultsError(isMissing ? `there is no ${file}` : `${file}: ${message}`);
  }
  let content: Partial<Results> | null;
  try {
    content = JSON.parse(text) as Partial<Results> | null;
  } catch (error) {
    throw new ResultsError(`${file}: expected JSON, got ${(error as Error).message}`);
  }
  if (content?.version !== RESULTS_VERSION || !Array.isArray(content.results))
    throw new ResultsError(
      `${file}: expected results of version ${RESULTS_VERSION}, got version ${String(content?.version)}`,
    );
  return content as Results;
}

function cellResults({ step, cell }: { step: StepRun; cell: CellRun }): Result[] {
  const place = { notebook: step.notebook.name, cell: cell.number };
  const templates = templatesOf(step.cells.slice(0, cell.number));
  return cell.cell.outputs.flatMap((output): Result[] => {
    if (isStream(output) || isError(output)) return [];
    const { [CHART_TYPE]: spec, [TABLE_TYPE]: table, [RESULT_MIME]: shown } = output.data;
    const results: Result[] = [];
    if (spec !== undefined) results.push({ ...chartOf(spec), ...place });
    if (table !== undefined) results.push({ ...tableOf(table), ...place });
    if (shown !== undefined) results.push(...shownOf(shown, templates).map((one) => ({ ...one, ...place })));
    return results;
  });
}

/** The values of a notebook's texts; an expression that several texts have after a cell, once. */
function textResults({ notebook }: StepRun): Result[] {
  const bound = notebook.cells.filter(isMarkdown).flatMap((cell) => boundMetadata(cell)?.bound ?? []);
  const inOrder = bound.toSorted((a, b) => a.cell - b.cell);
  const results = inOrder.map(({ expression, cell, kind, value }): Result => {
    return { name: expression.replace(/\s+/g, " "), kind, notebook: notebook.name, cell, value };
  });
  const isSame = (a: Result, b: Result): boolean => a.name === b.name && a.cell === b.cell;
  return results.filter((one, i) => results.findIndex((other) => isSame(one, other)) === i);
}

type Named = Pick<Result, "name" | "kind" | "value">;

function chartOf(content: unknown): Named {
  const spec = (content ?? {}) as { name?: unknown; title?: unknown };
  const title = typeof spec.title === "object" ? (spec.title as { text?: unknown } | null)?.text : spec.title;
  const lines = Array.isArray(title) ? title.join(" ") : title;
  return { name: nameOf(spec.name, lines, "chart"), kind: "chart", value: withoutPlaces(rowsIn(content)) };
}

function tableOf(content: unknown): Named {
  const { name, title, data } = (content ?? {}) as { name?: unknown; title?: unknown; data?: unknown };
  const caption = (typeof title === "string" ? title : "").replace(
    /(: |^)(first \d+ of \d+ rows|no rows)$/,
    "",
  );
  return { name: nameOf(name, caption, "table"), kind: "table", value: data ?? null };
}

function shownOf(content: unknown, templates: ReadonlyMap<string, string[]>): Named[] {
  const { template, values } = content as ShownValues;
  const expressions = template === undefined ? [] : (templates.get(JSON.stringify(template)) ?? []);
  return values.map(({ name, kind, value }, i) => ({
    name: nameOf(name, expressions[i], "value"),
    kind,
    value,
  }));
}

function nameOf(...candidates: unknown[]): string {
  return candidates.find((one) => typeof one === "string" && one.trim() !== "") as string;
}

/** The rows of a spec: its own, else the first rows of one of its parts. */
function rowsIn(content: unknown): unknown {
  if (typeof content !== "object" || content === null) return null;
  const { data } = content as { data?: { values?: unknown } | null };
  if (Array.isArray(data?.values)) return data.values;
  for (const [key, part] of Object.entries(content)) {
    if (key === "usermeta" || key === "data") continue;
    const rows = rowsIn(part);
    if (rows !== null) return rows;
  }
  return null;
}

/** The rows of `bars` without the bars' places, which are no results. */
function withoutPlaces(rows: unknown): unknown {
  if (!Array.isArray(rows)) return rows;
  return rows.map((row: unknown) => {
    const isBar = ["label", "number", "text", "bar"].every((key) =>
      Object.hasOwn(Object(row) as object, key),
    );
    return isBar ? Object.fromEntries(Object.entries(row as object).filter(([key]) => key !== "bar")) : row;
  });
}

/** The templates in the cells' sources: fixed parts as JSON → expressions. */
function templatesOf(cells: readonly CellRun[]): Map<string, string[]> {
  const templates = new Map<string, string[]>();
  for (const { cell } of cells) {
    const file = parseCode(cell.source);
    const visit = (node: ts.Node): void => {
      if (ts.isTemplateExpression(node)) {
        const parts = [node.head.text, ...node.templateSpans.map(({ literal }) => literal.text)];
        const texts = node.templateSpans.map(({ expression }) => expression.getText(file));
        templates.set(
          JSON.stringify(parts),
          texts.map((text) => text.replace(/\s+/g, " ")),
        );
      }
      ts.forEachChild(node, visit);
    };
    visit(file);
  }
  return templates;
}

/** The results in their order; a name of the author's is stronger than an expression. */
function withOwnNames(results: readonly Result[]): Result[] {
  const names = new Map<string, number>();
  const isNamed = ({ kind }: Result): boolean => ["tile", "chart", "table"].includes(kind);
  const inOrder = [...results.filter(isNamed), ...results.filter((one) => !isNamed(one))];
  const named = new Map(inOrder.map((result) => [result, withOwnName(result, names)]));
  return results.map((result) => named.get(result)!);
}

function withOwnName(result: Result, names: Map<string, number>): Result {
  for (;;) {
    const count = (names.get(result.name) ?? 0) + 1;
    names.set(result.name, count);
    if (count === 1) return result;
    const name = `${result.name} (${count})`;
    if (names.has(name)) continue;
    names.set(name, 1);
    return { ...result, name };
  }
}

function claimOf({ text, held, failed, pending, values }: Claim, step: StepRun, cell: CellRun): ResultClaim {
  const run = values.find((one) => !one.held) ?? values[0];
  const { actual = null, expected = null, cause = null } = run ?? {};
  const place = { notebook: step.notebook.name, cell: cell.number };
  return { ...place, text, held, failed, pending, actual, expected, cause };
}

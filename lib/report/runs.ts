/**
 * A folder of runs → the runs in it, their index page, and the run before another one.
 *
 * A run's folder has a results.json. `--out archive/{day}` makes one folder a day, so `archive`
 * is a folder of runs. The files of a run that failed are in its folder's `failed`.
 */
import { readFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { UsageError } from "../command.ts";
import { forHtml } from "../untrusted.ts";
import { writeWhole } from "../whole-file.ts";
import { compareResults, numbersOf } from "./compare.ts";
import { listParameters } from "./parameter-changes.ts";
import { renderFrame } from "./page-frame.ts";
import { REPORT_FILE } from "./place.ts";
import { formatSeconds } from "./progress.ts";
import { readResults, type Results, ResultsError } from "./results.ts";
import { runFoldersIn } from "./run-folder.ts";
import { STYLE } from "./style.ts";

export const INDEX_FILE = "index.html";
const TITLE = "<title>Runs in "; // tells our index page from a page of the user's
// The columns of the index. On a narrow screen each row is a list, which repeats these names; the
// roles keep it a table for screen readers.
const HEAD = [
  { name: "Run", kind: "run" },
  { name: "Title", kind: "title" },
  { name: "Notebooks", kind: "notebooks" },
  { name: "Parameters", kind: "parameters" },
  { name: "State", kind: "state" },
  { name: "Claims", kind: "number" },
  { name: "Numbers", kind: "number" },
  { name: "Changed", kind: "number" },
  { name: "Took", kind: "number" },
];

export interface StoredRun {
  folder: string;
  results: Results;
}

/** The runs in `folder` and its folders, the newest first. Other files are no runs. */
export async function runsIn(folder: string): Promise<StoredRun[]> {
  const runs = await Promise.all(runFoldersIn(folder).map(readRun));
  return runs.flat().sort((a, b) => (a.results.started_at < b.results.started_at ? 1 : -1));
}

/** The newest good run in `folder` of the same notebooks as `results`, before it. */
export function runBefore(runs: readonly StoredRun[], results: Results): StoredRun | null {
  const names = (one: Results): string => one.notebooks.map(({ name }) => name).join("\n");
  const before = runs.filter(
    (one) =>
      one.results.status === "ok" &&
      one.results.started_at < results.started_at &&
      names(one.results) === names(results),
  );
  return before[0] ?? null;
}

/** Writes the index page of the runs in `folder`, and returns its path. */
export async function writeIndex(folder: string): Promise<string> {
  const file = join(folder, INDEX_FILE);
  await checkIndex(folder);
  await writeWhole(file, renderIndex(await runsIn(folder), folder));
  return file;
}

/** @throws UsageError if `folder` has an index page of the user's */
export async function checkIndex(folder: string): Promise<void> {
  const text = await readFile(join(folder, INDEX_FILE), "utf8").catch(() => "");
  if (text !== "" && !text.includes(TITLE))
    throw new UsageError(
      `${join(folder, INDEX_FILE)}: a run would replace this page, which no run wrote; move it, or name another folder`,
    );
}

/** The index page: a row for each run, the newest first. */
export function renderIndex(runs: readonly StoredRun[], folder: string): string {
  const rows = runs.map(({ folder: own, results }) => {
    const { status, started_at, seconds, title, notebooks, claims, fail_if: reasons = [] } = results;
    const held = claims.reduce((sum, claim) => sum + claim.held, 0);
    const failed = claims.filter((claim) => claim.failed > 0).length;
    const before = runBefore(runs, results);
    const changes = before === null ? "" : String(compareResults(before.results, results).changes.length);
    const href = relative(folder, join(own, REPORT_FILE)).split("/").map(encodeURIComponent).join("/");
    const when = `${started_at.slice(0, 10)} ${started_at.slice(11, 19)} UTC`;
    const cells = [
      `<a href="${forHtml(href)}"><time datetime="${forHtml(started_at)}">${forHtml(when)}</time></a>`,
      `<span>${[title, ...reasons].map(forHtml).join("<br>")}</span>`,
      forHtml(notebooks.map(({ name }) => name).join(", ")),
      forHtml(listParameters(results)),
      `<span class="${status === "ok" ? "held" : "failed"}">${forHtml(status)}</span>`,
      `${held} held${failed > 0 ? `, ${failed} failed` : ""}`,
      String(numbersOf(results.results).size),
      changes,
      forHtml(formatSeconds(seconds)),
    ];
    const tds = cells.map((cell, i) => {
      const { name, kind } = HEAD[i]!;
      return `<td role="cell" class="${kind}" data-head="${name}">${cell}</td>`;
    });
    return `<tr role="row">${tds.join("")}</tr>`;
  });
  const head = HEAD.map(
    ({ name, kind }) => `<th scope="col" role="columnheader" class="${kind}">${name}</th>`,
  );
  const title = `Runs in ${basename(folder)}`;
  const body = `<header class="top wide">
<p class="kicker">Questlog reports</p>
<h1>${forHtml(title)}</h1>
</header>
<div class="page wide"><main>
<figure class="table"><div class="scroll" tabindex="0"><table class="runs" role="table">
<thead role="rowgroup"><tr role="row">${head.join("")}</tr></thead>
<tbody role="rowgroup">${rows.join("\n")}</tbody>
</table></div></figure>
</main></div>`;
  return renderFrame({ lang: "en", title, style: STYLE, body });
}

async function readRun(folder: string): Promise<StoredRun[]> {
  try {
    return [{ folder, results: await readResults(folder) }];
  } catch (error) {
    if (error instanceof ResultsError) return []; // another program's file, or another version
    throw error;
  }
}

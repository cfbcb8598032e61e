/**
 * A good run → its record for the next call of the command (cached-report.ts), or the reason why
 * the next call runs the notebooks again.
 *
 * The key is taken again after the run. If it differs, something changed while the run read it.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { allTables, viewTexts } from "../hive-metastore.ts";
import { fromUser } from "../user-folder.ts";
import { writeWhole } from "../whole-file.ts";
import { callPartsOf, fileDigest, keyOf, type KeyParts, reasonWithoutKey } from "./cache-key.ts";
import { CACHE_FILE, type CachedReport, formatCached, type NoReport, NOT_ASKED } from "./cached-report.ts";
import { countHeld } from "./claims.ts";
import { filesAt } from "./files-at.ts";
import type { Notebook } from "./notebook.ts";
import { LIST_FILE, REPORT_FILE } from "./place.ts";
import type { ReportValues } from "./report-options.ts";
import type { Run } from "./run.ts";
import { INDEX_FILE } from "./runs.ts";
import { unsteadyPart } from "./steady.ts";
import { isSteadySql } from "./steady-sql.ts";

interface StoredJob {
  notebooks: readonly string[];
  options: ReportValues;
  out: string;
  runs: string | null;
  cache: { before: KeyParts | null; prepared: readonly Notebook[]; warnings: string[]; dist: string };
}

/**
 * Writes the record of a good run beside its page.
 * @param shown the warnings that the run printed at its end
 */
export async function storeRun(run: Run, job: StoredJob, shown: readonly string[]): Promise<void> {
  const text = formatCached(await recordOf(run, job, shown));
  await writeWhole(join(job.out, CACHE_FILE), text);
}

async function recordOf(
  run: Run,
  { notebooks, options, out, runs, cache }: StoredJob,
  shown: readonly string[],
): Promise<Omit<CachedReport, "version"> | Omit<NoReport, "version">> {
  const { before, prepared, warnings, dist } = cache;
  const call = { notebooks, options, out, runs };
  const because = (reason: string) => ({ reason, call: callPartsOf(call) });
  const unsteady = reasonWithoutKey() ?? unsteadyPart(prepared);
  if (unsteady !== null) return because(unsteady);
  if (before === null) return because(NOT_ASKED);
  const key = await keyOf(call);
  if (key === null || !isDeepStrictEqual(key, { ...before, dist }))
    return because("something changed during the last run");
  const view = await unsteadyView();
  if (view !== null) return because(`a view: ${view.slice(0, 80)}`);
  const files = filesOf(out, [
    ...(options.junit === undefined ? [] : [fromUser(options.junit)]),
    ...(runs === null ? [] : [join(runs, INDEX_FILE)]),
  ]);
  const cells = run.steps.flatMap((step) => step.cells);
  return {
    key,
    files: files.map((path) => [path, fileDigest(path)]),
    started_at: run.startedAt.toISOString(),
    cells: cells.length,
    claims: countHeld(cells.flatMap(({ claims }) => claims)),
    warnings: [...warnings, ...shown],
  };
}

/** The SQL of a view whose rows can change by themselves, or the reason why no view can be read. */
async function unsteadyView(): Promise<string | null> {
  try {
    return viewTexts(await allTables()).find((sql) => !isSteadySql(sql)) ?? null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The files of the good run in `out`, the page first. */
function filesOf(out: string, others: readonly string[]): string[] {
  const names = JSON.parse(readFileSync(join(out, LIST_FILE), "utf8")) as string[];
  const own = names.flatMap((name) => filesAt(join(out, name)));
  return [...new Set([join(out, REPORT_FILE), ...own, ...others])];
}

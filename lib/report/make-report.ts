/**
 * Notebooks → out/report.html, the executed notebooks, out/results.json with the report's numbers,
 * and out/report.json with the counted events. The files of a failed run are in out/failed.
 *
 * The run uses a running stack and leaves it up. At its end it stops the services that it started.
 * A second run waits for the first: both would write the same files, or the first would stop the
 * services of the second.
 */
import { join, relative } from "node:path";
import { services } from "../services/services.ts";
import { serviceStatus, type StatusRow } from "../services/status.ts";
import { withLock } from "../lock.ts";
import { stopServices } from "../services/stop.ts";
import { settings } from "../settings.ts";
import { fromUser } from "../user-folder.ts";
import { writeWhole } from "../whole-file.ts";
import { chooseAgain } from "./again.ts";
import { buildLib } from "./build.ts";
import { distPart, type KeyParts } from "./cache-key.ts";
import { compareResults, comparisonFacts } from "./compare.ts";
import { type Condition, failIf, parseCondition } from "./fail-if.ts";
import { renderReport } from "./html.ts";
import { type Given, readGiven } from "./given-values.ts";
import type { Kernel } from "./kernel.ts";
import { annotationsOf, junitOf } from "./junit.ts";
import { prepareNotebooks } from "./prepare.ts";
import { UsageError } from "../command.ts";
import { frontOf } from "./front.ts";
import type { Notebook } from "./notebook.ts";
import { canMakePdf, makePdf, NO_CHROMIUM } from "./pdf.ts";
import { formatSeconds, showProgress } from "./progress.ts";
import { recordPath, writeRecord } from "./record.ts";
import { proseFacts, proseWarnings } from "./prose-facts.ts";
import { recount } from "./recount.ts";
import {
  checkFile,
  checkPlace,
  failedFolder,
  hasGood,
  keepGood,
  openPlace,
  PDF_FILE,
  REPORT_FILE,
  RESULTS_FILE,
} from "./place.ts";
import type { ReportValues } from "./report-options.ts";
import { collectFacts } from "./run-facts.ts";
import { resultsOf } from "./results.ts";
import { pageWarnings } from "./page-warnings.ts";
import { type Run, runNotebooks } from "./run.ts";
import { foldersOf } from "./run-folder.ts";
import { checkIndex, runBefore, runsIn, writeIndex } from "./runs.ts";
import { storeRun } from "./store-run.ts";
import { summaryLines } from "./summary.ts";
import { unshownLines } from "./unshown.ts";
import { readLimits, type TimeLimits } from "./time-limits.ts";
import { watchNotebooks } from "./watch-notebooks.ts";

const EXIT_CODES = { ok: 0, failed: 1, interrupted: 130 };

/**
 * Runs the notebooks, writes the report, and resolves with the exit code: 0 only for a whole run.
 * @param before the key of the cache when the command started; null: the run is not stored
 * @param firstKernel of the first notebook; the caller shuts it down
 * @param folders of `options.out` when the command started
 * @throws NotebookError or UsageError, before anything is built or started
 */
export async function makeReport(
  given: string[],
  options: ReportValues,
  signal: AbortSignal,
  before: KeyParts | null = null,
  firstKernel?: Promise<Kernel>,
  folders = foldersOf(options.out, new Date()),
): Promise<number> {
  if (options.for !== undefined && options.for !== "readers")
    throw new UsageError(`--for: expected readers, got ${options.for}`);
  if (options.pdf && !(await canMakePdf())) throw new Error(NO_CHROMIUM);
  const parameters = await readGiven(options.set ?? [], options.profile);
  const conditions = (options["fail-if"] ?? []).map(parseCondition);
  const { out, runs } = folders;
  const prepared = await prepareNotebooks(given, { parameters, isStrict: options.strict });
  const names = prepared.map(({ name }) => name);
  const notebooks = await chooseAgain(given, options, { out, names });
  const written = [
    REPORT_FILE,
    RESULTS_FILE,
    recordPath(REPORT_FILE),
    ...names.map((name) => `${name}.ipynb`),
  ];
  if (!options.watch) await checkPlace(out, options.pdf ? [...written, PDF_FILE] : written, given);
  if (options.junit !== undefined) await checkFile("--junit", fromUser(options.junit));
  if (runs !== null) await checkIndex(runs);
  const warnings = pageWarnings(prepared);
  for (const warning of warnings) console.log(warning);
  const limits = readLimits(options);
  const cache = { before, prepared, warnings, dist: "" };
  const job = { notebooks, options, parameters, limits, conditions, out, runs, signal, cache, firstKernel };
  const [stack, files] = [join(settings.home, "run"), settings.out].map((folder) =>
    join(folder, "report.lock"),
  );
  const locked = () => withLock(files!, console.log, () => makeLocked(job), signal);
  return withLock(stack!, console.log, locked, signal);
}

interface Job {
  notebooks: string[];
  options: ReportValues;
  parameters: ReadonlyMap<string, Given>;
  limits: TimeLimits;
  conditions: Condition[];
  out: string; // folder of the report
  runs: string | null; // folder of all runs, with an index page
  signal: AbortSignal;
  firstKernel: Promise<Kernel> | undefined;
  cache: {
    before: KeyParts | null;
    prepared: Notebook[];
    warnings: string[]; // printed before the run
    dist: string; // digest of the compiled code
  };
}

async function makeLocked(job: Job): Promise<number> {
  const onAbort = (): void =>
    console.log(
      job.options.watch
        ? "\nthe watch ends"
        : "\ninterrupted: saving the report so far, stopping the services of this run",
    );
  job.signal.addEventListener("abort", onAbort, { once: true });
  await buildLib();
  job.cache.dist = distPart();
  const before = await serviceStatus();
  const { out } = job;
  const stopOwn = (): Promise<void> => stopAllBut(before.filter(({ problem }) => problem !== "not running"));
  if (job.options.watch) return watchReport(job).finally(stopOwn);
  const { run, summary } = await writeReport(job).finally(stopOwn);
  console.log(
    `${summary}\n${describePlace(run, out, job.options.pdf ? [REPORT_FILE, PDF_FILE] : [REPORT_FILE])}`,
  );
  return EXIT_CODES[run.status];
}

/** Follows edits until Ctrl-C, which is the way to end: exit code 0. */
async function watchReport(job: Job): Promise<number> {
  const { notebooks, options, parameters, limits, out, signal } = job;
  const { onProgress, stop } = showProgress();
  const facts = await collectFacts(services);
  const { title } = options;
  const isForReaders = options.for === "readers";
  const log = (line: string): void => {
    stop();
    console.log(line);
  };
  try {
    const given = { onProgress, parameters, isStrict: options.strict, signal, ...limits };
    await watchNotebooks(notebooks, { title, isForReaders, facts, out, log, ...given });
    return 0;
  } finally {
    stop();
  }
}

async function writeReport(job: Job) {
  const { notebooks, options, parameters, limits, conditions, out, runs, signal, firstKernel } = job;
  const { onProgress, stop } = showProgress();
  try {
    const folder = await openPlace(out);
    const file = join(folder, REPORT_FILE);
    const isStrict = options.strict;
    const given = { onProgress, parameters, isStrict, signal, ...limits };
    const run = await runNotebooks(notebooks, {
      outFolder: folder,
      ...given,
      ...(firstKernel && { firstKernel }),
    });
    if (run.status === "ok") await recount(run, folder);
    if (run.status === "ok") await failIf(run, conditions, folder);
    const front = frontOf(
      run.steps.map(({ notebook }) => notebook),
      options,
    );
    const { title } = front;
    const results = resultsOf(run, title);
    const previous = runBefore(await runsIn(runs ?? out), results)?.results ?? null;
    const facts = [
      ...(previous ? comparisonFacts(compareResults(previous, results)) : []),
      ...proseFacts(run),
      ...(await collectFacts(services)),
      await writeRecord(run, file),
    ];
    await writeWhole(join(folder, RESULTS_FILE), `${JSON.stringify(results, null, 1)}\n`);
    await writeWhole(
      file,
      await renderReport(run, { title, facts, front, previous, isForReaders: options.for === "readers" }),
    );
    if (options.pdf) await makePdf(file);
    if (run.status === "ok") await keepGood(out);
    if (runs !== null) await writeIndex(runs);
    if (options.junit !== undefined) await writeWhole(fromUser(options.junit), junitOf(run));
    if (process.env.GITHUB_ACTIONS === "true")
      for (const line of annotationsOf(run, notebooks)) console.log(line);
    const warnings = [...proseWarnings(run), ...unshownLines(run)];
    if (run.status === "ok") await storeRun(run, job, warnings);
    return { run, summary: [...warnings, ...summaryLines(run)].join("\n") };
  } finally {
    stop();
  }
}

/** The paths of the report's files; for a failed run, also that of the last good report. */
function describePlace({ status }: Run, out: string, files: readonly string[]): string {
  const path = (folder: string, file: string): string => relative(process.cwd(), join(folder, file));
  const folder = status === "ok" ? out : failedFolder(out);
  const lines = files.map((file) => path(folder, file));
  if (status !== "ok" && hasGood(out)) lines.push(`the last good report stays: ${path(out, REPORT_FILE)}`);
  return lines.join("\n");
}

/** Stops the services that were not running before. */
async function stopAllBut(running: StatusRow[]): Promise<void> {
  const names = services
    .map(({ name }) => name)
    .filter((name) => !running.some(({ service }) => service === name));
  const started = performance.now();
  const stopped = await stopServices({ names });
  if (stopped.length === 0) return;
  const seconds = formatSeconds((performance.now() - started) / 1000);
  console.log(`stopped ${stopped.map(({ service }) => service).join(", ")}, ${seconds}`);
}

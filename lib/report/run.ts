/**
 * Notebooks → a run: every cell in order, until one fails; each notebook has a kernel of its own.
 *
 * A kernel needs 2 s to start, so the next kernel starts while the present notebook runs. Executed
 * notebooks are saved also when a cell fails or the run is interrupted.
 */
import { mkdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { bindTexts } from "./bind-texts.ts";
import { planBindings, type PlannedBinding } from "./bindings.ts";
import { type CellSource, type Claim, failureOf, readClaims, unawaitedOf } from "./claims.ts";
import type { Given } from "./given-values.ts";
import { type Kernel, startKernel } from "./kernel.ts";
import { type CodeCell, isCode, type Notebook, stripOutputs, titleOf, writeNotebook } from "./notebook.ts";
import { sentNumbers, typedIn, type TypedNumbers } from "./numbers.ts";
import { type CellOutputs, collectOutputs } from "./outputs.ts";
import { prepareNotebooks } from "./prepare.ts";
import { knownTitle } from "./known-texts.ts";
import { nameParameters } from "./parameter-fault.ts";
import { forTerminal } from "../untrusted.ts";
import { KernelError } from "./protocol.ts";
import { problemOf } from "./render-output.ts";
import { refusedOutput } from "./unshown.ts";

const CELL_TIMEOUT_MS = 20 * 60_000; // the first cell of a fresh machine downloads a gigabyte

export type Status = "ok" | "failed" | "not run";

export interface CellRun {
  number: number; // its number among the notebook's code cells, from 1
  cell: CodeCell;
  status: Status;
  seconds: number;
  claims: Claim[]; // assertions that ran
}

/** One notebook of a run. */
export interface StepRun {
  notebook: Notebook;
  title: string;
  status: Status;
  seconds: number; // since the start of its first cell
  cells: CellRun[];
  typed: TypedNumbers[]; // numbers of the prose that look like results and come from none
}

export interface Run {
  status: "ok" | "failed" | "interrupted";
  startedAt: Date;
  seconds: number;
  steps: StepRun[];
  faults?: string[]; // of the run and of no cell: a condition that names no result
  metConditions?: string[]; // the reasons of `--fail-if` for which the run failed
}

/** An event of a run: a cell begins, prints something, has a note, or ends. */
export interface Progress {
  event: "cell" | "output" | "note" | "end";
  step: StepRun;
  cell: CellRun;
  text?: string; // of an output or a note
}

export interface RunOptions {
  outFolder: string; // for the executed notebooks
  onProgress?: (progress: Progress) => void;
  cellTimeoutMs?: number;
  queryTimeoutMs?: number; // of a statement that sets no limit itself
  parameters?: ReadonlyMap<string, Given>; // by their names
  isStrict?: boolean; // typed numbers in prose, and outputs that the page does not show, are errors
  signal?: AbortSignal; // interrupts the running cell and ends the run
  firstKernel?: Promise<Kernel>; // of the first notebook, started before the run
}

/**
 * Runs the notebooks at `paths`, each in its own folder. Resolves with the run, also if a cell
 * failed.
 * @throws NotebookError, before anything runs, if one of the files is not a notebook, has no
 * cells, or has a text with a wrong binding; in a strict run, also for typed numbers.
 * @throws UsageError, before anything runs, if a parameter's name or type is wrong.
 */
export async function runNotebooks(paths: string[], options: RunOptions): Promise<Run> {
  const notebooks = await prepareNotebooks(paths, options);
  const steps = notebooks.map((notebook) => newStep(stripOutputs(notebook)));
  const run: Run = { status: "ok", startedAt: new Date(), seconds: 0, steps };
  await mkdir(options.outFolder, { recursive: true });
  const started = performance.now();
  let next = options.firstKernel;
  for (const [i, step] of steps.entries()) {
    if (run.status === "ok") {
      const kernel = next ?? startKernel(folderOf(paths, i), options);
      // The next kernel starts when this one is ready, so that they do not slow each other down.
      next =
        i + 1 < paths.length ? kernel.then(() => startKernel(folderOf(paths, i + 1), options)) : undefined;
      next?.catch(() => {}); // its step gets the error
      await runStep(step, kernel, options);
      step.typed = typedIn(step.notebook);
      if (options.signal?.aborted) run.status = "interrupted";
      else if (step.status === "failed") run.status = "failed";
    }
    step.title = knownTitle(step); // its bindings have values now, or a mark
    await writeNotebook(join(options.outFolder, `${step.notebook.name}.ipynb`), step.notebook);
  }
  await next?.then((kernel) => kernel.shutdown()).catch(() => {}); // a kernel that no step used
  run.seconds = secondsSince(started);
  return run;
}

async function runStep(step: StepRun, kernel: Promise<Kernel>, options: RunOptions): Promise<void> {
  const { signal } = options;
  const interrupt = (): void => {
    kernel.then((ready) => ready.interrupt()).catch(() => {}); // its first cell shows why it did not start
  };
  signal?.addEventListener("abort", interrupt);
  const started = performance.now();
  const sources = new Map<string, CellSource>();
  const planned = planBindings(step.notebook);
  step.status = "ok";
  for (const cell of step.cells) {
    await runCell(
      cell,
      collectOutputs(cell.cell, fileOfOutputs(step, cell, options)),
      { step, kernel, sources, planned },
      options,
    );
    step.seconds = secondsSince(started);
    step.status = cell.status;
    if (step.status !== "ok") break;
  }
  signal?.removeEventListener("abort", interrupt);
  await kernel.then((ready) => ready.shutdown()).catch(() => {}); // its first cell shows why it did not start
}

interface RunningStep {
  step: StepRun;
  kernel: Promise<Kernel>;
  sources: Map<string, CellSource>; // of the cells so far, by the names of their scripts
  planned: PlannedBinding[]; // of its texts
}

/** Runs one cell, and sets its outputs, claims and status. */
export async function runCell(
  run: CellRun,
  outputs: CellOutputs,
  { step, kernel, sources, planned }: RunningStep,
  { onProgress = () => {}, cellTimeoutMs: timeoutMs = CELL_TIMEOUT_MS, isStrict, signal }: RunOptions,
): Promise<void> {
  let started = performance.now();
  onProgress({ event: "cell", step, cell: run });
  run.cell.execution_count = run.number;
  const onOutput: CellOutputs["onOutput"] = (output) => {
    outputs.onOutput(output);
    const { text } = output.content;
    if (output.type === "stream" && typeof text === "string")
      onProgress({ event: "output", step, cell: run, text });
  };
  try {
    const ready = await kernel;
    started = performance.now(); // the wait for the kernel counts for the step, not for the cell
    const status = signal?.aborted ? "error" : await ready.execute(run.cell.source, { timeoutMs, onOutput });
    const isLast = step.cells.at(-1) === run;
    const ran = await ready.takeClaims(isLast && status === "ok");
    if (ran.script !== null) sources.set(ran.script, { number: run.number, source: run.cell.source });
    run.claims = readClaims(ran, sources);
    ran.faults.forEach(outputs.onFault);
    run.status = status === "ok" && ran.faults.length === 0 ? "ok" : "failed";
    if (run.status === "failed") outputs.fail(signal?.aborted ? "interrupted" : undefined);
    if (run.status === "failed" && !signal?.aborted) nameParameters(run.cell, step.notebook);
    const reason =
      run.status === "ok"
        ? (reasonToFail(run, isStrict ? step : null) ??
          (await bindTexts(planned, run.number, { kernel: ready, timeoutMs })))
        : null;
    if (reason !== null) {
      run.status = "failed";
      outputs.fail(reason);
    }
  } catch (error) {
    if (!(error instanceof KernelError)) throw error;
    run.status = "failed";
    outputs.fail(signal?.aborted ? "interrupted" : error.message);
  }
  run.seconds = secondsSince(started);
  for (const text of run.cell.outputs.map((output) => problemOf(output)).filter((problem) => problem !== ""))
    onProgress({ event: "note", step, cell: run, text: forTerminal(text) });
  onProgress({ event: "end", step, cell: run });
}

/**
 * The fault of a cell that ran to its end; null if its claims hold. In a strict run, the page must
 * also show its outputs whole, and its sentences have no typed numbers.
 * @param strictStep the cell's notebook in a strict run, else null
 */
function reasonToFail(run: CellRun, strictStep: StepRun | null): string | null {
  const unheld = failureOf(run.claims);
  if (unheld !== null) return `a claim does not hold: ${unheld}`; // the cell caught the error
  const unawaited = unawaitedOf(run.claims);
  if (unawaited !== null) return `a claim is not awaited: ${unawaited}; write await before it`;
  if (strictStep === null) return null;
  const refused = refusedOutput(run);
  if (refused !== null) return `an output is not shown, or not whole: ${refused}`;
  const sent = sentNumbers(run.cell, strictStep.notebook);
  if (sent.length === 0) return null;
  return `prose: expected numbers that come from results by \${…}, got ${sent.join(", ")}`;
}

/** A notebook none of whose cells has run. */
export function newStep(notebook: Notebook): StepRun {
  const cells = notebook.cells.filter(isCode).map((cell, i): CellRun => {
    return { number: i + 1, cell, status: "not run", seconds: 0, claims: [] };
  });
  return { notebook, title: titleOf(notebook), status: "not run", seconds: 0, cells, typed: [] };
}

function folderOf(paths: string[], i: number): string {
  return dirname(paths[i] as string);
}

/** The file that gets all outputs of a cell, if the cell cannot keep them. */
export function fileOfOutputs({ notebook }: StepRun, { number }: CellRun, { outFolder }: RunOptions): string {
  return join(outFolder, `${notebook.name}-cell-${number}.txt`);
}

function secondsSince(started: number): number {
  return (performance.now() - started) / 1000;
}

/**
 * A notebook and its edits → its run, always as a whole run would give it.
 *
 * The kernel stays between edits, and only the cells of rerun.ts run again. A second kernel waits,
 * so that a fresh start costs no time.
 */
import { dirname } from "node:path";
import { bindTexts } from "./bind-texts.ts";
import { type PlannedBinding, planBindings } from "./bindings.ts";
import type { CellSource } from "./claims.ts";
import { type Kernel, startKernel } from "./kernel.ts";
import { type Notebook, titleOf } from "./notebook.ts";
import { typedIn } from "./numbers.ts";
import { collectOutputs } from "./outputs.ts";
import { planRerun } from "./rerun.ts";
import { newStep, fileOfOutputs, runCell, type RunOptions, type StepRun } from "./run.ts";

const BIND_TIMEOUT_MS = 60_000; // an expression of a text may be a query

/** What an update did. */
export interface Updated {
  ran: number; // cells
  fresh: string | null; // the reason for a fresh kernel
  hasEffects: boolean; // a cell that ran may have changed something outside the notebook
}

export class WatchedNotebook {
  step: StepRun;
  readonly #folder: string;
  #kernel: Promise<Kernel> | undefined;
  #spare: Promise<Kernel> | undefined;
  #sources = new Map<string, CellSource>();

  constructor(path: string, notebook: Notebook) {
    this.#folder = dirname(path);
    this.step = newStep(notebook);
  }

  /** Runs what the edit to `notebook` changes, until a cell fails or `signal` aborts. */
  async update(notebook: Notebook, options: RunOptions): Promise<Updated> {
    const old = this.step;
    const next = newStep(notebook);
    const sources = next.cells.map(({ cell }) => cell.source);
    const plan = planRerun(
      old.cells.map(({ cell, status }) => ({ source: cell.source, status })),
      sources,
    );
    const isFirst = this.#kernel === undefined;
    const planned = planBindings(next.notebook);
    const others = planned.filter(({ after }) => !plan.cells.includes(after - 1));
    if (others.length > 0 && !plan.isPure && !isFirst) {
      // A later cell may have changed the values of these texts.
      Object.assign(plan, {
        fresh: "a text shows a value that a cell may change",
        cells: sources.map((_, i) => i),
      });
      plan.kept.clear();
      others.length = 0;
    }
    if (plan.fresh !== null && !isFirst) await this.restart();
    for (const [i, from] of plan.kept) {
      const { cell, status, seconds, claims } = old.cells[from]!;
      const run = next.cells[i]!;
      Object.assign(run.cell, { outputs: cell.outputs, execution_count: run.number });
      Object.assign(run, { status, seconds, claims });
    }
    this.step = next;
    const ran = await this.#run(plan.cells, planned, options);
    if (next.status === "ok") await this.#bind(others);
    next.typed = typedIn(next.notebook);
    next.title = titleOf(next.notebook); // its bindings have values now
    return { ran, fresh: isFirst ? null : plan.fresh, hasEffects: plan.hasEffects };
  }

  /** Takes a fresh kernel, in which all cells run at the next update. */
  async restart(): Promise<void> {
    const former = this.#kernel;
    this.#kernel = this.#spare;
    this.#spare = undefined;
    this.#sources = new Map();
    this.step = newStep(this.step.notebook);
    await shutdown(former);
  }

  /** Ends the kernels. */
  async close(): Promise<void> {
    await Promise.all([shutdown(this.#kernel), shutdown(this.#spare)]);
    this.#kernel = this.#spare = undefined;
  }

  /** Writes the values of texts whose cells did not run again. */
  async #bind(planned: PlannedBinding[]): Promise<void> {
    const { step } = this;
    const kernel = await this.#kernel!;
    for (const run of step.cells) {
      const reason = await bindTexts(planned, run.number, { kernel, timeoutMs: BIND_TIMEOUT_MS });
      if (reason === null) continue;
      run.cell.outputs.push({ output_type: "error", ename: "Error", evalue: reason, traceback: [] });
      run.status = step.status = "failed";
    }
  }

  async #run(cells: readonly number[], planned: PlannedBinding[], options: RunOptions): Promise<number> {
    const { step } = this;
    const { signal } = options;
    const kernel = (this.#kernel ??= startKernel(this.#folder, options));
    kernel.catch(() => {}); // its first cell shows the reason
    const interrupt = (): void => {
      kernel.then((ready) => ready.interrupt()).catch(() => {});
    };
    signal?.addEventListener("abort", interrupt);
    const started = performance.now();
    let ran = 0;
    step.status = "ok";
    for (const i of cells) {
      const cell = step.cells[i]!;
      cell.cell.outputs = [];
      await runCell(
        cell,
        collectOutputs(cell.cell, fileOfOutputs(step, cell, options)),
        { step, kernel, sources: this.#sources, planned },
        options,
      );
      ran++;
      step.status = cell.status;
      if (step.status !== "ok") break;
    }
    step.seconds = (performance.now() - started) / 1000;
    signal?.removeEventListener("abort", interrupt);
    if (step.cells.some(({ status }) => status === "failed") && signal?.aborted !== true)
      step.status = "failed";
    this.#spare ??= kernel.then(() => startKernel(this.#folder, options));
    this.#spare.catch(() => {}); // the next run shows the reason
    return ran;
  }
}

async function shutdown(kernel: Promise<Kernel> | undefined): Promise<void> {
  await kernel?.then((ready) => ready.shutdown()).catch(() => {}); // it did not start
}

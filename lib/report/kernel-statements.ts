/**
 * The statements of a kernel's cells in Trino: an interrupt, a failed cell and the kernel's end
 * cancel them. Preloaded into every kernel, of the report and of JupyterLab.
 *
 * lib/trino.ts asks this module for the limits of the running cell, and tells it each statement.
 * Only another process can cancel the statements of a killed kernel. So a first statement starts
 * one (statement-watch.ts), which knows the running statements and sees the kernel's end.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { fileURLToPath } from "node:url";
import type { StatementHost } from "../trino.ts"; // only its types: a kernel loads Trino's driver when a cell does

const WATCH = fileURLToPath(new URL("./statement-watch.ts", import.meta.url));
const require = createRequire(import.meta.url);

interface Executor {
  execute(source: string): Promise<boolean>; // false: the cell failed
  interrupt(): void;
}

const executors = require("tslab/dist/executor.js") as {
  createExecutor: (...options: unknown[]) => Executor;
};
const create = executors.createExecutor;
const cell = new AsyncLocalStorage<AbortSignal>(); // aborts with the cell whose code runs
let aborts: AbortController[] = []; // of the cells so far: work of an earlier cell can still run
let watch: ChildProcess | undefined;

executors.createExecutor = (...options) => {
  const executor = create(...options);
  const interrupt = (): void => {
    for (const abort of aborts) abort.abort();
    aborts = [];
    executor.interrupt();
  };
  const execute = async (source: string): Promise<boolean> => {
    const abort = new AbortController();
    aborts.push(abort);
    const isOk = await cell.run(abort.signal, () => executor.execute(source));
    if (!isOk) abort.abort();
    return isOk;
  };
  return { ...executor, execute, interrupt };
};

const host: StatementHost = {
  timeoutMs: readTimeout(),
  get signal() {
    return cell.getStore();
  },
  began: (statement) => tellWatch({ began: statement }),
  ended: (statement) => tellWatch({ ended: statement }),
};
Object.defineProperty(globalThis, Symbol.for("questlog.statements"), { value: host });

/** The time-out that the runner wrote into the connection file; JupyterLab writes none. */
function readTimeout(): number | undefined {
  try {
    const text = readFileSync(process.argv.at(-1) ?? "", "utf8");
    return (JSON.parse(text) as { query_timeout_ms?: number }).query_timeout_ms;
  } catch {
    return undefined; // a thread of a cell has no connection file
  }
}

function tellWatch(line: object): void {
  watch ??= startWatch();
  watch.stdin?.write(`${JSON.stringify(line)}\n`);
}

/** A process in a group of its own: a signal to the kernel's group does not end it. */
function startWatch(): ChildProcess {
  const child = spawn(process.execPath, [WATCH], { detached: true, stdio: ["pipe", "ignore", "ignore"] });
  child.on("error", () => {}); // without it, Trino ends the statements after its own time-out
  child.stdin.on("error", () => {});
  child.unref();
  (child.stdin as unknown as { unref(): void }).unref(); // it does not keep the kernel alive
  return child;
}

/**
 * A notebook's code → its outputs: a client of the Jupyter protocol for one tslab kernel.
 *
 * The sockets are files in a private folder ("transport": "ipc"). So nothing listens on a port, and
 * two kernels cannot take the same address. The kernel leads a process group of its own: Ctrl-C
 * does not reach it, and processes that its cells left running end with it. A preloaded module
 * (kernel-side.ts) watches the channel to this process, and ends the kernel when this process is
 * killed. Servers that have to outlive the kernel run in process groups of their own.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as nextTurn, setTimeout as sleep } from "node:timers/promises";
import { Channels, type KernelOutput } from "./channels.ts";
import type { RanCell } from "./claims.ts";
import { connectionInfo, IOPUB, KernelError, socketAddress } from "./protocol.ts";
import { settings } from "../settings.ts";
import { until } from "../until.ts";

const START_TIMEOUT_MS = 60_000; // 3 s on an idle machine, 14 s under load
const READY_INTERVAL_MS = 50;
const INTERRUPT_TIMEOUT_MS = 3_000; // the most that an interrupted cell may take to answer
const SHUTDOWN_TIMEOUT_MS = 2_000; // the most that a kernel may take to end
const CLAIMS_TIMEOUT_MS = 10_000;
const MAX_ADDRESS_BYTES = "ipc://".length + 103; // of a socket's path on macOS; Linux allows 107
const LAST_TEXTS_MS = 500; // a process of the cell can keep the pipes open
const MAX_LOG_CHARS = 4_000; // kept of the process's own output, for the error when it dies

const COMPILED = join(settings.cache, "compiled"); // code of the kernel's modules
const OUT_OF_MEMORY = /^FATAL ERROR: .*heap/m; // V8's words
const NODE_WARNING = /^\(node:\d+\) .*\n(?:\(Use `.*\n)?/gm;

const EXECUTE = {
  silent: false,
  store_history: true,
  user_expressions: {},
  allow_stdin: false,
  stop_on_error: true,
};
/** Preloaded before: saves the time that Node needs to compile the kernel's modules. */
const KERNEL_CACHE = new URL("./kernel-cache.ts", import.meta.url).href;
/** Preloaded into the kernel: collects claims, and ends the process with its parent. */
const KERNEL_SIDE = new URL("./kernel-side.ts", import.meta.url).href;

export interface ExecuteOptions {
  timeoutMs: number;
  onOutput: (output: KernelOutput) => void;
}

export interface Kernel {
  pid: number;
  /**
   * Runs `code` and resolves after its last output: "ok", or "error" (stderr has the reason).
   * @throws KernelError on a time-out, a dead kernel, an aborted request or a wrong signature.
   * After a time-out the cell is interrupted; if it does not answer, the kernel is killed.
   */
  execute(code: string, options: ExecuteOptions): Promise<"ok" | "error">;
  /**
   * The cells' claims since the last call. After the last cell (`isLast`), the kernel first waits
   * up to 2 s for work that the cells left running.
   * @throws KernelError if the kernel does not answer.
   */
  takeClaims(isLast: boolean): Promise<RanCell>;
  /**
   * Interrupts the running cell, which ends with "error"; without an answer in 3 s, kills the
   * kernel.
   */
  interrupt(): void;
  /** Ends the kernel and all processes in its group. A second call does nothing. */
  shutdown(): Promise<void>;
}

export interface KernelOptions {
  queryTimeoutMs?: number; // of a statement that sets no limit itself
}

/** Starts a tslab kernel whose cells run in `folder`, and resolves when it answers. */
export async function startKernel(folder: string, options: KernelOptions = {}): Promise<Kernel> {
  const sockets = makeSocketFolder();
  let kernel: TslabKernel | undefined;
  try {
    kernel = new TslabKernel(folder, sockets, options);
    await kernel.ready();
    return kernel;
  } catch (error) {
    await kernel?.shutdown();
    rmSync(sockets, { recursive: true, force: true });
    throw error;
  }
}

/** Makes a private folder for the sockets: /tmp if the paths in TMPDIR are too long. */
function makeSocketFolder(): string {
  const isShort = (folder: string): boolean =>
    Buffer.byteLength(socketAddress(join(folder, "questlog-XXXXXX"), IOPUB)) <= MAX_ADDRESS_BYTES;
  return mkdtempSync(join(isShort(tmpdir()) ? tmpdir() : "/tmp", "questlog-")); // mode 700
}

class TslabKernel implements Kernel {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #sockets: string; // folder
  readonly #channels: Channels;
  #log = "";
  #onOutput: ExecuteOptions["onOutput"] = () => {}; // of the cell that runs, or ran last
  #killTimer: NodeJS.Timeout | undefined;

  /** @throws Error, before the process starts, if a socket cannot be made. */
  constructor(folder: string, sockets: string, { queryTimeoutMs }: KernelOptions) {
    const key = randomUUID();
    this.#channels = new Channels(sockets, key);
    try {
      this.#child = spawnKernel(folder, sockets, { key, queryTimeoutMs });
    } catch (error) {
      this.#channels.close(); // open sockets would keep this process running
      throw error;
    }
    const child = this.#child;
    this.pid = child.pid ?? 0;
    this.#sockets = sockets;
    for (const name of ["stdout", "stderr"] as const)
      child[name]?.setEncoding("utf8").on("data", (text: string) => this.#onPrinted(name, text));
    child.once("error", (error) =>
      this.#channels.breakOff(new KernelError(`the kernel did not start: ${error.message}`)),
    );
    child.once("exit", (code, signal) => {
      // Its last texts can come after the event.
      const closed = Promise.race([once(child, "close"), sleep(LAST_TEXTS_MS, undefined, { ref: false })]);
      void closed.then(() =>
        this.#channels.breakOff(new KernelError(endText(code, signal, this.#log.trim()))),
      );
    });
  }

  /** Resolves when the kernel answers on both channels: a subscription needs a moment. */
  async ready(): Promise<void> {
    const ask = () => {
      const answer = this.#channels
        .request("kernel_info_request", {}, () => {})
        .then(
          () => "ready" as const,
          (error: Error) => error, // the kernel has ended: another question is useless
        );
      return Promise.race([answer, sleep(READY_INTERVAL_MS, undefined, { ref: false })]);
    };
    const answer = await until("the kernel answers", ask, { limitMs: START_TIMEOUT_MS, everyMs: 0 }).catch(
      ({ message }: Error) => new KernelError(`${message}\n${this.#log.trim()}`),
    );
    if (answer !== "ready") throw answer;
  }

  async execute(code: string, { timeoutMs, onOutput }: ExecuteOptions): Promise<"ok" | "error"> {
    let timedOut = false;
    this.#onOutput = onOutput;
    const timer = setTimeout(() => {
      timedOut = true;
      this.interrupt();
    }, timeoutMs);
    try {
      const { status } = await this.#channels.request("execute_request", { ...EXECUTE, code }, onOutput);
      await nextTurn(); // its printed texts are in the pipe
      if (timedOut) throw new KernelError(timeoutText(timeoutMs));
      if (status === "ok" || status === "error") return status;
      throw new KernelError(`the kernel did not run the cell: it answered "${String(status)}"`);
    } catch (error) {
      throw timedOut ? new KernelError(timeoutText(timeoutMs)) : error;
    } finally {
      clearTimeout(timer);
      clearTimeout(this.#killTimer);
    }
  }

  async takeClaims(isLast: boolean): Promise<RanCell> {
    const answer = once(this.#child, "message");
    this.#child.send({ isLast });
    const late = sleep(CLAIMS_TIMEOUT_MS, [null], { ref: false });
    const [ran] = (await Promise.race([answer, this.#channels.broken, late])) as [RanCell | null];
    if (ran && !isLast) return ran;
    // An answer comes after the last texts of work that the cells left running.
    const answered = this.#channels.request("kernel_info_request", {}, () => {});
    if (ran && (await Promise.race([answered, late.then(() => null)]))) return ran;
    throw new KernelError(`the kernel did not send its claims within ${CLAIMS_TIMEOUT_MS / 1000} s`);
  }

  interrupt(): void {
    this.#signal("SIGINT");
    clearTimeout(this.#killTimer);
    this.#killTimer = setTimeout(() => this.#signal("SIGKILL"), INTERRUPT_TIMEOUT_MS);
  }

  async shutdown(): Promise<void> {
    clearTimeout(this.#killTimer);
    this.#channels.breakOff(new KernelError("the kernel was shut down"));
    if (isAlive(this.#child)) {
      const kill = setTimeout(() => this.#signal("SIGKILL"), SHUTDOWN_TIMEOUT_MS);
      const exit = once(this.#child, "exit");
      this.#signal("SIGTERM");
      await exit;
      clearTimeout(kill);
    }
    this.#signal("SIGKILL"); // processes that its cells left in its group
    this.#child.stdout?.destroy();
    this.#child.stderr?.destroy();
    this.#channels.close();
    rmSync(this.#sockets, { recursive: true, force: true });
  }

  /** Text that goes round tslab: of a child process with `stdio: "inherit"`, of `fs.writeSync`. */
  #onPrinted(name: "stdout" | "stderr", text: string): void {
    this.#log = (this.#log + text).slice(-MAX_LOG_CHARS);
    const own = text.replace(NODE_WARNING, "");
    if (own !== "") this.#onOutput({ type: "stream", content: { name, text: own } });
  }

  /** Signals the kernel's whole process group, if any process of it is left. */
  #signal(name: NodeJS.Signals): void {
    try {
      if (this.pid > 0) process.kill(-this.pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }
}

/** Starts the process of a kernel, which finds its sockets by a file beside them. */
function spawnKernel(
  folder: string,
  sockets: string,
  { key, queryTimeoutMs }: KernelOptions & { key: string },
): ChildProcess {
  const connection = join(sockets, "connection.json");
  const info = {
    ...connectionInfo(sockets, key),
    query_timeout_ms: queryTimeoutMs,
    compile_cache: COMPILED,
  };
  writeFileSync(connection, JSON.stringify(info), { mode: 0o600 });
  const tslab = createRequire(import.meta.url).resolve("tslab/bin/tslab");
  return spawn(
    process.execPath,
    ["--import", KERNEL_CACHE, "--import", KERNEL_SIDE, tslab, "kernel", "--config-path", connection],
    {
      cwd: folder,
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    },
  );
}

/** How the kernel ended, and its last lines. */
function endText(code: number | null, signal: NodeJS.Signals | null, log: string): string {
  if (OUT_OF_MEMORY.test(log))
    return "the kernel ran out of memory; what the cell printed last can be missing above";
  const how =
    signal === null
      ? `exited with code ${code}`
      : `was ended by ${signal}; what the cell printed last can be missing above`;
  return `the kernel ${how}${log ? `; its last lines:\n${log}` : ""}`;
}

function timeoutText(timeoutMs: number): string {
  return `the cell did not end within ${timeoutMs / 1000} s; --cell-timeout SECONDS sets another limit`;
}

function isAlive(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

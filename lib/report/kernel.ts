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
import { setTimeout as sleep } from "node:timers/promises";
import { Dealer, Subscriber } from "zeromq";
import type { RanCell } from "./claims.ts";
import {
  connectionInfo,
  formatMessage,
  IOPUB,
  KernelError,
  type Message,
  parseMessage,
  SHELL,
  socketAddress,
} from "./protocol.ts";
import { until } from "../until.ts";

const START_TIMEOUT_MS = 60_000; // 3 s on an idle machine, 14 s under load
const READY_INTERVAL_MS = 250;
const INTERRUPT_TIMEOUT_MS = 3_000; // the most that an interrupted cell may take to answer
const SHUTDOWN_TIMEOUT_MS = 2_000; // the most that a kernel may take to end
const CLAIMS_TIMEOUT_MS = 10_000;
const MAX_MESSAGE_BYTES = 16 * 1024 * 1024;
const MAX_LOG_CHARS = 4_000; // kept of the process's own output, for the error when it dies

const EXECUTE = {
  silent: false,
  store_history: true,
  user_expressions: {},
  allow_stdin: false,
  stop_on_error: true,
};
/** Preloaded into the kernel: collects claims, and ends the process with its parent. */
const KERNEL_SIDE = new URL("./kernel-side.ts", import.meta.url).href;

/** An output of a running cell: `stream` or `display_data`, in the protocol's words. */
export interface KernelOutput {
  type: string;
  content: Record<string, unknown>;
}

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
  /** The cells' claims since the last call. @throws KernelError if the kernel does not answer. */
  takeClaims(): Promise<RanCell>;
  /**
   * Interrupts the running cell, which ends with "error"; without an answer in 3 s, kills the
   * kernel.
   */
  interrupt(): void;
  /** Ends the kernel and all processes in its group. A second call does nothing. */
  shutdown(): Promise<void>;
}

/** Starts a tslab kernel whose cells run in `folder`, and resolves when it answers. */
export async function startKernel(folder: string): Promise<Kernel> {
  const sockets = mkdtempSync(join(tmpdir(), "questlog-")); // mode 700
  const key = randomUUID();
  const connection = join(sockets, "connection.json");
  writeFileSync(connection, JSON.stringify(connectionInfo(sockets, key)), { mode: 0o600 });
  const tslab = createRequire(import.meta.url).resolve("tslab/bin/tslab");
  const child = spawn(
    process.execPath,
    ["--import", KERNEL_SIDE, tslab, "kernel", "--config-path", connection],
    { cwd: folder, detached: true, stdio: ["ignore", "pipe", "pipe", "ipc"] },
  );
  const kernel = new TslabKernel(child, sockets, key);
  try {
    await kernel.ready();
    return kernel;
  } catch (error) {
    await kernel.shutdown();
    throw error;
  }
}

interface Request {
  onReply: (content: Message["content"]) => void;
  onIdle: () => void; // all outputs of the request have come
  onOutput: (output: KernelOutput) => void;
}

class TslabKernel implements Kernel {
  readonly pid: number;
  readonly #child: ChildProcess;
  readonly #folder: string;
  readonly #key: string;
  readonly #shell = new Dealer({ linger: 0, maxMessageSize: MAX_MESSAGE_BYTES });
  readonly #iopub = new Subscriber({ linger: 0, maxMessageSize: MAX_MESSAGE_BYTES });
  readonly #requests = new Map<string, Request>();
  readonly #session = randomUUID();
  readonly #broken: Promise<never>; // rejects when the kernel cannot answer any more
  #breakOff: (error: KernelError) => void = () => {};
  #log = "";
  #killTimer: NodeJS.Timeout | undefined;

  constructor(child: ChildProcess, folder: string, key: string) {
    this.#child = child;
    this.pid = child.pid ?? 0;
    this.#folder = folder;
    this.#key = key;
    this.#broken = new Promise((_, reject) => (this.#breakOff = reject));
    this.#broken.catch(() => {}); // each waiting request gets the error
    for (const stream of [child.stdout, child.stderr]) {
      stream?.on("data", (text: Buffer) => (this.#log = (this.#log + text.toString()).slice(-MAX_LOG_CHARS)));
    }
    child.once("error", (error) =>
      this.#breakOff(new KernelError(`the kernel did not start: ${error.message}`)),
    );
    child.once("exit", (code, signal) => {
      const log = this.#log.trim();
      const how = signal ? `was ended by ${signal}` : `exited with code ${code}`;
      this.#breakOff(new KernelError(`the kernel ${how}${log ? `; its last lines:\n${log}` : ""}`));
    });
    this.#shell.connect(socketAddress(folder, SHELL));
    this.#iopub.connect(socketAddress(folder, IOPUB));
    this.#iopub.subscribe();
    void this.#read(this.#shell, (request, { content }) => request.onReply(content));
    void this.#read(this.#iopub, (request, { header, content }) => {
      if (header.msg_type !== "status") request.onOutput({ type: header.msg_type, content });
      else if (content.execution_state === "idle") request.onIdle();
    });
  }

  /** Resolves when the kernel answers on both channels: a subscription needs a moment. */
  async ready(): Promise<void> {
    const ask = () => {
      const answer = this.#request("kernel_info_request", {}, () => {}).then(
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
    const timer = setTimeout(() => {
      timedOut = true;
      this.interrupt();
    }, timeoutMs);
    try {
      const { status } = await this.#request("execute_request", { ...EXECUTE, code }, onOutput);
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

  async takeClaims(): Promise<RanCell> {
    const answer = once(this.#child, "message");
    this.#child.send("claims");
    const late = sleep(CLAIMS_TIMEOUT_MS, [null], { ref: false });
    const [ran] = (await Promise.race([answer, this.#broken, late])) as [RanCell | null];
    if (ran) return ran;
    throw new KernelError(`the kernel did not send its claims within ${CLAIMS_TIMEOUT_MS / 1000} s`);
  }

  interrupt(): void {
    this.#signal("SIGINT");
    clearTimeout(this.#killTimer);
    this.#killTimer = setTimeout(() => this.#signal("SIGKILL"), INTERRUPT_TIMEOUT_MS);
  }

  async shutdown(): Promise<void> {
    clearTimeout(this.#killTimer);
    this.#breakOff(new KernelError("the kernel was shut down"));
    if (isAlive(this.#child)) {
      const kill = setTimeout(() => this.#signal("SIGKILL"), SHUTDOWN_TIMEOUT_MS);
      const exit = once(this.#child, "exit");
      this.#signal("SIGTERM");
      await exit;
      clearTimeout(kill);
    }
    this.#signal("SIGKILL"); // processes that its cells left in its group
    for (const end of [this.#child.stdout, this.#child.stderr, this.#shell, this.#iopub]) {
      if (end && "destroy" in end) end.destroy();
      else end?.close();
    }
    rmSync(this.#folder, { recursive: true, force: true });
  }

  /** Signals the kernel's whole process group, if any process of it is left. */
  #signal(name: NodeJS.Signals): void {
    try {
      if (this.pid > 0) process.kill(-this.pid, name);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
  }

  /** Sends one request; resolves with its reply when the kernel is idle. @throws KernelError */
  async #request(type: string, content: object, onOutput: Request["onOutput"]): Promise<Message["content"]> {
    const id = randomUUID();
    const answer = new Promise<Message["content"]>((resolve) => {
      let reply: Message["content"] | undefined;
      let idle = false;
      const settle = (): void => (reply && idle ? resolve(reply) : undefined);
      this.#requests.set(id, {
        onReply: (got) => {
          reply = got;
          settle();
        },
        onIdle: () => {
          idle = true;
          settle();
        },
        onOutput,
      });
    });
    try {
      await this.#shell.send(formatMessage({ id, session: this.#session, type, content }, this.#key));
      return await Promise.race([answer, this.#broken]);
    } finally {
      this.#requests.delete(id);
    }
  }

  /** Passes each message to the request that it answers, until the socket closes. */
  async #read(
    socket: Dealer | Subscriber,
    hand: (request: Request, message: Message) => void,
  ): Promise<void> {
    try {
      for await (const frames of socket) {
        const message = parseMessage(frames, this.#key);
        const request = this.#requests.get(message.parent.msg_id ?? "");
        if (request) hand(request, message);
      }
    } catch (error) {
      this.#breakOff(
        error instanceof KernelError
          ? error
          : new KernelError(`the kernel sent a message that cannot be read: ${(error as Error).message}`),
      );
    }
  }
}

function timeoutText(timeoutMs: number): string {
  return `the cell did not end within ${timeoutMs / 1000} s`;
}

function isAlive(child: ChildProcess): boolean {
  return child.pid !== undefined && child.exitCode === null && child.signalCode === null;
}

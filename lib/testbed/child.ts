/**
 * A script of the project → a child process with its log, its ready line and its end.
 *
 * Tests and drills start the same scripts as a user, with another environment.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { settings } from "../settings.ts";

const READY_LIMIT_MS = 120_000; // from the start of a process to its ready line
const MAX_LOG_LINES = 1_000;

const READY_LINE = /^(stream: ready|api (is ready|listens) at|JupyterLab is ready)/;

export interface ChildOptions {
  env?: NodeJS.ProcessEnv; // over this process's own
  args?: string[];
}

export class Child {
  readonly name: string;
  readonly process: ChildProcess;
  readonly log: string[] = []; // the last 1,000 lines of both outputs
  readonly #ready: Promise<string>;
  readonly #closed: Promise<unknown>;

  constructor(name: string, { env, args = [] }: ChildOptions = {}) {
    this.name = name;
    this.process = spawn(process.execPath, [join("scripts", `${name}.ts`), ...args], {
      cwd: settings.root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#closed = once(this.process, "close");
    this.#ready = this.#awaitReady();
    this.#ready.catch(() => {}); // the caller of ready() gets the error
  }

  get pid(): number {
    return this.process.pid!; // it was spawned
  }

  get isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** The resident memory of the process, without that of its own children. */
  get rssBytes(): number {
    const status = `/proc/${this.pid}/status`;
    const kib = existsSync(status)
      ? /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(status, "utf8"))?.[1]
      : execFileSync("ps", ["-o", "rss=", "-p", String(this.pid)], { encoding: "utf8" });
    return Number(kib) * 1024;
  }

  /** The lines of `log` as one text. */
  get output(): string {
    return this.log.map((line) => `${line}\n`).join("");
  }

  /**
   * Resolves with the ready line.
   * @throws Error with the log if the process ends first, or after 120 s
   */
  ready(): Promise<string> {
    return this.#ready;
  }

  /**
   * Resolves when the process has ended and `log` is complete.
   * @throws Error with the log if that takes longer than `limitMs`
   */
  async ended(limitMs: number): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
      const failed = () => new Error(`${this.name} has not ended in ${limitMs} ms:\n${this.output}`);
      timer = setTimeout(() => reject(failed()), limitMs);
    });
    await Promise.race([this.#closed, late]).finally(() => clearTimeout(timer));
  }

  /** Sends a signal, and resolves when the process has ended; at once for SIGSTOP and SIGCONT. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    if (!this.isRunning) return;
    this.process.kill(signal);
    if (signal !== "SIGSTOP" && signal !== "SIGCONT") await this.#closed;
  }

  #awaitReady(): Promise<string> {
    const failed = (why: string) => new Error(`${this.name} ${why}:\n${this.log.slice(-20).join("\n")}`);
    return new Promise<string>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(failed(`was not ready after ${READY_LIMIT_MS / 1000} s`)),
        READY_LIMIT_MS,
      );
      this.process.once("close", () => {
        clearTimeout(timer);
        reject(failed("ended before it was ready"));
      });
      for (const output of [this.process.stdout!, this.process.stderr!]) {
        let rest = "";
        output.setEncoding("utf8").on("data", (text: string) => {
          const lines = (rest + text).split("\n");
          rest = lines.pop()!;
          this.log.push(...lines);
          this.log.splice(0, this.log.length - MAX_LOG_LINES);
          const ready = lines.find((line) => READY_LINE.test(line));
          if (ready === undefined) return;
          clearTimeout(timer);
          resolve(ready);
        });
      }
    });
  }
}

/** Runs scripts/NAME.ts to its end. Resolves with its output: with `--json`, stdout alone. */
export async function runScript(
  script: string,
  args: string[],
  env: Record<string, string> = {},
): Promise<string> {
  const child = spawn(process.execPath, [`scripts/${script}.ts`, ...args], {
    cwd: settings.root,
    env: { ...process.env, QUESTLOG_HISTORY: "/dev/null", ...env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const ended = once(child, "close");
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return args.includes("--json") ? stdout : stdout + stderr;
}

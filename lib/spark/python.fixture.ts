// A Python program of this folder as a child: one line of JSON in, one line out.
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { prepareSpark } from "./packages.ts";

export class PythonChild {
  readonly #process: ChildProcess;
  readonly #waiting: ((line: string) => void)[] = [];
  readonly #onLine: ((line: string) => void) | undefined;

  private constructor(process: ChildProcess, onLine?: (line: string) => void) {
    this.#process = process;
    this.#onLine = onLine;
    createInterface({ input: process.stdout! }).on("line", (line) => {
      if (this.#onLine) this.#onLine(line);
      else this.#waiting.shift()?.(line);
    });
  }

  /** Starts `name`; with `onLine`, that function gets each line. */
  static async start(name: string, onLine?: (line: string) => void): Promise<PythonChild> {
    const packages = await prepareSpark(console.log);
    const env = { ...process.env, PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: "1" };
    const file = join(import.meta.dirname, name);
    return new PythonChild(spawn("python3", [file], { env, stdio: ["pipe", "pipe", "inherit"] }), onLine);
  }

  tell(value: unknown): void {
    this.#process.stdin!.write(`${JSON.stringify(value)}\n`);
  }

  /** Tells `value`, and resolves with the next answer. @throws Error if the program ends first */
  async ask<T>(value: unknown): Promise<T> {
    const line = await new Promise<string>((resolve, reject) => {
      this.#waiting.push(resolve);
      this.#process.once("close", () => reject(new Error("the Python program ended; its error is above")));
      this.tell(value);
    });
    this.#process.removeAllListeners("close");
    return JSON.parse(line) as T;
  }

  end(): void {
    this.#process.stdin!.end();
  }
}

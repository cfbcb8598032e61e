/**
 * The tools that download the native runtime → checked and run, or an error with advice.
 */
import { $, type ProcessPromise, which } from "zx";

/**
 * Checks that the machine has Maven, and with `python` also Python and pip, which install Java.
 * @throws Error that names every missing tool, and how to get it.
 */
export async function requireTools({ python }: { python: boolean }): Promise<void> {
  const missing: string[] = [];
  if (python && !(await hasPython())) {
    missing.push(
      "python3 ≥ 3.10 with pip: apt install python3 python3-pip, or brew install python; a Java ≥ 25 makes it unnecessary",
    );
  }
  if (!(await which("mvn", { nothrow: true })))
    missing.push("mvn (Maven): apt install maven, or brew install maven");
  if (missing.length === 0) return;
  throw new Error(
    `the services need ${missing.length === 1 ? "a tool" : "tools"} that this machine lacks:\n` +
      missing.map((line) => `  ${line}`).join("\n"),
  );
}

/**
 * Waits for a command of zx.
 * @throws Error with the last lines of the command's output, if it failed.
 */
export async function runTool(what: string, command: ProcessPromise): Promise<void> {
  const { exitCode, stdout, stderr } = await command.quiet().nothrow();
  if (exitCode === 0) return;
  const lines = `${stdout}${stderr}`.trim().split("\n").slice(-15);
  throw new Error(
    [`${what} ended with exit code ${exitCode}:`, ...lines.map((line) => `  ${line}`)].join("\n"),
  );
}

async function hasPython(): Promise<boolean> {
  const check = "import sys, pip; sys.exit(sys.version_info < (3, 10))";
  const { exitCode } = await $`python3 -c ${check}`.quiet().nothrow();
  return exitCode === 0;
}

/**
 * The tools that download the native runtime → checked and run, or an error with advice.
 */
import { $, type ProcessPromise } from "zx";

/** @throws Error that names how to get Python and pip, which install Java */
export async function requirePython(): Promise<void> {
  if (await hasPython()) return;
  throw new Error(
    "the services need a tool that this machine lacks:\n" +
      "  python3 ≥ 3.10 with pip: apt install python3 python3-pip, or brew install python; " +
      "a Java ≥ 25 or a Docker engine (--docker) makes it unnecessary",
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

/** Whether this machine has a Python ≥ 3.10 with pip. */
export async function hasPython(): Promise<boolean> {
  const check = "import sys, pip; sys.exit(sys.version_info < (3, 10))";
  const { exitCode } = await $`python3 -c ${check}`.quiet().nothrow();
  return exitCode === 0;
}

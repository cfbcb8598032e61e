/**
 * Shell command → the command and its output under the cell, in the form of a terminal.
 *
 * zx runs the command, so the history records it like any other command.
 */
import { $ } from "zx";

const TIMEOUT = "60s";

/**
 * Runs `command` in bash; prints "$ command", its standard output, then its standard error.
 * Resolves with the standard output.
 * @throws Error with the last line of the output, if the exit code is not 0, or after 60 s
 */
export async function shell(command: string): Promise<string> {
  const run = $({ quiet: true, nothrow: true, timeout: TIMEOUT });
  const { exitCode, signal, stdout, stderr } = await run([command] as unknown as TemplateStringsArray);
  const output = (stdout + stderr).trimEnd();
  console.log(`$ ${command}\n${output}`);
  if (exitCode === 0) return stdout;
  const end = signal === null ? `exit code ${exitCode}` : `${signal}, after ${TIMEOUT} at most`;
  throw new Error(`${command}: ended with ${end}: ${output.split("\n").at(-1)}`);
}

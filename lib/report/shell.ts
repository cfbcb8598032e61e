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
 * @throws ProcessOutput (zx's error) if the exit code is not 0, or after 60 s.
 */
export async function shell(command: string): Promise<string> {
  const { stdout, stderr } = await $({ quiet: true, timeout: TIMEOUT })([
    command,
  ] as unknown as TemplateStringsArray);
  console.log(`$ ${command}\n${(stdout + stderr).trimEnd()}`);
  return stdout;
}

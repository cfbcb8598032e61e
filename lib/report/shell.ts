/**
 * Shell command → the command and its output, as a terminal would show them, under the cell.
 *
 * zx runs it, so that it is recorded in the history like any other command.
 */
import { $ } from "zx";

const TIMEOUT = "60s";

/**
 * Runs `command` in bash, prints "$ command" and what it wrote, standard output first.
 * @throws ProcessOutput (zx's error) if it exits with another code than 0, or runs for more than 60 s.
 */
export async function shell(command: string): Promise<void> {
  const { stdout, stderr } = await $({ quiet: true, timeout: TIMEOUT })([
    command,
  ] as unknown as TemplateStringsArray);
  console.log(`$ ${command}\n${(stdout + stderr).trimEnd()}`);
}

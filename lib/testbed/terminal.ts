/**
 * What a script prints, and whether a terminal would do more with it than show it.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { text } from "node:stream/consumers";
import { settings } from "../settings.ts";
import { firstHidden } from "../untrusted.ts";

/** @throws Error with the first control or direction character of `text`, and what stands around it. */
export function assertInert(text: string, what: string): void {
  const at = firstHidden(text);
  const around = JSON.stringify(text.slice(Math.max(0, at - 40), at + 40));
  assert.ok(
    at < 0,
    `${what}: expected no control or direction character, got ${text.codePointAt(at)} in ${around}`,
  );
}

/** Runs scripts/NAME.ts to its end, whatever its end; resolves with what it printed, with `--json` only on stdout. */
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

/**
 * questlog.env → environment variables of this process and its children.
 *
 * A line is NAME=VALUE as Node's own --env-file reads it, a comment, or empty. The environment is
 * stronger than the file, unless its value is empty. QUESTLOG_ENV, or `--env FILE` of a command,
 * names another file.
 */
import { readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parseEnv } from "node:util";
import { pathOf } from "./setting-values.ts";

/** The variables that a file has set. */
export interface EnvFile {
  name: string; // of the file
  lines: ReadonlyMap<string, number>; // variable that the file has set → number of its line
}

const FILE = "questlog.env";
const VARIABLE = "QUESTLOG_ENV";
const ASSIGNMENT = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=/;
/** A value without quotes, whose # may belong to it: no white space before, or none after it. */
const CUT = /^[^=]+=\s*(?!\s)(?:#\S|(?!["'`])[^#]*[^#\s]#)/;
const OTHERS = ["JAVA_HOME", "XDG_CACHE_HOME"]; // settings without our prefix

/**
 * Adds the variables of the file to `env`, unless they are there.
 * @throws Error with the number of the line, if a line is no assignment, or its name no setting's
 */
export function loadEnvFile(env: NodeJS.ProcessEnv, root: string): EnvFile {
  const given = env[VARIABLE]?.trim() ? env[VARIABLE] : undefined;
  const file = given === undefined ? join(root, FILE) : pathOf(root, given);
  const name = basename(file);
  const all = new Map<string, number>();
  const lines = new Map<string, number>();
  for (const [i, text] of readLines(file, given).entries()) {
    const line = i + 1;
    const assignment = readAssignment(text, `${name}, line ${line}`);
    if (assignment === null) continue;
    const [variable, value] = assignment;
    const first = all.get(variable);
    if (first !== undefined)
      throw new Error(`${name}, line ${line}: expected ${variable} once, got it in line ${first} too`);
    all.set(variable, line);
    if (env[variable]?.trim()) continue;
    env[variable] = value;
    lines.set(variable, line);
  }
  return { name, lines };
}

/** The message of an error about a setting, with the line of the file that has set it. */
export function withPlace(message: string, { name, lines }: EnvFile): string {
  const line = lines.get(/^(\w+): /.exec(message)?.[1] ?? "");
  return line === undefined ? message : `${name}, line ${line}: ${message}`;
}

function readLines(file: string, given: string | undefined): string[] {
  try {
    return readFileSync(file, "utf8")
      .replace(/^\uFEFF/, "")
      .split(/\r?\n/);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "ENOENT" && given === undefined) return [];
    throw new Error(
      `${given === undefined ? FILE : VARIABLE}: expected a file that can be read, got "${file}" (${code})`,
      {
        cause: error,
      },
    );
  }
}

/** The name and the value of a line; null for a comment or an empty line. */
function readAssignment(line: string, place: string): [name: string, value: string] | null {
  if (/^\s*(#|$)/.test(line)) return null;
  const name = ASSIGNMENT.exec(line)?.[1];
  if (name === undefined) throw new Error(`${place}: expected NAME=VALUE, or a comment after #`);
  if (CUT.test(line))
    throw new Error(`${place}: ${name}: expected quotes around a value with #, which begins a comment`);
  const value = parseEnv(line)[name] ?? "";
  if (/^["'`]/.test(value)) throw new Error(`${place}: ${name}: expected the end of the quotes in this line`);
  if (name === VARIABLE) throw new Error(`${place}: expected ${VARIABLE} in the environment only`);
  if (!name.startsWith("QUESTLOG_") && !OTHERS.includes(name))
    throw new Error(`${place}: ${name}: no such setting; docs/settings.md lists the settings`);
  return [name, value];
}

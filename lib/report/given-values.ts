/**
 * `--set NAME=VALUE` and `--profile FILE` → values by the names of parameters.
 *
 * A text of `--set` gets its type from the parameter's default. A profile is YAML or JSON, so its
 * values have types of their own.
 */
import { readFile } from "node:fs/promises";
import { parseDocument } from "yaml";
import { UsageError } from "../command.ts";
import { fromUser } from "../user-folder.ts";
import type { LiteralValue } from "./literal-code.ts";

/** The value for a parameter, and the option that gives it. */
export type Given = { from: "--set"; text: string } | { from: `--profile ${string}`; value: LiteralValue };

const NAME_AND_VALUE = /^([^=]+)=(.*)$/s;

/**
 * Reads the values of one call; `--set` is stronger than the profile.
 * @throws UsageError
 */
export async function readGiven(
  sets: readonly string[],
  profile: string | undefined,
): Promise<ReadonlyMap<string, Given>> {
  const given = profile === undefined ? new Map<string, Given>() : await readProfile(profile);
  const names = new Set<string>();
  for (const set of sets) {
    const [, name, text] = NAME_AND_VALUE.exec(set) ?? [];
    if (name === undefined || text === undefined)
      throw new UsageError(`--set: expected NAME=VALUE, got "${set}"`);
    if (names.has(name)) throw new UsageError(`--set: expected ${name} once, got it twice`);
    names.add(name);
    given.set(name, { from: "--set", text });
  }
  return given;
}

async function readProfile(file: string): Promise<Map<string, Given>> {
  const from = `--profile ${file}` as const;
  const text = await readFile(fromUser(file), "utf8").catch(({ code }: NodeJS.ErrnoException) => {
    throw new UsageError(`${from}: expected a file that can be read, got ${code}`);
  });
  const content = parseYaml(text, from);
  if (content === null) return new Map();
  if (!(content instanceof Map))
    throw new UsageError(`${from}: expected names with values, got another text`);
  return new Map([...content].map(([name, value]) => [name, { from, value }]));
}

/**
 * The value of a text in YAML or JSON; all integers are bigints.
 * @throws UsageError if it is neither, or has a value that no literal can write, e.g. NaN
 */
export function parseYaml(text: string, place: string): LiteralValue {
  const document = parseDocument(text, { intAsBigInt: true });
  const [error] = [...document.errors, ...document.warnings];
  if (error) throw new UsageError(`${place}: expected YAML or JSON, got ${firstLine(error.message)}`);
  return valueOf(document.toJS({ mapAsMap: true }), place);
}

function valueOf(value: unknown, place: string): LiteralValue {
  if (value === null || value === undefined) return null;
  if (typeof value === "boolean" || typeof value === "bigint") return value;
  if (typeof value === "string" && value.isWellFormed()) return value;
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (Array.isArray(value)) return value.map((each) => valueOf(each, place));
  if (value instanceof Map)
    return new Map([...value].map(([name, each]) => [String(name), valueOf(each, place)]));
  const got = typeof value === "number" ? String(value) : typeof value;
  throw new UsageError(`${place}: expected text, finite numbers, lists and names with values, got ${got}`);
}

function firstLine(text: string): string {
  return text.split("\n")[0] ?? "";
}

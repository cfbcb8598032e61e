/**
 * Assertions that a cell runs → claims: where each call stands in the cell's compiled code, its
 * values, and whether it held. Preloaded into the kernel's process; nobody imports it.
 *
 * The kernel gives the cells Node's own assert, by `require`. So the functions of assert are
 * replaced here before a cell runs. A claim is a call that stands in a cell, or in a function
 * assert… that a cell calls. Claims wait here until the runner asks for them: the kernel loses
 * messages when a loop sends hundreds at once. The process also ends when its parent
 * is gone, and compiles cells undisturbed when files change.
 */
import { AssertionError } from "node:assert";
import { AsyncLocalStorage } from "node:async_hooks";
import { EventEmitter } from "node:events";
import { rmSync } from "node:fs";
import Module, { createRequire, syncBuiltinESMExports } from "node:module";
import { dirname } from "node:path";
import { getCallSites, inspect } from "node:util";
import vm from "node:vm";
import type { ClaimValues, RanCell, RanClaim } from "./claims.ts";

const MAX_VALUES = 4; // kept of one call in a loop, besides the first that failed
const MAX_CLAIMS = 500; // calls of one cell; the code of a cell has fewer
const MAX_FRAMES = 30; // between a claim and the cell that makes it
const MAX_CHARS = 2_000; // of one value
const SHOWN = {
  depth: 4,
  sorted: true,
  maxArrayLength: 20,
  maxStringLength: 300,
  breakLength: Infinity,
  compact: true,
};
const CELL_CODE = /^\((async )?function\(exports, require\) \{ /; // as tslab wraps a cell
const COMPILER = /[\\/]typescript[\w-]*[\\/]lib[\\/]/; // not the code of a cell
const CELL_NAME = /^cell-\d+\.js$/;

const ACTIONS = new Set(["throws", "rejects", "doesNotThrow", "doesNotReject", "fail"]);

type Place = Pick<RanClaim, "script" | "line" | "column">;
type Call = (...values: unknown[]) => unknown;
type Assert = Call & Record<string, unknown> & { strict: Assert };

const require = createRequire(import.meta.url);
const insideClaim = new AsyncLocalStorage<true>();
const codes = new Map<string, string>(); // name of a cell's script → its code
let claims = new Map<string, RanClaim>(); // place of the call → claim

process.on("disconnect", () => {
  rmSync(dirname(process.argv.at(-1)!), { recursive: true, force: true });
  process.exit(1);
});
process.on("message", () => process.send!(takeClaims()));
process.channel!.unref();
nameScripts();
watchAssert();
hideChanges();

/** Gives each cell's script a name, and keeps its code: positions of calls refer to it. */
function nameScripts(): void {
  const run = vm.runInThisContext;
  vm.runInThisContext = (code, options) => {
    if (!CELL_CODE.test(code) || typeof options === "string") return run(code, options) as unknown;
    const filename = `cell-${codes.size + 1}.js`;
    codes.set(filename, code);
    return run(code, { ...options, filename }) as unknown;
  };
}

/** tslab's compiler fails when a file changes while it compiles a cell: it is told of no change. */
function hideChanges(): void {
  const fs = require("node:fs") as Record<"watch" | "watchFile", Call>;
  const idle = () => Object.assign(new EventEmitter(), { close() {}, ref() {}, unref() {} });
  const isCompiler = () => getCallSites(MAX_FRAMES).some(({ scriptName }) => COMPILER.test(scriptName));
  for (const name of ["watch", "watchFile"] as const) {
    const watch = fs[name];
    fs[name] = (...values) => (isCompiler() ? idle() : watch(...values));
  }
}

/** Replaces the functions of assert where they are, and the callable module where it is loaded. */
function watchAssert(): void {
  const loose = require("node:assert") as Assert;
  const strict = loose.strict;
  const modules = new Map<unknown, Assert>();
  for (const assert of [loose, strict]) {
    for (const [name, call] of Object.entries(assert)) {
      if (typeof call === "function" && /^[a-z]/.test(name) && name !== "strict")
        assert[name] = watched(name, call as Call);
    }
    modules.set(assert, Object.assign(watched("ok", assert), assert));
  }
  for (const assert of [...modules.keys(), ...modules.values()] as Assert[])
    assert.strict = modules.get(strict)!;
  syncBuiltinESMExports();
  const loader = Module as unknown as { _load: Call };
  const load = loader._load;
  loader._load = (...request) => {
    const loaded = load(...request);
    return modules.get(loaded) ?? loaded;
  };
}

function watched(name: string, call: Call): Call {
  const check = name === "ok" ? (checkTruth as Call) : call;
  return (...values) => {
    const place = insideClaim.getStore() ? null : placeOfCall();
    if (place === null) return check(...values);
    const tell = (error?: unknown): void => addClaim(place, valuesOf(name, values, error));
    try {
      const result = insideClaim.run(true, () => check(...values));
      if (!(result instanceof Promise)) tell();
      return result instanceof Promise ? settled(result, tell) : result;
    } catch (error) {
      tell(error);
      throw error;
    }
  };
}

/** Tells how `result` ends, and ends as it does. */
async function settled(result: Promise<unknown>, tell: (error?: unknown) => void): Promise<unknown> {
  try {
    const value = await result;
    tell();
    return value;
  } catch (error) {
    tell(error);
    throw error;
  }
}

/** assert.ok; the original would quote this file's code in its message. */
function checkTruth(value: unknown, message?: string | Error): void {
  if (value) return;
  if (message instanceof Error) throw message;
  const text = message ?? `expected a truthy value, got ${shown(value)}`;
  const error = new AssertionError({ message: text, actual: value, expected: true, operator: "==" });
  error.generatedMessage = message === undefined;
  throw error;
}

/** The call's place in the code of a cell; null where no cell makes the claim. */
function placeOfCall(): Place | null {
  const frames = getCallSites(MAX_FRAMES).slice(2); // without this function and its caller
  const at = frames.findIndex(({ scriptName }) => CELL_NAME.test(scriptName));
  const frame = frames[at];
  if (!frame || (at > 0 && !/(^|\.)assert[A-Z]/.test(frames[at - 1]!.functionName))) return null;
  return { script: frame.scriptName, line: frame.lineNumber, column: frame.columnNumber };
}

/** The values of one call; those of a function or a promise say nothing. */
function valuesOf(name: string, values: unknown[], error: unknown): ClaimValues {
  const { actual = values[0], expected = values[1] } = (error ?? {}) as Record<string, unknown>;
  const isGenerated = (error as { generatedMessage?: boolean } | undefined)?.generatedMessage === true;
  const isTruth = name === "ok" || name === "ifError" || values.length < 2;
  return {
    held: error === undefined,
    actual: ACTIONS.has(name) ? null : shown(actual),
    expected: isTruth ? null : shown(expected),
    cause: error === undefined || (isGenerated && !ACTIONS.has(name)) ? null : messageOf(error),
  };
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? error.message : shown(error);
  return text.split("+ actual - expected")[0]!.trimEnd(); // deepEqual adds the values to a message
}

function shown(value: unknown): string {
  return inspect(value, SHOWN).slice(0, MAX_CHARS);
}

function addClaim(place: Place, values: ClaimValues): void {
  const key = `${place.script}:${place.line}:${place.column}`;
  const claim = claims.get(key) ?? { ...place, held: 0, failed: 0, values: [] };
  if (claims.size < MAX_CLAIMS) claims.set(key, claim);
  const isFirstFailed = !values.held && claim.failed === 0;
  if (values.held) claim.held++;
  else claim.failed++;
  if (claim.values.length < MAX_VALUES || isFirstFailed) claim.values.push(values);
}

/** What the cells have claimed since the last time. */
function takeClaims(): RanCell {
  const taken = [...claims.values()];
  claims = new Map();
  const scripts = new Set(taken.map(({ script }) => script));
  return { claims: taken, codes: Object.fromEntries([...codes].filter(([name]) => scripts.has(name))) };
}

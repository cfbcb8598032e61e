/**
 * Assertions that a cell runs → claims: the place of each call in the cell's compiled code, its
 * values, and whether it held. Preloaded into the kernel's process; no module imports it.
 *
 * The kernel gives the cells Node's own assert, by `require`. So this module replaces the functions
 * of assert before a cell runs. A claim is a call that stands in a cell, or in a function assert…
 * that a cell calls. Claims wait here until the runner asks for them: the kernel loses messages
 * when a loop sends hundreds at once. This module also ends the process when its parent is gone.
 */
import { AssertionError } from "node:assert";
import { AsyncLocalStorage } from "node:async_hooks";
import { rmSync } from "node:fs";
import Module, { createRequire, flushCompileCache, syncBuiltinESMExports } from "node:module";
import { dirname } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { getCallSites, inspect } from "node:util";
import vm from "node:vm";
import { takeBound, watchBindings } from "./kernel-bound.ts";
import "./kernel-compiler.ts";
import { differenceOf, withoutDifference } from "./kernel-difference.ts";
import { addFault, takeFaults, watchFaults } from "./kernel-faults.ts";
import { sendWholeOutputs } from "./kernel-outputs.ts";
import type { ClaimValues, RanCell, RanClaim } from "./claims.ts";

const MAX_VALUES = 4; // kept for one call in a loop, besides the first that failed
const MAX_CLAIMS = 500; // calls of one cell; the code of a cell has fewer
const MAX_FRAMES = 30; // between a claim and the cell that makes it
const MAX_CHARS = 2_000; // of one value
const DEEP = new Set(["deepEqual", "deepStrictEqual"]);
const NOT_SHOWN = "(cannot be shown)";
const QUIET_LIMIT_MS = 2_000; // the most that the last cell's unfinished work is waited for
const QUIET_INTERVAL_MS = 10;
const SHOWN = {
  depth: 4,
  sorted: true,
  maxArrayLength: 20,
  maxStringLength: 300,
  breakLength: Infinity,
  compact: true,
};
const CELL_CODE = /^\((async )?function\(exports, require\) \{ /; // as tslab wraps a cell
const CELL_NAME = /^cell-\d+\.js$/;

const ACTIONS = new Set(["throws", "rejects", "doesNotThrow", "doesNotReject", "fail"]);

type CallPlace = Pick<RanClaim, "script" | "line" | "column">;
type Call = (...values: unknown[]) => unknown;
type Assert = Call & Record<string, unknown> & { strict: Assert };

const require = createRequire(import.meta.url);
const insideClaim = new AsyncLocalStorage<true>();
const codes = new Map<string, string>(); // name of a cell's script → its code
let script: string | null = null; // of the cell that runs
let claims = new Map<string, RanClaim>(); // place of the call → claim
let idle: Map<string, number> | undefined; // resources of the process before the first cell

process.on("disconnect", () => {
  rmSync(dirname(process.argv.at(-1)!), { recursive: true, force: true });
  process.exit(1);
});
process.on("message", ({ isLast }: { isLast: boolean }) => {
  void answer(isLast);
});
process.channel!.unref();
sendWholeOutputs({ onRefused: addFault });
nameScripts();
watchAssert();
watchBindings();

/** Gives each cell's script a name, and keeps its code: the places of calls refer to both. */
function nameScripts(): void {
  const run = vm.runInThisContext;
  vm.runInThisContext = (code, options) => {
    if (!CELL_CODE.test(code) || typeof options === "string") return run(code, options) as unknown;
    if (codes.size === 0) {
      idle = resources();
      watchFaults();
    }
    const filename = `cell-${codes.size + 1}.js`;
    codes.set(filename, code);
    script = filename;
    return run(code, { ...options, filename }) as unknown;
  };
}

/** Replaces the functions of assert in place, and the callable module itself when it is loaded. */
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
    const tell = (isHeld: boolean, error?: unknown): void =>
      addRun(place, isHeld, () => valuesOf(name, values, isHeld, error));
    try {
      const result = insideClaim.run(true, () => check(...values));
      if (result instanceof Promise) return settled(result, addPending(place), tell);
      tell(true);
      return result;
    } catch (error) {
      tell(false, error);
      throw error;
    }
  };
}

/** Settles as `result` does. Then the claim is not pending any more, and `tell` gets its end. */
async function settled(
  result: Promise<unknown>,
  pending: RanClaim,
  tell: (isHeld: boolean, error?: unknown) => void,
): Promise<unknown> {
  try {
    const value = await result;
    tell(true);
    return value;
  } catch (error) {
    tell(false, error);
    throw error;
  } finally {
    pending.pending--;
  }
}

/** Node's assert.ok, whose own message would quote the code of this file. */
function checkTruth(value: unknown, message?: string | Error): void {
  if (value) return;
  if (message instanceof Error) throw message;
  const text = message ?? `expected a truthy value, got ${shown(value)}`;
  const error = new AssertionError({ message: text, actual: value, expected: true, operator: "==" });
  error.generatedMessage = message === undefined;
  throw error;
}

/** The call's place in the code of a cell; null if no cell makes the claim. */
function placeOfCall(): CallPlace | null {
  const frames = getCallSites(MAX_FRAMES).slice(2); // without this function and its caller
  const at = frames.findIndex(({ scriptName }) => CELL_NAME.test(scriptName));
  const frame = frames[at];
  if (!frame || (at > 0 && !/(^|\.)assert[A-Z]/.test(frames[at - 1]!.functionName))) return null;
  return { script: frame.scriptName, line: frame.lineNumber, column: frame.columnNumber };
}

/** The values of one call; null for a function or a promise, which has no value to show. */
function valuesOf(name: string, values: unknown[], held: boolean, error: unknown): ClaimValues {
  const { actual = values[0], expected = values[1] } = (error ?? {}) as Record<string, unknown>;
  const isGenerated = (error as { generatedMessage?: boolean } | undefined)?.generatedMessage === true;
  const isTruth = name === "ok" || name === "ifError" || values.length < 2;
  return {
    held,
    actual: ACTIONS.has(name) ? null : shown(actual),
    expected: isTruth ? null : shown(expected),
    cause: held || (isGenerated && !ACTIONS.has(name)) ? null : messageOf(error),
    difference: !held && DEEP.has(name) ? differenceOf(actual, expected) : undefined,
  };
}

function messageOf(error: unknown): string {
  const text = error instanceof Error ? String(error.message) : shown(error);
  return withoutDifference(text); // deepEqual adds the values to a message
}

/** The value as text. A class of a cell can have a text of its own, whose code can throw. */
function shown(value: unknown): string {
  try {
    return inspect(value, SHOWN).slice(0, MAX_CHARS);
  } catch {
    return NOT_SHOWN;
  }
}

/** The claim at `place`. */
function claimAt(place: CallPlace): RanClaim {
  const key = `${place.script}:${place.line}:${place.column}`;
  const claim = claims.get(key) ?? { ...place, held: 0, failed: 0, pending: 0, values: [] };
  if (claims.size < MAX_CLAIMS) claims.set(key, claim);
  else if (!claims.has(key))
    addFault(new RangeError(`claims: expected at most ${MAX_CLAIMS} calls in one cell, got more`));
  return claim;
}

function addPending(place: CallPlace): RanClaim {
  const claim = claimAt(place);
  claim.pending++;
  return claim;
}

/** Counts one run of the claim, and keeps its values if they are among the first. */
function addRun(place: CallPlace, isHeld: boolean, readValues: () => ClaimValues): void {
  const claim = claimAt(place);
  const isFirstFailed = !isHeld && claim.failed === 0;
  if (isHeld) claim.held++;
  else claim.failed++;
  if (claim.values.length < MAX_VALUES || isFirstFailed) claim.values.push(readValues());
}

/** Sends the claims. After the last cell, it first waits for work that the cells left running. */
async function answer(isLast: boolean): Promise<void> {
  const limit = performance.now() + QUIET_LIMIT_MS;
  const isPending = [...claims.values()].some(({ pending }) => pending > 0);
  while (isLast && !isPending && !isQuiet() && performance.now() < limit) {
    await sleep(QUIET_INTERVAL_MS, undefined, { ref: false });
  }
  process.send!(takeClaims());
  if (isLast) flushCompileCache(); // a signal ends the kernel, and Node then saves nothing
}

/** Whether no timer, connection or file of a cell keeps the event loop alive. */
function isQuiet(): boolean {
  if (idle === undefined) return true; // no cell had code
  return [...resources()].every(([kind, count]) => count <= (idle?.get(kind) ?? 0));
}

/** The counts of resources that keep the event loop alive, by their kinds. */
function resources(): Map<string, number> {
  const counts = new Map<string, number>();
  for (const kind of process.getActiveResourcesInfo()) counts.set(kind, (counts.get(kind) ?? 0) + 1);
  return counts;
}

/** The claims and faults of the cells since the last time. */
function takeClaims(): RanCell {
  const taken = [...claims.values()];
  claims = new Map();
  const scripts = new Set(taken.map((claim) => claim.script));
  const ran = {
    script,
    claims: taken,
    faults: takeFaults(),
    bound: takeBound(),
    codes: Object.fromEntries([...codes].filter(([name]) => scripts.has(name))),
  };
  script = null;
  return ran;
}

/**
 * Engines that land one pipeline in turn → their shifts, and the messages that each of them landed.
 *
 * A shift begins after the end of the one before it. A commit record does not name its engine, but
 * its time lies in one shift.
 */
import type { ChainLink } from "../audit/chain.ts";
import type { CommitPoint } from "../kill-at.ts";
import type { Child } from "../testbed/child.ts";
import type { Pipeline } from "../testbed/pipeline.ts";

const POINT_LIMIT_MS = 180_000; // from the start of an engine to its end in a commit

export type Engine = "TypeScript" | "Spark";

/** The time in which one engine landed alone. */
export interface Shift {
  engine: Engine;
  started_at: Date; // of its process
  ended: string; // "killed at record_renamed", or "works"
}

/** A commit, and the engine that made it. */
export interface EngineLink extends ChainLink {
  engine: Engine;
}

export const ENGINE_ARGUMENTS: Record<Engine, string[]> = {
  TypeScript: [],
  Spark: ["--engine", "spark", "--master", "local[1]"],
};

/** Starts an engine, and resolves when it reads its partitions. */
export async function startShift(pipeline: Pipeline, engine: Engine): Promise<Shift> {
  const started_at = new Date();
  await pipeline.startStream({}, ENGINE_ARGUMENTS[engine]);
  return { engine, started_at, ended: "works" };
}

/**
 * Starts an engine that is killed in a commit: at the step `point`, when it comes to it for the nth
 * time. Resolves when the engine has ended.
 */
export async function shiftUntilKilled(
  pipeline: Pipeline,
  engine: Engine,
  { point, nth }: { point: CommitPoint; nth: number },
): Promise<Shift> {
  const started_at = new Date();
  const env = { QUESTLOG_KILL_AT: `${point}:${nth}` };
  const child = await pipeline.spawnStream(env, ENGINE_ARGUMENTS[engine]);
  await endedAt(child, point);
  return { engine, started_at, ended: `killed at ${point}` };
}

/** @throws Error unless the process was killed */
async function endedAt(child: Child, point: CommitPoint): Promise<void> {
  await child.ended(POINT_LIMIT_MS);
  if (child.process.signalCode !== "SIGKILL")
    throw new Error(`stream: expected to be killed at ${point}, got:\n${child.output}`);
}

/** The commits with their engines, in the order of time. */
export function withEngines(links: readonly ChainLink[], shifts: readonly Shift[]): EngineLink[] {
  return links
    .map((link) => ({ ...link, engine: shiftOf(link, shifts).engine }))
    .sort((a, b) => a.committed_at.getTime() - b.committed_at.getTime());
}

/** For each shift: its first commit, and its numbers of commits and messages. */
export function describeShifts(links: readonly ChainLink[], shifts: readonly Shift[]) {
  return shifts.map((shift) => {
    const own = links.filter((link) => shiftOf(link, shifts) === shift);
    const first = Math.min(...own.map(({ committed_at }) => committed_at.getTime()));
    return {
      engine: shift.engine,
      seconds_to_first_commit: Number(((first - shift.started_at.getTime()) / 1000).toFixed(1)),
      commits: own.length,
      messages: own.reduce((sum, { rows }) => sum + rows, 0),
      ended: shift.ended,
    };
  });
}

/** The messages that each engine had landed after each commit. */
export function landedByEngine(links: readonly EngineLink[]) {
  const since = links[0]?.committed_at.getTime() ?? 0;
  const total: Record<Engine, number> = { TypeScript: 0, Spark: 0 };
  return links.flatMap(({ engine, rows, committed_at }) => {
    total[engine] += rows;
    const seconds = Number(((committed_at.getTime() - since) / 1000).toFixed(1));
    return Object.entries(total).map(([name, messages]) => ({ seconds, engine: name, messages }));
  });
}

/** The commits on both sides of each change of the engine, by partition and offset. */
export function aroundSwitches(links: readonly EngineLink[]): EngineLink[] {
  const chain = [...links].sort((a, b) => a.partition - b.partition || a.first - b.first);
  const isSwitch = (one?: EngineLink, next?: EngineLink) =>
    one?.partition === next?.partition && one?.engine !== next?.engine;
  return chain.filter((link, i) => isSwitch(chain[i - 1], link) || isSwitch(link, chain[i + 1]));
}

function shiftOf({ committed_at }: ChainLink, shifts: readonly Shift[]): Shift {
  const shift = shifts.findLast(({ started_at }) => started_at <= committed_at);
  if (shift) return shift;
  throw new Error(`expected a shift at ${committed_at.toISOString()}, found none`);
}

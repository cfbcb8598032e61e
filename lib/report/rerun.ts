/**
 * The cells of a notebook before and after an edit → the cells that must run again.
 *
 * A cell runs again if it is new or changed, did not end well, or uses a name that a cell which
 * runs again defines. All cells below run too if such a cell may change something else. All cells
 * run in a fresh kernel if a cell that ran may have changed values of other cells, or if a name is
 * gone.
 */
import { type CellNames, namesOf, unknownNames } from "./cell-names.ts";
import type { Status } from "./run.ts";

export interface OldCell {
  source: string;
  status: Status;
}

export interface Rerun {
  fresh: string | null; // the reason for a fresh kernel; null: the kernel stays
  cells: number[]; // indexes of the cells to run, in order
  hasEffects: boolean; // such a cell may change something outside the notebook
  isPure: boolean; // no cell changes values of other cells
  kept: Map<number, number>; // index of another cell → its index before the edit
}

/** Plans the run of `sources` after `old`, whose cells ran in a kernel that still lives. */
export function planRerun(old: readonly OldCell[], sources: readonly string[]): Rerun {
  const same = matchEnds(
    old.map(({ source }) => source),
    sources,
  );
  const before = namesOf(old.map(({ source }) => source));
  const after = namesOf(sources);
  const stored = [...before, ...after].filter(({ isStored }) => isStored);
  const isSafe = ({ isRepeatable, uses }: CellNames): boolean =>
    isRepeatable && !stored.some(({ defines }) => [...defines].some((name) => uses.has(name)));

  const keptOld = new Set(same.values());
  const ranBefore = before.filter((_, i) => old[i]!.status !== "not run");
  const ranAgain = before.filter((_, i) => !keptOld.has(i) && old[i]!.status !== "not run"); // or gone
  const dirty = new Set(ranAgain.flatMap(({ defines }) => [...defines]));
  const cells: number[] = [];
  const isChanging = (names: CellNames): boolean => names.hasEffects || !isSafe(names);
  // A cell that is gone has changed things at its place: so the cells below its place run.
  const goneAt = same.size === sources.length && ranAgain.some(isChanging) ? firstBehindGap(same) : Infinity;
  let isRest = false;
  for (const [i, names] of after.entries()) {
    const from = same.get(i);
    const isNew = from === undefined || old[from]!.status !== "ok";
    isRest ||= i >= goneAt;
    if (!isNew && !isRest && ![...names.uses].some((name) => dirty.has(name))) continue;
    cells.push(i);
    if (from !== undefined && old[from]!.status !== "not run") ranAgain.push(before[from]!);
    for (const name of names.defines) dirty.add(name);
    isRest ||= isChanging(names);
  }
  const fresh =
    cells.length + ranAgain.length === 0 ? null : reasonForFresh(ranBefore, after, ranAgain, isSafe);
  const run = fresh === null ? cells : sources.map((_, i) => i);
  const hasEffects = run.some((i) => after[i]!.hasEffects);
  const isPure = after.every(isSafe);
  if (fresh !== null) return { fresh, cells: run, hasEffects, isPure, kept: new Map() };
  return { fresh, cells, hasEffects, isPure, kept: new Map([...same].filter(([i]) => !cells.includes(i))) };
}

function reasonForFresh(
  before: readonly CellNames[],
  after: readonly CellNames[],
  ranAgain: readonly CellNames[],
  isSafe: (names: CellNames) => boolean,
): string | null {
  if (before.length === 0) return null; // nothing has run
  const defined = after.flatMap(({ defines }) => [...defines]);
  const twice = defined.find((name, i) => defined.indexOf(name) !== i);
  if (twice !== undefined) return `two cells define ${twice}`;
  const lost = before.flatMap(({ defines }) => [...defines]).find((name) => !defined.includes(name));
  if (lost !== undefined) return `no cell defines ${lost} any more`;
  if (!ranAgain.every(isSafe)) return "a cell may have changed values of other cells";
  const [unknown] = unknownNames([...after, ...before]);
  return unknown === undefined ? null : `no cell defines ${unknown}, so any cell may change it`;
}

/** The index of the first cell behind the cells that are gone. */
function firstBehindGap(same: ReadonlyMap<number, number>): number {
  let i = 0;
  while (same.get(i) === i) i++;
  return i;
}

/** Matches equal cells at the begin and the end: index after the edit → index before it. */
function matchEnds(old: readonly string[], sources: readonly string[]): Map<number, number> {
  const same = new Map<number, number>();
  const shorter = Math.min(old.length, sources.length);
  let begin = 0;
  while (begin < shorter && old[begin] === sources[begin]) {
    same.set(begin, begin);
    begin++;
  }
  for (let end = 1; end <= shorter - begin && old.at(-end) === sources.at(-end); end++)
    same.set(sources.length - end, old.length - end);
  return same;
}

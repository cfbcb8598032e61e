/**
 * What a drill is: something bad done on purpose to the real stack, and figures that say what it cost.
 *
 * A drill that misses its goal throws; what it returns is printed, and stands in the README.
 */

/** Named values that a drill measured, in the order of printing; units are in the names. */
export type Figures = Record<string, number | string>;

export interface DrillOptions {
  /** The form that is part of `npm test`: seconds instead of minutes; goals of speed are the full form's, as no test judges a time. */
  short: boolean;
  seed: number; // of everything that is random
  say: (line: string) => void; // progress
}

export interface Drill {
  name: string; // `npm run drill -- NAME`
  what: string; // one sentence: what happens, and what must hold
  /** @throws Error that says which goal was missed: expectation and value got. */
  run: (options: DrillOptions) => Promise<Figures>;
}

/** Numbers from 0 to below 1, the same for the same seed (mulberry32, by Tommy Ettinger, public domain). */
export function seeded(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/**
 * A drill: a fault done on purpose to the real stack → figures of what it cost.
 *
 * A drill that misses its goal throws. Its figures are printed, and stand in history/drills.md.
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

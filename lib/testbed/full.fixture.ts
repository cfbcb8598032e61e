// QUESTLOG_FULL=1 → tests of attacks in their full form: more requests, goals of speed, and printed
// figures.
const NAME_WIDTH = 36;

export const isFull = process.env.QUESTLOG_FULL === "1";

/** Prints measured values in the full form; units are in the names. */
export function printFigures(figures: Record<string, number | string>): void {
  if (!isFull) return;
  for (const [name, value] of Object.entries(figures))
    console.log(`    ${name.padEnd(NAME_WIDTH)}  ${value}`);
}

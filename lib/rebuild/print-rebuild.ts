/** Differences and rebuilds → lines for people. */
import { events } from "../events.ts";
import { describeDifference, findDifferences } from "./drift.ts";

const PROGRESS_MS = 2_000; // a line at most so often, and none before

/** Prints each difference, and resolves with the exit code: 1 if there is one. */
export async function printDifferences(): Promise<number> {
  const tell = progress((line) => console.error(line));
  const found = await findDifferences({}, events, (read, all, table) =>
    tell(`table ${table}: ${read} of ${all} files read`),
  );
  for (const one of found) console.log(describeDifference(one));
  if (found.length === 0) console.log("no difference between lib/game.ts, files, tables and views");
  else console.error(`${found.length} ${found.length === 1 ? "difference" : "differences"}`);
  return found.length === 0 ? 0 : 1;
}

/** Makes the function that says a line of progress, at most one every two seconds. */
export function progress(say: (line: string) => void): (line: string) => void {
  let saidAt = performance.now();
  return (line) => {
    if (performance.now() - saidAt < PROGRESS_MS) return;
    saidAt = performance.now();
    say(line);
  };
}

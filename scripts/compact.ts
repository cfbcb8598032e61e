/** Rewrite the days that are due: one sorted file for each table, without doubles. */
import { checkDay, command } from "../lib/command.ts";
import { compactAll } from "../lib/compact/keep-compact.ts";
import { settings } from "../lib/settings.ts";
import { killAt } from "../lib/testbed/kill.ts";

const usage = `npm run compact -- [--day DAY] [--json]
  Rewrites each day that is over: all files of a table become one sorted file,
  without doubles. Today's files are joined each QUESTLOG_PERIOD_MINUTES.
  Queries read on meanwhile. Finishes an interrupted call, and deletes replaced
  files after QUESTLOG_GRACE_MINUTES.
  --day DAY  rewrites only this day (2026-01-31), also if it is not due
  --json     one document: swaps, left, deleted
  Exit code 1: a swap failed, or no table has files of DAY; 130: Ctrl-C.`;
const options = { day: { type: "string" }, json: { type: "boolean", default: false } } as const;
const hint = "npm run status shows what runs";

const NOTHING_DUE = `nothing is due: a day is rewritten when it is over, today each ${settings.periodMinutes} minutes; --day DAY rewrites it now`;

const frame = { usage, options, hint, interruptible: true, isLong: true };

await command("compact", frame, async ({ values, signal }) => {
  const { day } = values;
  checkDay("--day", day);
  const tell = () => console.error("compact: interrupted; it ends with the swaps that have begun");
  signal.addEventListener("abort", tell, { once: true });
  const at = settings.killAt && killAt(settings.killAt);
  const log = values.json ? () => {} : console.log;
  const done = await compactAll({ day, log, signal, at });
  const { swaps, left, deleted } = done;
  if (values.json) console.log(JSON.stringify(done, null, 2));
  else if (swaps.length === 0 && left === 0 && deleted === 0 && !signal.aborted)
    console.log(day === undefined ? NOTHING_DUE : `${day}: compaction has already written all files`);
  else
    console.log(
      `days rewritten: ${swaps.length}; left to another process: ${left}; old files deleted: ${deleted}`,
    );
  return signal.aborted ? 130 : 0;
});

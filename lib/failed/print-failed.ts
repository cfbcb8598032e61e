/** Failed events → lines for people: a table, one whole event, the outcomes of a replay. */
import { jsonLines } from "../ask/row-text.ts";
import { tableLines } from "../ask/text-table.ts";
import { forTerminal, shortened } from "../untrusted.ts";
import { assess } from "./assess.ts";
import { blockedTables } from "./blocked-tables.ts";
import { findFailed } from "./failed.ts";
import { KnownEvents } from "./known.ts";
import { type ListedEvent, listFailed } from "./list.ts";
import { type Outcome, replay } from "./replay.ts";
import { printLines, terminalWidth } from "../print-lines.ts";

const SHOWN_CHARS = { reason: 100, raw: 60 }; // in a table

/** Prints the newest failed events: shortened in a table, or whole in one JSON array. */
export async function printFailed(options: { limit: number; all: boolean }, json: boolean): Promise<void> {
  const rows = await listFailed(options);
  if (json) return printLines(jsonLines(rows));
  if (rows.length > 0) {
    await printLines(
      tableLines(
        rows.map((row) => beginnings(row, options.all)),
        { width: terminalWidth() },
      ),
    );
  }
  const replayed = rows.filter(({ state }) => state === "replayed").length;
  const open = `${rows.length - replayed} open failed ${rows.length - replayed === 1 ? "event" : "events"}`;
  const count = options.all ? `${open}, ${replayed} replayed` : open;
  // A full list can be the beginning of a longer one.
  console.error(rows.length === options.limit ? `the newest: ${count}; --limit N lists more` : count);
}

/**
 * Prints one failed event whole, with its assessment by the present catalogue.
 * @param place default: that of the newest open event
 */
export async function explainFailed(place?: string): Promise<void> {
  const failed = place === undefined ? (await listFailed({ limit: 1 }))[0] : await findFailed(place);
  if (failed === undefined) return console.log("0 open failed events");
  const assessed = { failed, now: assess(failed, { blocked: await blockedTables() }) };
  const [{ now, isThere } = { now: assessed.now }] = await new KnownEvents().judge([assessed]);
  console.log(`place   ${failed.place}`);
  console.log(`time    ${failed.time.toISOString()}`);
  console.log(`reason  ${forTerminal(failed.reason)}`);
  if (!now.fits) {
    console.log(`now     still unfit: ${forTerminal(now.why)}`);
  } else {
    const state = isThere ? "it is there already" : `to send it: npm run failed -- replay ${failed.place}`;
    console.log(`now     fits as ${now.event_type}, event_id ${forTerminal(now.event_id)}; ${state}`);
  }
  console.log(`raw     ${failed.raw_event === null ? "(no value)" : forTerminal(failed.raw_event)}`);
}

/** Replays the failed events at `places`, or all; prints a line for each, then the counts. */
export async function printReplay(options: { places?: string[] }): Promise<void> {
  const counts: Record<Outcome["outcome"], number> = { sent: 0, "already there": 0, "still unfit": 0 };
  for await (const one of replay(options)) {
    counts[one.outcome]++;
    console.log(forTerminal(outcomeText(one)));
  }
  const texts = Object.entries(counts).map(([outcome, count]) => `${count} ${outcome}`);
  console.error(texts.join(", "));
}

function beginnings({ time, state, reason, place, raw_event: raw }: ListedEvent, all: boolean): object {
  const raw_event = raw === null ? null : shortened(raw, SHOWN_CHARS.raw);
  const row = { time, reason: shortened(reason, SHOWN_CHARS.reason), place, raw_event };
  return all ? { state, ...row } : row;
}

function outcomeText({ place, outcome, event_id, why }: Outcome): string {
  const id = event_id === null ? "" : `, event_id ${event_id}`;
  return `${place}  ${outcome}${id}${why === null ? "" : `: ${why}`}`;
}

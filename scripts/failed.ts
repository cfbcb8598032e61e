/**
 * What failed: events that the API refused, and messages of the topic that are no events.
 *
 *   npm run failed                                       the newest, newest first
 *   npm run failed -- --limit 100                        more of them
 *   npm run -s failed -- --json                          one JSON array of objects on stdout, nothing else
 *   npm run failed -- explain TOPIC/PARTITION/OFFSET     one whole, and what is wrong with it now
 *   npm run failed -- replay TOPIC/PARTITION/OFFSET …    send what fits the catalogue now, each event once
 *   npm run failed -- replay --all
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { jsonText, textTable } from "../lib/ask/table.ts";
import { forTerminal, shortened } from "../lib/untrusted.ts";
import { registerDays } from "../lib/ask/tables.ts";
import { type FailedEvent, findFailed, judge, listFailed } from "../lib/failed/failed.ts";
import { findKnown, replay, type Verdict } from "../lib/failed/replay.ts";
import { recordScript } from "../lib/history.ts";
import { withLock } from "../lib/lock.ts";
import { settings } from "../lib/settings.ts";

const USAGE =
  "try: npm run failed -- [--limit N] [--json] | explain TOPIC/PARTITION/OFFSET | replay (TOPIC/PARTITION/OFFSET … | --all)";
const MAX_LIMIT = 1_000; // all are held in memory, and each can have a megabyte
const SHOWN = { reason: 100, raw: 60 }; // characters in a table

const { verb, places, limit, json, all } = readArguments();
recordScript("failed");
try {
  if (verb === "list") await list();
  if (verb === "explain") await explain(places[0]!);
  // One replay at a time: two would not see what the other one sends.
  if (verb === "replay") await withLock(join(settings.home, "replay.lock"), console.error, replayAll);
} catch (error) {
  console.error(`failed: ${(error as Error).message}`);
  process.exitCode = 1;
}

async function list(): Promise<void> {
  await registerDays();
  const rows = await listFailed({ limit });
  if (json) return console.log(jsonText(rows));
  if (rows.length > 0) console.log(textTable(rows.map(beginnings)));
  console.error(`${rows.length} failed ${rows.length === 1 ? "event" : "events"}`);
}

function beginnings({ time, reason, place, raw_event: raw }: FailedEvent): object {
  const raw_event = raw === null ? null : shortened(raw, SHOWN.raw);
  return { time, reason: shortened(reason, SHOWN.reason), place, raw_event };
}

async function explain(place: string): Promise<void> {
  await registerDays();
  const failed = await findFailed(place);
  const now = judge(failed);
  console.log(`place   ${failed.place}`);
  console.log(`time    ${failed.time.toISOString()}`);
  console.log(`reason  ${forTerminal(failed.reason)}`);
  if (!now.fits) {
    console.log(`now     still unfit: ${forTerminal(now.why)}`);
  } else {
    const isThere = (await findKnown([now.event_id])).length > 0;
    const state = isThere ? "it is there already" : `to send it: npm run failed -- replay ${place}`;
    console.log(`now     fits as ${now.event_type}, event_id ${forTerminal(now.event_id)}; ${state}`);
  }
  console.log(`raw     ${failed.raw_event === null ? "(no value)" : forTerminal(failed.raw_event)}`);
}

async function replayAll(): Promise<void> {
  const counts: Record<Verdict["verdict"], number> = { sent: 0, "already there": 0, "still unfit": 0 };
  for await (const { place, verdict, event_id, why } of replay(all ? {} : { places })) {
    counts[verdict]++;
    console.log(
      forTerminal(
        `${place}  ${verdict}${event_id === null ? "" : `, event_id ${event_id}`}${why === null ? "" : `: ${why}`}`,
      ),
    );
  }
  console.error(
    Object.entries(counts)
      .map(([verdict, count]) => `${count} ${verdict}`)
      .join(", "),
  );
}

function readArguments() {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: {
        limit: { type: "string", default: "20" },
        json: { type: "boolean", default: false },
        all: { type: "boolean", default: false },
      },
    });
    const [verb = "list", ...places] = positionals;
    const limit = /^\d+$/.test(values.limit) ? Number(values.limit) : NaN;
    if (!(limit >= 1 && limit <= MAX_LIMIT))
      throw new Error(`--limit: expected a number from 1 to ${MAX_LIMIT}, got "${values.limit}"`);
    if (verb === "explain" && places.length !== 1) throw new Error("explain: expected one place");
    if (verb === "replay" && places.length > 0 === values.all)
      throw new Error("replay: expected places, or --all");
    if (!["list", "explain", "replay"].includes(verb) || (verb === "list" && places.length > 0))
      throw new Error(`expected explain or replay, got "${positionals.join(" ")}"`);
    return { verb, places, limit, json: values.json, all: values.all };
  } catch (error) {
    console.error(`failed: ${(error as Error).message}; ${USAGE}`);
    process.exit(2);
  }
}

/** Show, explain and replay refused events, and messages of the topic that are not events. */
import { registerDays } from "../lib/ask/tables.ts";
import { command, UsageError } from "../lib/command.ts";
import { parsePlace } from "../lib/failed/failed.ts";
import { explainFailed, printFailed, printReplay } from "../lib/failed/print-failed.ts";
import { withReplayLock } from "../lib/failed/replay.ts";

const MAX_LIMIT = 1_000; // all rows are in memory, and each can have a megabyte
const usage = `npm run failed -- [explain [PLACE] | replay PLACE… | --all] [--limit N] [--json]
  Lists, explains or replays refused events. PLACE is TOPIC/PARTITION/OFFSET.
  --limit N    lists the newest N that are open, the newest first; default 20
  --all        lists, or replays, all of them: the replayed ones too
  --json       lists them as one JSON array of objects
  explain      prints one refused event as a whole, with its present faults;
               without a place, the newest that is open
  replay       sends the events that fit the present catalogue, each event once`;
const options = {
  limit: { type: "string", default: "20" },
  json: { type: "boolean", default: false },
  all: { type: "boolean", default: false },
} as const;

const onlyPrints = !process.argv.includes("replay");

await command(
  "failed",
  { usage, options, positionals: true, onlyPrints },
  async ({ values, positionals }) => {
    const [verb = "list", ...places] = positionals;
    const { json, all } = values;
    const limit = /^\d+$/.test(values.limit) ? Number(values.limit) : NaN;
    if (!(limit >= 1 && limit <= MAX_LIMIT))
      throw new UsageError(`--limit: expected a number from 1 to ${MAX_LIMIT}, got "${values.limit}"`);
    if (verb === "explain" && places.length > 1)
      throw new UsageError(`explain: expected at most one place, got ${places.length}`);
    if (verb === "replay" && places.length > 0 === all)
      throw new UsageError("replay: expected places, or --all");
    if (!["list", "explain", "replay"].includes(verb) || (verb === "list" && places.length > 0))
      throw new UsageError(`expected explain or replay, got "${positionals.join(" ")}"`);
    places.forEach(parsePlace); // throws before any service is asked
    if (verb !== "replay") await registerDays();
    if (verb === "list") await printFailed({ limit, all }, json);
    if (verb === "explain") await explainFailed(places[0]);
    if (verb !== "replay") return;
    await withReplayLock(console.error, () => printReplay(all ? {} : { places }));
  },
);

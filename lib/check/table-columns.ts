/**
 * The catalogue's columns and trino-values.ts → the generated part of docs/tables.md.
 *
 * The part does not depend on the game: a line stands for the columns of an event's parameters.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { sqlType } from "../ask/tables.ts";
import { type Column, envelopeColumns, failedEvents, VIEW_COLUMNS } from "../catalog.ts";
import { storedType } from "../stored-columns.ts";

export const TABLES_PAGE = "docs/tables.md";
const BEGIN = "<!-- columns: npm run check -- --write makes this part -->";
const END = "<!-- end of columns -->";

/** Each column → its meaning. */
const MEANINGS: Readonly<Record<string, string>> = {
  raw_event: "the whole event, as JSON; in `failed_events` the message, which may be any text or null",
  timestamp: "Kafka's time of the message, in UTC",
  accept: "header Accept of the request",
  host: "header Host",
  user_agent: "header User-Agent",
  event_type: "the name of the event's type",
  remote_addr: "the player's IP address",
  event_id: "the event's id: equal ids are copies of one event",
  player: "the player, if the request names one",
  session: "the session, if the request names one",
  received_at: "the API's time",
  occurred_at: "the game's own time, if the request has one",
  definition: "the version of the event's entry in `lib/game.ts`",
  kafka_partition: "the message's partition",
  kafka_offset: "its offset in the partition",
  event_time: "`occurred_at`, else `received_at`",
  day: "the day of `timestamp`; a condition on it makes a query read less",
  reason: "why the message is no event of the game",
  topic: "the topic of the message",
};
const LAST_BEFORE_PARAMETERS = "event_type";

/** The page with the present columns and types; `root` is the checkout. */
export function withTableColumns(page: string, root: string): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from)
    throw new Error(`${TABLES_PAGE}: expected the lines "${BEGIN}" and "${END}", got another text`);
  const own = `${BEGIN}\n\n${columnLines()}\n\n${typeLines(root)}\n\n`;
  return page.slice(0, from) + own + page.slice(to);
}

function columnLines(): string {
  const failed = new Set(failedEvents.columns.map(({ name }) => name));
  const common = new Set(envelopeColumns.map(({ name }) => name));
  const added: Column[] = VIEW_COLUMNS.map((name) => {
    return { name, type: name === "day" ? "text" : "timestamp", required: true };
  });
  const others = failedEvents.columns.filter(({ name }) => !common.has(name));
  const lines = [...envelopeColumns, ...added, ...others].flatMap((column) => {
    const { name } = column;
    const isInViews = common.has(name) || VIEW_COLUMNS.includes(name);
    const places = [
      isInViews,
      isInViews,
      common.has(name) || name === "day",
      failed.has(name) || name === "day",
    ];
    const meaning = MEANINGS[name];
    if (meaning === undefined) throw new Error(`table-columns.ts: expected a meaning of ${name}, got none`);
    const type = name === "day" ? "date" : sqlType(storedType(column.type));
    const line = `| \`${name}\` | ${type} | ${places.map(mark).join(" | ")} | ${meaning} |`;
    const parameters =
      "| the event's parameters | of the entry |  | yes | yes |  | a column each; null without a value |";
    return name === LAST_BEFORE_PARAMETERS ? [line, parameters] : [line];
  });
  return [
    "| column | type | view `events` | views `unique_…` | tables of events | `failed_events` | |",
    "|---|---|---|---|---|---|---|",
    ...lines,
  ].join("\n");
}

function mark(isThere: boolean): string {
  return isThere ? "yes" : "";
}

/** The table in the header of trino-values.ts, without the spaces that align it. */
function typeLines(root: string): string {
  const lines = readFileSync(join(root, "lib", "trino-values.ts"), "utf8").matchAll(/^ \* (\|.*\|)$/gm);
  const [head, , ...rows] = [...lines].map(([, line]) => line!.replace(/ {2,}/g, " "));
  return [head!.replace("JavaScript", "value of `query(…)` in JavaScript"), "|---|---|", ...rows].join("\n");
}

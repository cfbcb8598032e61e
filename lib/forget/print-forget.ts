/** The places of a player's events, or of old ones, before and after → lines for people. */
import { join, relative } from "node:path";
import { failedEvents } from "../catalog.ts";
import { events } from "../events.ts";
import { withLock } from "../lock.ts";
import { printLines } from "../print-lines.ts";
import { settings } from "../settings.ts";
import { forTerminal } from "../untrusted.ts";
import { WebHdfs } from "../webhdfs.ts";
import { killAt } from "../testbed/kill.ts";
import { type Findings, findPlayer, finishRemoval, forgetPlayer, storedNames } from "./forget.ts";
import { findOlder, firstKeptDay, forgetOlder, type OldFindings } from "./forget-older.ts";
import type { ForgetOptions, ForgetPlace } from "./prove-first.ts";

/** Places of other programs, which no command of Questlog can search. */
const NOT_SEARCHED = [
  "the API's last events, if QUESTLOG_RECENT is set: until the API restarts",
  "Trino's list of recent statements: at most 15 minutes after the last statement",
  "Kafka's segment files: the deleted messages leave the disk when their segment rolls (segment.ms, segment.bytes)",
  "npm's own logs of this command, and the history of your shell",
  "reports in other folders, sent or archived pages, other machines' spools, backups and snapshots of HDFS",
  "a game client's queue: events that it sends later come in anew",
];

const FINISHED = "finished a removal that was interrupted";

/** Prints the places that name a player. With `isSure`, removes the player from them. */
export async function printForget(player: string, isSure: boolean): Promise<number> {
  const players = storedNames(player);
  return withPlace((place) =>
    printRemoval(place, {
      isSure,
      find: () => findPlayer(place, players),
      remove: (options) => forgetPlayer(place, players, options),
      countsIn: countsOf,
      notes: () => [],
      words: { none: "nothing names this player", left: "events of this player came meanwhile" },
    }),
  );
}

/** Prints the events of days that began more than `days` days before today. Can remove them. */
export async function printForgetOlder(days: number, isSure: boolean): Promise<number> {
  const before = firstKeptDay(days);
  console.error(`events of days before ${before} (UTC)`);
  return withPlace((place) =>
    printRemoval(place, {
      isSure,
      find: () => findOlder(place, before),
      remove: (options) => forgetOlder(place, before, options),
      countsIn: countsOfDays,
      notes: newerNotes,
      words: { none: "no event is older", left: "older events came meanwhile" },
    }),
  );
}

/** A kind of removal, for people. */
interface Removal<T extends Listed> {
  isSure: boolean;
  find: () => Promise<T>;
  remove: (options: ForgetOptions) => Promise<T>;
  countsIn: (found: T) => Counts;
  notes: (found: T) => string[]; // lines below the counts
  words: { none: string; left: string };
}

type Listed = Pick<Findings, "own" | "texts">;
type Counts = Map<string, { number: number; unit: string }>;

async function printRemoval<T extends Listed>(place: ForgetPlace, removal: Removal<T>): Promise<number> {
  const { isSure, find, remove, countsIn, notes, words } = removal;
  const log = (line: string): void => console.error(line);
  if (!isSure) {
    const found = await find();
    const counts = countsIn(found);
    await printLines([...linesOf(counts, null), ...notes(found), ...listedLines(found)].map(forTerminal));
    log(isZero(counts) ? words.none : "nothing was changed; --yes removes the events");
    return 0;
  }
  const at = settings.killAt && killAt(settings.killAt);
  const options = { log, ...(at && { at }) };
  if ((await finishRemoval(place, options)) === "finished") log(FINISHED);
  const before = countsIn(await remove(options));
  const after = await find();
  await printLines([...linesOf(before, countsIn(after)), ...listedLines(after)].map(forTerminal));
  if (isZero(countsIn(after))) return 0;
  log(`${words.left}: call the command again`);
  return 1;
}

/** Finishes an interrupted removal, for which no name is needed. */
export async function printFinish(): Promise<number> {
  return withPlace(async (place) => {
    const end = await finishRemoval(place, { log: console.error });
    if (end === "dropped") {
      console.error("dropped a removal that had changed nothing: call it again, with its option");
      return 1;
    }
    console.log(end === "finished" ? FINISHED : "no removal was interrupted");
    return 0;
  });
}

/** "table book_sales: 12 rows, 0 after" */
export function countLines(before: Findings, after: Findings | null): string[] {
  return linesOf(countsOf(before), after && countsOf(after));
}

function linesOf(was: Counts, is: Counts | null): string[] {
  const places = new Set([...was.keys(), ...(is?.keys() ?? [])]);
  return [...places].map((place) => {
    const { unit } = (was.get(place) ?? is?.get(place))!;
    const number = was.get(place)?.number ?? 0;
    const left = is === null ? "" : `, ${is.get(place)?.number ?? 0} after`;
    return `${place}: ${number} ${unit}${number === 1 ? "" : "s"}${left}`;
  });
}

/** The places that are only listed. */
function listedLines({ own, texts }: Listed): string[] {
  return [
    "listed, not changed:",
    ...own.map(({ table, rows }) => `  your table ${table}: ${rows ?? "unreadable, so unknown"} rows`),
    ...texts.map(({ path, isRead }) => `  ${relative(".", path)}${isRead ? "" : ": too large to be read"}`),
    ...(own.length + texts.length === 0 ? ["  no table of yours, no report, no log"] : []),
    "not searched:",
    ...NOT_SEARCHED.map((place) => `  ${place}`),
  ];
}

/** Whether no place that is removed from names the player. */
export function isEmpty(found: Findings): boolean {
  return isZero(countsOf(found));
}

function isZero(counts: Counts): boolean {
  return [...counts.values()].every(({ number }) => number === 0);
}

function countsOf({ files, messages, spooled }: Findings): Counts {
  const rows = files.map((file) => ({ table: file.table, rows: file.rows.length }));
  return withMessages(countRowsIn(rows), messages, spooled);
}

function countsOfDays({ days, others, messages, spooled }: OldFindings): Counts {
  const counts = countRowsIn(days.flatMap(({ table, files }) => files.map(({ rows }) => ({ table, rows }))));
  counts.set("files of no table", { number: others.length, unit: "file" });
  return withMessages(counts, messages, spooled);
}

function countRowsIn(files: readonly { table: string | null; rows: number }[]): Counts {
  const counts: Counts = new Map();
  const tables = [...events.map(({ table }) => table), failedEvents.table];
  const others = files.flatMap(({ table }) => (table === null || tables.includes(table) ? [] : [table]));
  const rowsOf = (name: string | null) =>
    files.filter(({ table }) => table === name).reduce((sum, { rows }) => sum + rows, 0);
  for (const table of new Set([...tables, ...others]))
    counts.set(`table ${table}`, { number: rowsOf(table), unit: "row" });
  counts.set("files of no table", { number: rowsOf(null), unit: "row" });
  return counts;
}

function withMessages(counts: Counts, messages: Findings["messages"], spooled: number): Counts {
  for (const topic of [settings.topic, settings.failedTopic]) {
    const number = messages.filter((one) => one.topic === topic).reduce((sum, one) => sum + one.messages, 0);
    counts.set(`topic ${topic}`, { number, unit: "message" });
  }
  counts.set("spool of the API", { number: spooled, unit: "line" });
  return counts;
}

function newerNotes({ messages }: OldFindings): string[] {
  return messages
    .filter(({ newer }) => newer > 0)
    .map(({ topic, partition, newer }) => {
      const place = `topic ${topic}, partition ${partition}`;
      return `${place}: ${newer} newer messages in front of the last old one go too; tables keep them`;
    });
}

async function withPlace<T>(work: (place: ForgetPlace) => Promise<T>): Promise<T> {
  const { hdfsRoot: root, schema, topic, failedTopic, home, out, historyFile } = settings;
  const hdfs = new WebHdfs();
  const texts = [out, historyFile, join(home, "logs")];
  try {
    return await withLock(join(home, "forget.lock"), console.error, () =>
      work({ hdfs, root, schema, topic, failedTopic, home, texts }),
    );
  } finally {
    hdfs.close();
  }
}

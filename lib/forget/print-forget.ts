/** The places that name a player, before and after → lines for people. */
import { join, relative } from "node:path";
import { failedEvents } from "../catalog.ts";
import { events } from "../events.ts";
import { withLock } from "../lock.ts";
import { printLines } from "../print-lines.ts";
import { settings } from "../settings.ts";
import { forTerminal } from "../untrusted.ts";
import { WebHdfs } from "../webhdfs.ts";
import {
  type Findings,
  findPlayer,
  finishRemoval,
  type ForgetPlace,
  forgetPlayer,
  storedNames,
} from "./forget.ts";

/** Places of other programs, which no command of Questlog can search. */
const NOT_SEARCHED = [
  "the API's last events, if QUESTLOG_RECENT is set: until the API restarts",
  "Trino's list of recent statements: at most 15 minutes after the last statement",
  "Kafka's segment files: the deleted messages leave the disk when their segment rolls (segment.ms, segment.bytes)",
  "npm's own logs of this command, and the history of your shell",
  "reports in other folders, sent or archived pages, other machines' spools, backups and snapshots of HDFS",
  "a game client's queue: events that it sends later come in anew",
];

/** Prints the places that name a player. With `isSure`, removes the player from them. */
export async function printForget(player: string, isSure: boolean): Promise<number> {
  const players = storedNames(player);
  return withPlace(async (place) => {
    const log = (line: string): void => console.error(line);
    if (!isSure) {
      const found = await findPlayer(place, players);
      await printLines([...countLines(found, null), ...listedLines(found)].map(forTerminal));
      log(isEmpty(found) ? "nothing names this player" : "nothing was changed; --yes removes the events");
      return 0;
    }
    if (await finishRemoval(place, { log })) log("finished a removal that was interrupted");
    const before = await forgetPlayer(place, players, { log });
    const after = await findPlayer(place, players);
    await printLines([...countLines(before, after), ...listedLines(after)].map(forTerminal));
    if (isEmpty(after)) return 0;
    log("events of this player came meanwhile: call the command again");
    return 1;
  });
}

/** Finishes an interrupted removal, for which no name is needed. */
export async function printFinish(): Promise<number> {
  return withPlace(async (place) => {
    const isFinished = await finishRemoval(place, { log: console.error });
    console.log(isFinished ? "finished a removal that was interrupted" : "no removal was interrupted");
    return 0;
  });
}

/** "table book_sales: 12 rows, 0 after" */
export function countLines(before: Findings, after: Findings | null): string[] {
  const [was, is] = [countsOf(before), after && countsOf(after)];
  return [...was].map(([place, { number, unit }]) => {
    const left = is === null ? "" : `, ${is.get(place)!.number} after`;
    return `${place}: ${number} ${unit}${number === 1 ? "" : "s"}${left}`;
  });
}

/** The places that are only listed. */
function listedLines({ own, texts }: Pick<Findings, "own" | "texts">): string[] {
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
  return [...countsOf(found).values()].every(({ number }) => number === 0);
}

function countsOf({ files, messages, spooled }: Findings) {
  const counts = new Map<string, { number: number; unit: string }>();
  const tables = [...events.map(({ table }) => table), failedEvents.table];
  const others = files.flatMap(({ table }) => (table === null || tables.includes(table) ? [] : [table]));
  const rowsOf = (name: string | null) =>
    files.filter(({ table }) => table === name).reduce((sum, { rows }) => sum + rows.length, 0);
  for (const table of new Set([...tables, ...others]))
    counts.set(`table ${table}`, { number: rowsOf(table), unit: "row" });
  counts.set("files of no table", { number: rowsOf(null), unit: "row" });
  for (const topic of [settings.topic, settings.failedTopic]) {
    const number = messages.filter((one) => one.topic === topic).reduce((sum, one) => sum + one.messages, 0);
    counts.set(`topic ${topic}`, { number, unit: "message" });
  }
  counts.set("spool of the API", { number: spooled, unit: "line" });
  return counts;
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

/**
 * M8, M10: an old stack. Events of many days → times of reports, audits, compaction and queries.
 *
 * The stack is its own, with a folder and ports of its own, and is deleted at the end. So no
 * user's data is touched. The parent process starts and ends it; a child, with the environment of
 * that stack, fills and measures it.
 */
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { promisify } from "node:util";
import { rowsOf } from "../ask/counts.ts";
import { getJson } from "../services/get-json.ts";
import { readResults } from "../report/results.ts";
import { DEFAULT_PORTS, portVariable, settings } from "../settings.ts";
import { freePort } from "../testbed/free-port.ts";
import { type Goal, ratios, tell, tellMachine, tellText } from "../testbed/figures.bench.ts";
import { readOffsets } from "../topic.ts";
import { query, type QueryOptions } from "../trino.ts";
import { fillTopic } from "./aged-topic.bench.ts";
import { findFiles, withHdfs } from "./files.ts";
import { untilLanded } from "./landed.ts";

/** The size and the thoroughness of a measurement. */
export interface Age {
  rows: number;
  days: number; // over which the rows are spread, up to now
  isShort: boolean; // one round of each figure
  isBrief?: boolean; // only the figures of M8 and M10
}

export const AGED: Age = { rows: 10_000_000, days: 30, isShort: false };
/** What a whole run of the benches has time for. */
export const YOUNG: Age = { rows: 100_000, days: 2, isShort: false, isBrief: true };
const REPORTS = 3; // rounds
const QUERIES = 5;
const LANDED_LIMIT_MS = 1_800_000;
const MAX_QUERY_S = 20; // for the rounds of one statement
const HOME_PREFIX = "questlog-age-";
const MAX_REASON = 500; // characters
const failed: string[] = [];
const MAX_OUTPUT_BYTES = 64 << 20;
const MAX_REPORT: Goal = { is: "at most", value: 15 }; // seconds, on an empty stack
const MAX_GROWTH: Goal = { is: "at most", value: 1.3 }; // times that
const MAX_COUNTS: Goal = { is: "at most", value: 1 }; // second, of all days by day and type

/** Starts the stack, measures it in a child process, and deletes it. It needs no running stack. */
export async function benchAge(
  { rows, days, isShort, isBrief = false }: Age,
  signal: AbortSignal,
): Promise<void> {
  const home = mkdtempSync(join(tmpdir(), HOME_PREFIX));
  const env = ownEnvironment(process.env, home);
  writeFileSync(env.QUESTLOG_ENV!, "");
  for (const name of Object.keys(DEFAULT_PORTS)) env[portVariable(name)] = String(await freePort());
  const place = { cwd: settings.root, env };
  const run = (words: string[]) => promisify(execFile)(process.execPath, words, place);
  try {
    await run(["scripts/up.ts", "--native"]);
    const size = ["--rows", String(rows), "--days", String(days)];
    const words = ["scripts/bench.ts", "--measure", isBrief ? "brief" : "age", "age", ...size];
    if (isShort) words.push("--short");
    signal.throwIfAborted();
    // A group of its own: an interrupted report would start the stack's servers again.
    const child = spawn(process.execPath, words, { ...place, stdio: "inherit", detached: true });
    const isRunning = () => child.exitCode === null && child.signalCode === null;
    signal.addEventListener("abort", () => isRunning() && process.kill(-child.pid!, "SIGKILL"));
    const [code] = (await once(child, "exit")) as [number | null];
    if (code !== 0) throw new Error(`age: expected the measuring process to end with 0, got ${code}`);
  } finally {
    await run(["scripts/down.ts"]);
    rmSync(home, { recursive: true, force: true, maxRetries: 10 });
  }
}

/** An environment without the user's settings, so that no given cluster is used. */
export function ownEnvironment(env: NodeJS.ProcessEnv, home: string): NodeJS.ProcessEnv {
  const others = Object.entries(env).filter(([name]) => !name.startsWith("QUESTLOG_"));
  return {
    ...Object.fromEntries(others),
    QUESTLOG_ENV: join(home, "empty.env"),
    QUESTLOG_CACHE: settings.cache,
    QUESTLOG_HOME: home,
    QUESTLOG_OUT: join(home, "out"),
    QUESTLOG_HISTORY: "/dev/null",
    QUESTLOG_COMPACT_MINUTES: "0", // the measure compacts by itself
    QUESTLOG_GRACE_MINUTES: "0",
  };
}

/**
 * Fills and measures the stack that `benchAge` has started. Each figure is printed at once, and a
 * part that fails does not stop the others.
 * @throws Error for a stack of another folder, and at the end if a part has failed
 */
export async function measureAge({ rows, days, isShort, isBrief = false }: Age): Promise<void> {
  if (!basename(settings.home).startsWith(HOME_PREFIX))
    throw new Error(`age: expected a stack that npm run bench -- age has started, got ${settings.home}`);
  const reports = isShort ? 1 : REPORTS;
  if (!isShort) await timed("a first report, which warms the servers", () => script("report", "--no-cache"));
  const young = await timeReports("empty stack", reports, MAX_REPORT);
  await timed(`${rows} events of ${days} days sent`, () => fillTopic(rows, days));
  const offsets = await readOffsets();
  await timed("the rest landed", () => untilLanded(offsets, { timeoutMs: LANDED_LIMIT_MS }));
  tellMachine();
  await tellNames("before compaction");
  if (!isBrief) await timeQueries(days, isShort, false);
  await timed("audit of all new messages", () => script("audit"));
  await timed("compaction", () => script("compact"));
  await timed("compaction, nothing due: deletes the old files", () => script("compact"));
  await tellNames("after compaction");
  await timeQueries(days, isShort, true, isBrief);
  tellMachine();
  const aged = await timeReports(`${rows} rows`, reports);
  if (young && aged)
    tell({
      id: "M8",
      what: `report, ${rows} rows over an empty stack`,
      unit: "times",
      values: ratios(aged, young),
      goal: MAX_GROWTH,
    });
  if (!isBrief) await timeAudits();
  tellMachine();
  if (failed.length > 0) throw new Error(`age: expected each part to end well, got ${failed.join("; ")}`);
}

async function timeAudits(): Promise<void> {
  await timed("audit, nothing new", () => script("audit"));
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  await timed("audit --since yesterday", () => script("audit", "--since", yesterday));
  await timed("audit --all", () => script("audit", "--all"));
}

/** The seconds of each round; null: a report has failed. */
async function timeReports(what: string, count: number, goal?: Goal): Promise<number[] | null> {
  const values: number[] = [];
  for (let round = 0; round < count; round++) {
    const seconds = await secondsOf(`report, ${what}`, () => script("report", "--no-cache"));
    if (seconds === null) return null;
    values.push(seconds);
  }
  tell({ id: "M8", what: `report, ${what}`, unit: "s", values, ...(goal && { goal }) });
  const { notebooks } = await readResults(join(settings.out, "results.json"));
  const parts = notebooks.map(({ name, seconds }) => `${name} ${seconds.toFixed(1)} s`);
  tellText(`M8 report, ${what}, last round: ${parts.join(", ")}`);
  return values;
}

/** @param isBrief only the counts of all rows, copies too */
async function timeQueries(
  days: number,
  isShort: boolean,
  isCompacted: boolean,
  isBrief = false,
): Promise<void> {
  const when = isCompacted ? "after compaction" : "before compaction";
  const all = `day >= current_date - INTERVAL '${days}' DAY`;
  const day = `day = current_date - INTERVAL '${Math.ceil(days / 2)}' DAY`;
  const counts = (from: string) => `SELECT day, event_type, count(*) AS n FROM ${from} GROUP BY 1, 2`;
  const month = `counts of ${days} days`;
  const statements = {
    "a day's counts": counts(`(${rowsOf(["day"], day)})`),
    [month]: counts(`(${rowsOf(["day"], all)})`),
    "a day's counts, each event once": counts(`events WHERE ${day}`),
    "today's counts, each event once": counts("events WHERE day = current_date"), // never compacted
    // Before compaction the view holds all ids in memory: docs/sizes.md.
    ...(isCompacted && { [`${month}, each event once`]: counts(`events WHERE ${all}`) }),
  };
  for (const [name, sql] of Object.entries(statements).slice(0, isBrief ? 2 : undefined)) {
    const values: number[] = [];
    let peakBytes = 0;
    const onStatistics: QueryOptions["onStatistics"] = (one) => (peakBytes = one.peakMemoryBytes);
    const what = `${name}, ${when}`;
    const rounds = isShort ? 1 : QUERIES;
    for (let spent = 0; values.length < rounds && spent < MAX_QUERY_S; spent += values.at(-1)!) {
      const seconds = await secondsOf(what, () => query(sql, { onStatistics }));
      if (seconds === null) break;
      values.push(seconds);
    }
    if (values.length === 0) continue;
    const label = `${what} (${Math.round(peakBytes / 1e6)} MB in Trino)`;
    tell({
      id: "M10",
      what: label,
      unit: "s",
      values,
      ...(name === month && isCompacted && { goal: MAX_COUNTS }),
    });
  }
}

/** Prints the number of names in HDFS, and the heap of the NameNode. */
async function tellNames(when: string): Promise<void> {
  const bean = async (name: string) => {
    const { beans } = await getJson<{ beans: Bean[] }>(`${settings.webhdfsUrl}/jmx?qry=${name}`);
    return beans[0]!;
  };
  const { FilesTotal: names } = await bean("Hadoop:service=NameNode,name=FSNamesystem");
  const { HeapMemoryUsage: heap } = await bean("java.lang:type=Memory");
  const megabytes = Math.round(heap!.used / 1e6);
  const files = await withHdfs({}, findFiles);
  tellText(
    `M10 ${when}: ${files.length} files of tables; ${names} names in HDFS; heap of the NameNode ${megabytes} MB`,
  );
}

/** The part of a JMX bean that is read. */
interface Bean {
  FilesTotal?: number;
  HeapMemoryUsage?: { used: number };
}

async function timed(what: string, work: () => Promise<unknown>): Promise<void> {
  const seconds = await secondsOf(what, work);
  if (seconds !== null) console.log(`age ${what}: ${seconds.toFixed(1)} s`);
}

/** null: the work has failed, and the reason is printed. */
async function secondsOf(what: string, work: () => Promise<unknown>): Promise<number | null> {
  const started = performance.now();
  try {
    await work();
    return (performance.now() - started) / 1000;
  } catch (error) {
    failed.push(what);
    console.log(`age ${what}: failed; ${(error as Error).message.trim().slice(-MAX_REASON)}`);
    return null;
  }
}

/** Runs a command to its end. @throws Error with its output unless it ends with 0 */
async function script(name: string, ...words: string[]): Promise<void> {
  await promisify(execFile)(process.execPath, [`scripts/${name}.ts`, ...words], {
    cwd: settings.root,
    maxBuffer: MAX_OUTPUT_BYTES,
  });
}

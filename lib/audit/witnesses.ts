/**
 * Offset ranges → a tally of their messages by each witness: the topic, the files, the tables.
 *
 * Each witness reads in a way that shares no code with the others: Kafka's client, the files' own
 * bytes, SQL. Only the files say which messages were refused; the topic's tally takes that from
 * them, because the list of events may have changed since a message landed.
 *
 * Files and tables are read on the days of the ranges' commits. `npm run audit` also compares the
 * numbers of all days, so it finds rows that were copied to another day.
 */
import { conditionOf, type OffsetRange, onDays } from "../ask/counted.ts";
import { failedEvents } from "../catalog.ts";
import { peek } from "../envelope.ts";
import { events } from "../events.ts";
import { namesIn } from "../folders.ts";
import { rebuildsFolder, tablesFolder } from "../layout.ts";
import { storedTime } from "../kafka-time.ts";
import { identifier, literal } from "../sql.ts";
import type { RemovedRow } from "../swaps.ts";
import { NOT_AN_EVENT, readOffsets, readTopic } from "../topic.ts";
import { query } from "../trino.ts";
import type { Hdfs } from "../webhdfs.ts";
import { isIn, readFileRows } from "./coverage.ts";
import { describeDiscrepancies, earlierIds, findDiscrepancies } from "./discrepancies.ts";
import { collectSightings } from "./sightings.ts";
import { countBesideSwaps } from "./removed-rows.ts";
import { dayOf, digestColumns, REFUSED, Tally, type TypeDay } from "./tally.ts";

/** A tally of each partition. */
export type Tallies = ReadonlyMap<number, Tally>;

/** What the files say. */
export interface FileWitness {
  tallies: Tallies;
  refused: ReadonlySet<string>; // positions "partition:offset" of messages in failed_events
}

/** Three independent readings of the same ranges. */
export interface Witnesses {
  /** The first offset that the topic still has, of each partition. */
  lows: () => Promise<ReadonlyMap<number, number>>;
  topic: (ranges: readonly OffsetRange[], refused: ReadonlySet<string>) => Promise<Tallies>;
  files: (ranges: readonly OffsetRange[], days: ReadonlySet<string>) => Promise<FileWitness>;
  tables: (ranges: readonly OffsetRange[], days: ReadonlySet<string>) => Promise<Tallies>;
  /** Trino's rows before the offsets `ends` of the partitions, on some days or on all. */
  counts: (ends: ReadonlyMap<number, number>, days: readonly string[] | "all") => Promise<TypeDay[]>;
  /** The types whose tables were rebuilt: their messages may have moved to failed_events. */
  rebuiltTypes: () => Promise<string[]>;
  /** Names the messages of a range in which the witnesses differ. */
  explain: (range: OffsetRange) => Promise<string[]>;
}

/** A pipeline's place. */
export interface AuditPlace {
  topic: string;
  root: string; // HDFS folder
  schema: string;
}

/** The witnesses of a pipeline. */
export function openWitnesses(hdfs: Hdfs, { topic, root, schema }: AuditPlace): Witnesses {
  return {
    lows: async () => {
      const offsets = await readOffsets({ topic });
      return new Map(offsets.map(({ partition, low }) => [partition, low]));
    },
    topic: (ranges, refused) => tallyTopic(ranges, refused, topic),
    files: (ranges, days) =>
      countBesideSwaps(hdfs, { root, topic }, days, async (removed) => {
        const { tallies, refused } = await tallyFiles(hdfs, ranges, days, { topic, root });
        addRemoved(tallies, ranges, removed);
        const others = removed.filter(({ table }) => table === failedEvents.table);
        return { tallies, refused: new Set([...refused, ...others.map(positionText)]) };
      }),
    tables: (ranges, days) =>
      countBesideSwaps(hdfs, { root, topic }, days, async (removed) => {
        const tables = await shownTables(hdfs, root, schema);
        const tallies = await tallyTables(ranges, days, tables, { topic, schema });
        addRemoved(tallies, ranges, removed);
        return tallies;
      }),
    counts: (ends, days) =>
      countBesideSwaps(hdfs, { root, topic }, days, async (removed) => {
        const tables = await shownTables(hdfs, root, schema);
        const counts = await countByDay(ends, days, tables, { topic, schema });
        return withRemoved(counts, removed, ends);
      }),
    rebuiltTypes: async () => {
      const names = await namesIn(hdfs, rebuildsFolder(root));
      return events
        .filter(({ table }) => names.some((name) => isRecordOf(table, name)))
        .map(({ type }) => type);
    },
    explain: async (range) => {
      const seen = await collectSightings([range], { topic, root, schema, days: "all" });
      const nobody = { accepted: {}, event_ids: [], session: "" };
      return describeDiscrepancies(findDiscrepancies(nobody, seen, earlierIds(seen)));
    },
  };
}

async function tallyTopic(
  ranges: readonly OffsetRange[],
  refused: ReadonlySet<string>,
  topic: string,
): Promise<Tallies> {
  const tallies = emptyTallies(ranges);
  if (ranges.length === 0) return tallies;
  await readTopic({
    topic,
    from: new Map(ranges.map(({ partition, from }) => [partition, from])),
    onMessage: ({ partition, offset, timestamp, value }) => {
      if (!isIn(ranges, partition, offset)) return;
      const { event_type, event_id } = peek(value);
      const isRefused = refused.has(`${partition}:${offset}`);
      const type = isRefused ? REFUSED : (event_type ?? NOT_AN_EVENT);
      const id = isRefused ? null : event_id;
      tallies.get(partition)!.add(type, dayOf(storedTime(timestamp)), { partition, offset }, id);
    },
  });
  return tallies;
}

async function tallyFiles(
  hdfs: Hdfs,
  ranges: readonly OffsetRange[],
  days: ReadonlySet<string>,
  { topic, root }: { topic: string; root: string },
): Promise<FileWitness> {
  const tallies = emptyTallies(ranges);
  const refused = new Set<string>();
  for (const row of await readFileRows(ranges, { hdfs, root, topic, days })) {
    const { table, day, event_type, event_id, partition, offset } = row;
    const isRefused = table === failedEvents.table;
    if (isRefused) refused.add(`${partition}:${offset}`);
    const type = isRefused ? REFUSED : typeIn(table, event_type!);
    tallies.get(partition)!.add(type, day, { partition, offset }, event_id);
  }
  return { tallies, refused };
}

/** Adds the rows that swaps left out: their records vouch for them. */
function addRemoved(tallies: Tallies, ranges: readonly OffsetRange[], removed: readonly RemovedRow[]): void {
  for (const { table, event_type, day, partition, offset, first_sum, second_sum } of removed) {
    if (!isIn(ranges, partition, offset)) continue;
    const type = table === failedEvents.table ? REFUSED : typeIn(table, event_type);
    tallies.get(partition)!.addCounted({ type, day, messages: 1 }, [first_sum, second_sum]);
  }
}

function positionText({ partition, offset }: RemovedRow): string {
  return `${partition}:${offset}`;
}

function withRemoved(
  counts: readonly TypeDay[],
  removed: readonly RemovedRow[],
  ends: ReadonlyMap<number, number>,
): TypeDay[] {
  const tally = new Tally();
  for (const one of counts) tally.addCounted(one, ["0", "0"]);
  for (const { table, event_type, day, partition, offset } of removed) {
    if (offset >= (ends.get(partition) ?? Infinity)) continue;
    const type = table === failedEvents.table ? REFUSED : typeIn(table, event_type);
    tally.addCounted({ type, day, messages: 1 }, ["0", "0"]);
  }
  return tally.counts;
}

interface CountedRows {
  type: string;
  day: string;
  partition: number;
  messages: number;
  first_sum: string | null; // null: a row without an id
  second_sum: string | null;
}

async function tallyTables(
  ranges: readonly OffsetRange[],
  days: ReadonlySet<string>,
  tables: readonly string[],
  { topic, schema }: { topic: string; schema: string },
): Promise<Tallies> {
  const tallies = emptyTallies(ranges);
  if (days.size === 0) return tallies;
  const condition = `${onDays(days)} AND (${conditionOf(ranges)})`;
  const selects = tables.map((table) => {
    const isFailed = table === failedEvents.table;
    const type = isFailed ? literal(REFUSED) : typeColumn(table);
    const where = isFailed ? `topic = ${literal(topic)} AND ${condition}` : condition;
    return `SELECT ${type} AS type, CAST(day AS varchar) AS day, kafka_partition AS "partition",
      count(*) AS messages, ${digestColumns(isFailed ? null : "event_id")}
    FROM ${identifier(table)} WHERE ${where} GROUP BY 1, 2, 3`;
  });
  for (const row of await query<CountedRows>(selects.join("\n    UNION ALL "), { schema })) {
    const { partition, first_sum, second_sum, ...counted } = row;
    tallies.get(partition)!.addCounted(counted, [first_sum ?? "0", second_sum ?? "0"]);
  }
  return tallies;
}

async function countByDay(
  ends: ReadonlyMap<number, number>,
  days: readonly string[] | "all",
  tables: readonly string[],
  { topic, schema }: { topic: string; schema: string },
): Promise<TypeDay[]> {
  if (tables.length === 0) return [];
  const later = [...ends].map(
    ([partition, end]) => `(kafka_partition = ${partition} AND kafka_offset >= ${end})`,
  );
  const condition = [`NOT (${later.join(" OR ") || "false"})`, ...(days === "all" ? [] : [onDays(days)])];
  const selects = tables.map((table) => {
    const isFailed = table === failedEvents.table;
    const where = [...(isFailed ? [`topic = ${literal(topic)}`] : []), ...condition].join(" AND ");
    const type = isFailed ? literal(REFUSED) : typeColumn(table);
    return `SELECT ${type} AS type, CAST(day AS varchar) AS day, count(*) AS messages
    FROM ${identifier(table)} WHERE ${where} GROUP BY 1, 2`;
  });
  return query<TypeDay & Record<string, unknown>>(selects.join("\n    UNION ALL "), { schema });
}

/** Whether a rebuild's record, "dragons-2026-01-31T12-00-00.json", is that of a table. */
function isRecordOf(table: string, name: string): boolean {
  return name.startsWith(`${table}-`);
}

/** The tables that have files here and that Trino shows, those of former event types included. */
export async function shownTables(hdfs: Hdfs, root: string, schema: string): Promise<string[]> {
  const folders = new Set(await namesIn(hdfs, tablesFolder(root)));
  const rows = await query<{ name: string }>(
    `SELECT table_name AS name FROM information_schema.columns
     WHERE table_schema = ? AND column_name = 'kafka_offset' ORDER BY 1`,
    { schema, parameters: [schema] },
  );
  return rows.map(({ name }) => name).filter((name) => folders.has(name));
}

/** The type of a row; a row of another type than that of its table has a type of its own. */
export function typeIn(table: string, event_type: string): string {
  const event = events.find((one) => one.table === table);
  return event === undefined || event.type === event_type ? event_type : `${event_type} in ${table}`;
}

/** As `typeIn`, in SQL. */
function typeColumn(table: string): string {
  const event = events.find((one) => one.table === table);
  if (event === undefined) return "event_type";
  return `IF(event_type = ${literal(event.type)}, event_type, event_type || ${literal(` in ${table}`)})`;
}

function emptyTallies(ranges: readonly OffsetRange[]): Map<number, Tally> {
  return new Map(ranges.map(({ partition }) => [partition, new Tally()]));
}

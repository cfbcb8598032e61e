/**
 * Offset ranges of the topic → the sightings of their messages at four stages.
 *
 * The stages are topic, files, tables and counted. Each one is read in a way that shares no code
 * with the others: Kafka's client, the files' own bytes, SQL on the tables, SQL on the views. Then
 * conservation.ts compares the sightings.
 */
import { conditionOf, type OffsetRange, onDays } from "../ask/counted.ts";
import { contentOf } from "../content.ts";
import { identifier, literal } from "../sql.ts";
import { query } from "../trino.ts";
import { failedEvents } from "../catalog.ts";
import { events } from "../events.ts";
import { isTime } from "../kafka-time.ts";
import { peek, type Position, readEvent } from "../envelope.ts";
import { Misfit } from "../misfit.ts";
import { NOT_AN_EVENT, type PartitionOffsets, readTopic, type TopicMessage } from "../topic.ts";
import type { CommitRecord } from "../land/commits.ts";
import { daysOf, isIn, readCommits, readFileRows } from "./coverage.ts";
import { settings } from "../settings.ts";

/** One message at one stage. */
export interface Sighting {
  event_type: string; // NOT_AN_EVENT for a message that is not an event
  event_id: string | null;
  partition: number;
  offset: number;
  where: string; // for people: the topic, the file and row, the table or the view
  content?: string; // of the event; only of messages, and of counted rows before the ranges
  session?: string | null; // of the event; only of messages
}

export interface Sightings {
  topic: Sighting[];
  files: Sighting[];
  tables: Sighting[];
  counted: Sighting[]; // each event's row that counts; its position can be before the ranges
  commits: CommitRecord[]; // that cover the ranges
  ranges: readonly OffsetRange[];
  expected: (message: Sighting) => string; // the file in which a message of the topic should be
}

export interface SightingsOptions {
  topic?: string;
  root?: string; // HDFS folder
  schema?: string;
  days?: "commits" | "all"; // whose files are read: those of the ranges' commits (default), or all
}

/** The offsets of the messages that came to the topic between `before` and `after`. */
export function rangesBetween(before: PartitionOffsets[], after: PartitionOffsets[]): OffsetRange[] {
  return after.map(({ partition, high }) => ({
    partition,
    from: before.find((one) => one.partition === partition)?.high ?? 0,
    to: high,
  }));
}

/**
 * Collects the sightings of the messages in `ranges`. All of them must have landed. A copy of a
 * file in another day is seen only with all days; `npm run audit` counts the rows of all days.
 */
export async function collectSightings(
  ranges: readonly OffsetRange[],
  {
    topic = settings.topic,
    root = settings.hdfsRoot,
    schema = settings.schema,
    days: which = "commits",
  }: SightingsOptions = {},
): Promise<Sightings> {
  const commits = await readCommits(ranges, { topic, root });
  const days = daysOf(commits);
  const [inTopic, inFiles] = await Promise.all([
    seeTopic(ranges, topic),
    readFileRows(ranges, { topic, root, days: which === "all" ? undefined : days }),
  ]);
  for (const { day } of inFiles) days.add(day);
  const condition = `${onDays(days)} AND (${conditionOf(ranges)})`;
  const [inTables, counted] = await Promise.all([
    seeTables(condition, topic, schema),
    seeCounted(ranges, condition, schema),
  ]);
  const files = inFiles.map(({ table, event_id, partition, offset, path, row }) => {
    return { event_type: typeOf(table), event_id, partition, offset, where: `${path}, row ${row}` };
  });
  const expected = (message: Sighting): string => expectedFile(message, commits);
  return { topic: inTopic, files, tables: inTables, counted, commits, ranges, expected };
}

async function seeTopic(ranges: readonly OffsetRange[], topic: string): Promise<Sighting[]> {
  const seen: Sighting[] = [];
  await readTopic({
    topic,
    from: new Map(ranges.map(({ partition, from }) => [partition, from])),
    onMessage: (message) => {
      const { partition, offset, value } = message;
      if (!isIn(ranges, partition, offset)) return;
      const content = contentOf(value);
      seen.push({ ...identityOf(message), partition, offset, where: `topic ${topic}`, content });
    },
  });
  return seen;
}

async function seeTables(condition: string, topic: string, schema: string): Promise<Sighting[]> {
  const selects = events.map(
    ({ table }) => `
    SELECT ${literal(table)} AS "table", event_id, kafka_partition, kafka_offset, "$path" AS path
    FROM ${identifier(table)} WHERE ${condition}
    UNION ALL`,
  );
  const sql = `${selects.join("")}
    SELECT '${failedEvents.table}', NULL, kafka_partition, kafka_offset, "$path"
    FROM ${failedEvents.table} WHERE topic = ${literal(topic)} AND (${condition})`;
  const rows = await query<TableRow & { path: string }>(sql, { schema });
  return rows.map(({ path, ...row }) => {
    return { ...fromRow(row), where: `table ${row.table}, from ${path.replace(/^hdfs:\/\/[^/]*/, "")}` };
  });
}

async function seeCounted(
  ranges: readonly OffsetRange[],
  condition: string,
  schema: string,
): Promise<Sighting[]> {
  const ids = events.map(({ table }) => `SELECT event_id FROM ${identifier(table)} WHERE ${condition}`);
  const rows = await query<CountedRow>(
    `SELECT event_type, event_id, kafka_partition, kafka_offset, IF(${conditionOf(ranges)}, NULL, raw_event) AS earlier
     FROM events
     WHERE event_id IN (${ids.join(" UNION ALL ")})`,
    { schema },
  );
  return rows.map(({ event_type, event_id, kafka_partition: partition, kafka_offset: offset, earlier }) => {
    const content = earlier === null ? {} : { content: contentOf(earlier) };
    return { event_type, event_id, partition, offset, where: "view events", ...content };
  });
}

interface CountedRow {
  event_type: string;
  event_id: string;
  kafka_partition: number;
  kafka_offset: number;
  earlier: string | null; // the text of a row before the ranges
}

interface TableRow {
  table: string;
  event_id: string | null;
  kafka_partition: number;
  kafka_offset: number;
}

function fromRow({ table, event_id, kafka_partition, kafka_offset }: TableRow): Omit<Sighting, "where"> {
  return { event_type: typeOf(table), event_id, partition: kafka_partition, offset: kafka_offset };
}

function expectedFile({ event_type, partition, offset }: Sighting, commits: CommitRecord[]): string {
  const commit = commits.find(
    (one) => one.partition === partition && one.first <= offset && one.last >= offset,
  );
  if (commit === undefined) return "no commit covers it";
  const covering = `the commit of offsets ${commit.first} to ${commit.last}`;
  const files = commit.files.filter(({ table }) => typeOf(table) === event_type);
  if (files.length === 0) return `${covering} has no file for it`;
  return `${covering} put it into ${files.map(({ target }) => target).join(" or ")}`;
}

function typeOf(table: string): string {
  return events.find((event) => event.table === table)?.type ?? NOT_AN_EVENT;
}

/** Type, id and session of a message that fits the list of events; NOT_AN_EVENT of any other. */
function identityOf({
  value,
  isUtf8,
  ...position
}: TopicMessage): Pick<Sighting, "event_type" | "event_id" | "session"> {
  const { event_type, event_id, session } = peek(value);
  const isEvent = value !== null && isUtf8 && isTime(position.timestamp) && fits(value, position);
  return isEvent
    ? { event_type: event_type!, event_id, session }
    : { event_type: NOT_AN_EVENT, event_id: null };
}

function fits(value: string, position: Position): boolean {
  try {
    readEvent(value, position);
    return true;
  } catch (error) {
    if (error instanceof Misfit) return false;
    throw error;
  }
}

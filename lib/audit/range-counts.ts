/**
 * Offset ranges → the number of messages of each event type: in the topic, in files, in tables.
 *
 * The ranges are fixed, so other people may play meanwhile: the counts of one range are comparable,
 * although they are made one after the other. Each place is read in its own way: Kafka's client,
 * the files' own bytes, SQL.
 */
import { conditionOf, type OffsetRange, onDays } from "../ask/counted.ts";
import { type Counts, countByType, rowsOf } from "../ask/counts.ts";
import { peek } from "../envelope.ts";
import { events } from "../events.ts";
import { settings } from "../settings.ts";
import { NOT_AN_EVENT, type PartitionOffsets, readTopic, type TopicMessage } from "../topic.ts";
import { type ChainTarget, daysOf, isIn, readCommits, readFileRows } from "./coverage.ts";

/** Rows of files, by event type. */
export interface FileCounts {
  rows: Counts; // in the tables' files
  failed: Counts; // in the files of failed_events, by the type that each message names
}

/** The messages of some events. */
export interface OwnMessages {
  per_type: Counts;
  others: number; // messages without one of the ids
}

/** Counts the messages in `ranges` by the type that each names. */
export async function countMessages(
  ranges: readonly OffsetRange[],
  { topic = settings.topic }: { topic?: string } = {},
): Promise<Counts> {
  const counts = zero();
  await readRanges(ranges, topic, ({ value }) => {
    const type = peek(value).event_type ?? NOT_AN_EVENT;
    counts[type] = (counts[type] ?? 0) + 1;
  });
  return counts;
}

/** Counts the messages after `before` with one of `ids`, by type, and the others. */
export async function countOwn(
  ids: readonly string[],
  before: readonly PartitionOffsets[],
  { topic = settings.topic }: { topic?: string } = {},
): Promise<OwnMessages> {
  const wanted = new Set(ids);
  const own = { per_type: zero(), others: 0 };
  const ranges = before.map(({ partition, high }) => ({ partition, from: high, to: Infinity }));
  await readRanges(ranges, topic, ({ value }) => {
    const { event_id, event_type } = peek(value);
    if (event_id === null || event_type === null || !wanted.has(event_id)) own.others++;
    else own.per_type[event_type] = (own.per_type[event_type] ?? 0) + 1;
  });
  return own;
}

/** Counts the rows of the messages in `ranges` in the files of all tables. */
export async function countFileRows(
  ranges: readonly OffsetRange[],
  target: ChainTarget = {},
): Promise<FileCounts> {
  const counts = { rows: zero(), failed: zero() };
  const days = await daysIn(ranges, target);
  for (const { table, failed_type } of await readFileRows(ranges, { ...target, days })) {
    const event = events.find((one) => one.table === table);
    const type = event?.type ?? failed_type ?? NOT_AN_EVENT;
    const place = event === undefined ? counts.failed : counts.rows;
    place[type] = (place[type] ?? 0) + 1;
  }
  return counts;
}

/** Counts the rows of the messages in `ranges` that Trino shows on the days of their commits. */
export async function countTableRows(
  ranges: readonly OffsetRange[],
  { schema = settings.schema, ...target }: ChainTarget & { schema?: string } = {},
): Promise<Counts> {
  const condition = onDays(await daysIn(ranges, target));
  return countByType(rowsOf(["count(*) AS n"], `${condition} AND (${conditionOf(ranges)})`), { schema });
}

/** The days of the files with the messages in `ranges`. */
export async function daysIn(
  ranges: readonly OffsetRange[],
  target: ChainTarget = {},
): Promise<ReadonlySet<string>> {
  return daysOf(await readCommits(ranges, target));
}

/** Reads the topic from the ranges' first offsets, and hands out the messages in the ranges. */
async function readRanges(
  ranges: readonly OffsetRange[],
  topic: string,
  onMessage: (message: TopicMessage) => void,
): Promise<void> {
  await readTopic({
    topic,
    from: new Map(ranges.map(({ partition, from }) => [partition, from])),
    onMessage: (message) => {
      if (isIn(ranges, message.partition, message.offset)) onMessage(message);
    },
  });
}

function zero(): Counts {
  return Object.fromEntries(events.map(({ type }) => [type, 0]));
}

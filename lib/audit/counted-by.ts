/**
 * A message whose event counts, and a report's record → the bars and sentences that count the
 * message.
 *
 * A report that failed proves nothing. Neither does a report that ended before the message came:
 * after `down -- --wipe` the topic begins again, and the same offsets hold other events.
 */
import type { CellCount, ReportRecord } from "../report/record.ts";
import { readRecord, RecordError } from "../report/record.ts";
import type { EventDefinition } from "../catalog.ts";
import { formatValue } from "../ask/format.ts";
import { valueOf } from "../ask/row-text.ts";
import { uniqueView } from "../ask/views.ts";
import { query, type Row } from "../trino.ts";
import { isIn } from "./coverage.ts";

/** A message whose row counts. */
export interface CountingMessage {
  event: EventDefinition;
  event_id: string;
  topic: string;
  partition: number;
  offset: number;
  timestamp: Date; // Kafka's
}

/** The tables that have the message's row. */
export interface CountingTarget {
  root: string; // HDFS folder
  schema: string;
}

/**
 * Names each bar and sentence of the report at `htmlPath` that counts the message. Without one,
 * `reason` says why.
 */
export async function countedBy(
  message: CountingMessage,
  htmlPath: string,
  target: CountingTarget,
): Promise<{ bars: string[]; reason: string | null }> {
  const record = await readRecord(htmlPath).catch((error: unknown) => {
    if (error instanceof RecordError) return error;
    throw error;
  });
  if (record instanceof RecordError) return { bars: [], reason: record.message };
  const report = `report of ${minute(record.started_at)}`;
  if (record.status !== "ok") {
    const end = record.status === "failed" ? "failed" : "was interrupted";
    return { bars: [], reason: `the ${report} ${end}` };
  }
  const counts = record.counted.filter((count) => includes(count, record, message, target));
  const row = counts.length === 0 ? undefined : await readRow(message, target.schema);
  const names = row === undefined ? [] : counts.flatMap((count) => nameIn(count, row));
  return names.length === 0
    ? { bars: [], reason: `the ${report} counted other events` }
    : { bars: names.map((name) => `${report}: ${name}`), reason: null };
}

/** Whether a count covers the message's tables, position, time and type. */
function includes(
  { topic, schema, event_types, ranges }: CellCount,
  { hdfs_root, ended_at }: ReportRecord,
  message: CountingMessage,
  target: CountingTarget,
): boolean {
  return (
    hdfs_root === target.root &&
    schema === target.schema &&
    topic === message.topic &&
    isIn(ranges, message.partition, message.offset) &&
    event_types.includes(message.event.type) &&
    message.timestamp.getTime() <= Date.parse(ended_at)
  );
}

/** The message's row in the view that counts each id once; undefined: the view does not show it. */
async function readRow(
  { event, event_id, partition, offset }: CountingMessage,
  schema: string,
): Promise<Row | undefined> {
  const [row] = await query(
    `SELECT * FROM ${uniqueView(event.table)} WHERE event_id = ? AND kafka_partition = ? AND kafka_offset = ?`,
    { schema, parameters: [event_id, partition, offset] },
  );
  return row;
}

/** The bar or number that includes the row; empty: the count's condition leaves the row out. */
function nameIn({ kind, title, where, by, sum, values }: CellCount, row: Row): string[] {
  if (Object.entries(where).some(([column, value]) => valueOf(row, column) !== value)) return [];
  if (sum !== null && valueOf(row, sum) === null) return [];
  const group = by === null ? null : valueOf(row, by);
  const shown = values.find(({ value }) => value === group);
  if (shown === undefined) return [];
  const bar = group === null ? "(none)" : formatValue(group);
  return [kind === "chart" ? `bar ${bar} of ${title}` : `number ${shown.number} of "${title}"`];
}

/** "2026-11-26 16:28", in UTC. */
function minute(time: string): string {
  return time.slice(0, 16).replace("T", " ");
}

/**
 * Events of some offsets → a number for each value of a column, and a record of the counted events.
 *
 * One object gives both the statement and the record, so they cannot differ. A report keeps the
 * record (report/record.ts); by it, `npm run trace` proves that a bar counts an event. So the
 * record is plain JSON data, and its condition is columns and values, never SQL.
 */
import { type ColumnType, columnsOf, type Value } from "../catalog.ts";
import { events } from "../events.ts";
import { decimalOf } from "../parameters.ts";
import { settings } from "../settings.ts";
import { identifier, literal } from "../sql.ts";
import { query } from "../trino.ts";
import { bars, largest } from "./chart.ts";
import { toLabel } from "./chart-columns.ts";
import { formatValue } from "./format.ts";
import { valueOf } from "./row-text.ts";
import type { Spec } from "./theme.ts";
import { uniqueView } from "./views.ts";

/** The MIME type of the records in a cell's output; no renderer draws this type. */
export const COUNTED_MIME = "application/vnd.questlog.counted+json";

/** Offsets `[from, to)` of one partition. */
export interface OffsetRange {
  partition: number;
  from: number;
  to: number;
}

/** A selection of events; each event_id counts once. */
export interface Selection {
  topic: string;
  schema: string;
  event_types: string[];
  ranges: OffsetRange[];
  where: Record<string, Value>; // conditions column = value; an event meets all of them
  since_day?: string; // "2026-01-31": only days from here on are read; absent: all days
}

/** Numbers of selected events, one for each value of a column, the largest first. */
export interface Count extends Selection {
  by: string | null; // the column; null: one number for all events
  sum: string | null; // the column whose values are added up; null: events are counted
  statement: string; // the SQL of this count
  values: { value: Value; number: number }[];
}

/** The part of a count that a chart or a sentence shows. */
export interface Counted extends Count {
  kind: "chart" | "sentence";
  title: string; // of the chart, or the sentence itself
}

export interface SelectionOptions {
  type?: string; // default: events of all types
  where?: Record<string, Value>;
  since?: Date; // only days since the day before this time are read, so Trino opens fewer files
  topic?: string;
  schema?: string;
}

/** The types of columns whose values `countBy` can group by. */
export const GROUP_TYPES: readonly ColumnType[] = ["text", "integer", "boolean"];

const DAY_MS = 86_400_000;
const MAX_ADDED_DIGITS = 18; // a sum of more digits could exceed those of Trino's decimals

/** Whether `sumBy` can add up a column of this type without a loss. */
export function isAdded(type: ColumnType): boolean {
  return type === "integer" || (decimalOf(type)?.precision ?? Infinity) <= MAX_ADDED_DIGITS;
}

/**
 * Selects the events in `ranges` of the topic.
 * @throws Error for a type that the catalogue does not have
 */
export function eventsIn(
  ranges: readonly OffsetRange[],
  { type, where = {}, since, topic = settings.topic, schema = settings.schema }: SelectionOptions = {},
): Selection {
  const types = events.map((event) => event.type);
  if (type !== undefined && !types.includes(type)) {
    throw new Error(`eventsIn: expected a type of ${types.join(", ")}, got ${type}`);
  }
  const copies = ranges.map(({ partition, from, to }) => ({ partition, from, to }));
  const selection = {
    topic,
    schema,
    event_types: type === undefined ? types : [type],
    ranges: copies,
    where,
  };
  if (since === undefined) return selection;
  return { ...selection, since_day: new Date(since.getTime() - DAY_MS).toISOString().slice(0, 10) };
}

/** Selects the events that come to the topic after `before`, for a query that is asked again. */
export function eventsSince(
  before: readonly { partition: number; high: number }[],
  options: SelectionOptions = {},
): Selection {
  const to = Number.MAX_SAFE_INTEGER;
  return eventsIn(
    before.map(({ partition, high }) => ({ partition, from: high, to })),
    options,
  );
}

/** Counts the selected events for each value of the column `by`. */
export function countBy(by: string, selection: Selection): Promise<Count> {
  return measure(selection, by, null);
}

/** Adds up the column `sum` of the selected events for each value of the column `by`. */
export function sumBy(sum: string, by: string, selection: Selection): Promise<Count> {
  return measure(selection, by, sum);
}

/** Counts the events of a count again, by its selection alone. */
export async function countAgain(count: Count): Promise<Count> {
  const { by, sum } = count;
  const again = await measure(selectionOf(count), by ?? "event_type", sum);
  return by === null ? totalOf(again) : again;
}

function selectionOf({ topic, schema, event_types, ranges, where, since_day }: Count): Selection {
  const selection = { topic, schema, event_types, ranges, where };
  return since_day === undefined ? selection : { ...selection, since_day };
}

/** The total of a count: one number for all of its events. */
export function totalOf(count: Count): Count {
  const number = count.values.reduce((total, one) => total + one.number, 0);
  return { ...count, by: null, values: [{ value: null, number }] };
}

/** The numbers of a count by the text of their values, e.g. { gold: 60, copper: 50 }. */
export function numbersOf({ values }: Count): Record<string, number> {
  return Object.fromEntries(values.map(({ value, number }) => [String(value), number]));
}

/** The numbers of a count in Markdown: "**60** gold, **50** copper", or "**110**" for a total. */
export function countText({ by, values }: Count): string {
  const texts = values.map(({ value, number }) => {
    const shown = `**${number.toLocaleString("en-US", { maximumFractionDigits: 20 })}**`;
    return by === null ? shown : `${shown} ${toLabel(value)}`;
  });
  return texts.join(", ") || "no events";
}

/** Draws a count as bars; the spec carries the record of the shown bars. */
export function countBars(count: Count, title: string): Spec {
  const spec = bars(count.values, { category: "value", value: "number", title });
  const drawn = largest(count.values, ({ number }) => number); // in the order of the bars
  return { ...spec, usermeta: { counted: [{ ...count, values: drawn, kind: "chart", title }] } };
}

/**
 * The records of a sentence that shows every number of `counts`.
 * @throws Error if the sentence does not show one of the numbers
 */
export function countedInSentence(sentence: string, counts: readonly Count[]): Counted[] {
  const title = sentence.replaceAll("**", "");
  const shown = title.match(/\d[\d,]*(\.\d+)?/g)?.map((number) => Number(number.replaceAll(",", ""))) ?? [];
  for (const { value, number } of counts.flatMap(({ values }) => values)) {
    if (shown.includes(Math.abs(number))) continue;
    throw new Error(`say: expected the number ${number} of ${formatValue(value)} in the sentence "${title}"`);
  }
  return counts.map((count) => ({ ...count, kind: "sentence", title }));
}

/** The SQL condition for rows whose messages are in `ranges`. */
export function conditionOf(ranges: readonly OffsetRange[]): string {
  const conditions = ranges.map(
    ({ partition, from, to }) =>
      `(kafka_partition = ${partition} AND kafka_offset >= ${from} AND kafka_offset < ${to})`,
  );
  return conditions.length === 0 ? "false" : conditions.join("\n  OR ");
}

/** The SQL condition for the rows of a selection, except for its types. */
export function selectedRows({ ranges, where, since_day }: Selection): string {
  const conditions = [
    ...(since_day === undefined ? [] : [`day >= DATE ${literal(since_day)}`]),
    `(${conditionOf(ranges)})`,
    ...Object.entries(where).map(
      ([column, value]) => `${identifier(column)} IS NOT DISTINCT FROM ${literal(value)}`,
    ),
  ];
  return conditions.join("\n  AND ");
}

/** The SQL condition for rows of some days. */
export function onDays(days: Iterable<string>): string {
  const dates = [...days].map((day) => `DATE ${literal(day)}`).join(", ");
  return dates === "" ? "false" : `day IN (${dates})`;
}

async function measure(selection: Selection, by: string, sum: string | null): Promise<Count> {
  for (const column of [by, ...Object.keys(selection.where)])
    requireColumn(column, selection, (type) => GROUP_TYPES.includes(type), GROUP_TYPES.join(", "));
  if (sum !== null)
    requireColumn(sum, selection, isAdded, `integer, decimal of at most ${MAX_ADDED_DIGITS} digits`);
  const number = sum === null ? "count(*) AS events" : `sum(${identifier(sum)}) AS total`;
  const statement = `SELECT ${identifier(by)}, ${number}
FROM ${viewOf(selection)}
WHERE ${selectedRows(selection)}
GROUP BY ${identifier(by)}`;
  const rows = await query(statement, { schema: selection.schema });
  const values = rows
    .map((row) => ({
      value: valueOf(row, by) as Value,
      number: Number(valueOf(row, sum === null ? "events" : "total")),
    }))
    .sort((a, b) => b.number - a.number || (formatValue(a.value) < formatValue(b.value) ? -1 : 1));
  return { ...selection, by, sum, statement, values };
}

/** The view with the selected events: that of their type, or that of all types. */
function viewOf({ event_types }: Selection): string {
  const [event, ...others] = events.filter(({ type }) => event_types.includes(type));
  return event !== undefined && others.length === 0 ? uniqueView(event.table) : "events";
}

function requireColumn(
  name: string,
  { event_types }: Selection,
  fits: (type: ColumnType) => boolean,
  expected: string,
): void {
  for (const event of events.filter(({ type }) => event_types.includes(type))) {
    const column = columnsOf(event).find((one) => one.name === name);
    if (column !== undefined && fits(column.type)) continue;
    const got = column === undefined ? "no such column" : `a column of type ${column.type}`;
    throw new Error(`count: expected ${name} of ${event.type} to be ${expected}, got ${got}`);
  }
}

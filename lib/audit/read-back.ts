/**
 * A message's position → its row in a Parquet file, and the fields of both side by side.
 *
 * The commit record names the files of the message's batch. hyparquet reads these files, and shares
 * no code with their writer. In the message a parameter is text; in the file it has its own type.
 * A date and a decimal become text as in Trino's rows, because hyparquet would round a decimal.
 */
import { type AsyncBuffer, type FileMetaData, parquetMetadata, parquetReadObjects } from "hyparquet";
import { columnsOf, type EventDefinition, failedEvents, parseValue, type Value } from "../catalog.ts";
import { peek } from "../envelope.ts";
import { events } from "../events.ts";
import { dateText, scaledText } from "../exact.ts";
import { own } from "../misfit.ts";
import type { TableDay } from "../layout.ts";
import type { CommitRecord } from "../land/commits.ts";
import type { Parameter } from "../parameters.ts";
import { settings } from "../settings.ts";
import { currentFiles, findCommitted } from "../swaps.ts";
import type { TopicMessage } from "../topic.ts";
import type { Row } from "../trino-values.ts";
import type { Hdfs } from "../webhdfs.ts";
import { readCommits } from "./coverage.ts";
import { withHdfs, type HdfsTarget } from "./files.ts";

/** One row of a file. */
export interface ReadBack {
  record: CommitRecord; // of the commit that covers the message
  path: string;
  rows: number; // of the file
  row: Row; // column → value
}

/** One field of an event, in its message and in its row. */
export interface ComparedField {
  field: string;
  in_message: string | null; // null: the player did not send it
  in_row: unknown;
  type: string; // of the column
  same: boolean;
}

/**
 * Reads the row of a landed message from its file.
 * @throws Error if no commit covers the message, or no file of its commit has the row
 */
export async function readRow(
  { partition, offset }: Pick<TopicMessage, "partition" | "offset">,
  { topic = settings.topic, ...target }: HdfsTarget & { topic?: string } = {},
): Promise<ReadBack> {
  return withHdfs(target, async (hdfs, root) => {
    const subject = `${topic} partition ${partition} offset ${offset}`;
    const [record] = await readCommits([{ partition, from: offset, to: offset + 1 }], { hdfs, root, topic });
    if (record === undefined) throw new Error(`${subject}: expected a commit that covers it, found none`);
    for (const { table, day, target } of record.files) {
      for (const path of await presentFiles(hdfs, { root, table, day }, target)) {
        const rows = await readRows(hdfs, path);
        const row = rows.find((one) => isAt(one, { table, topic, partition, offset }));
        if (row !== undefined) return { record, path, rows: rows.length, row };
      }
    }
    const paths = record.files.map(({ target }) => target).join(", ");
    throw new Error(`${subject}: expected its row in a file of its commit, found none in ${paths}`);
  });
}

/** The file of a commit or its copy, or the files of its day if a swap has replaced it. */
async function presentFiles(hdfs: Hdfs, place: TableDay, target: string): Promise<string[]> {
  const { file, swaps } = await findCommitted(hdfs, place, target);
  if (file !== null) return [file.path];
  return swaps?.records.length ? (await currentFiles(hdfs, swaps)).map(({ path }) => path) : [target];
}

/** Whether a row is that of a message. Only rows of failed_events name their topic. */
function isAt(row: Row, at: { table: string; topic: string; partition: number; offset: number }): boolean {
  const isOfTopic = at.table !== failedEvents.table || row.topic === at.topic;
  return isOfTopic && Number(row.kafka_partition) === at.partition && Number(row.kafka_offset) === at.offset;
}

/**
 * Compares id, type, player and parameters of an event. The row is one of a file or of Trino.
 * @throws Error if the message is not an event of the game
 */
export function compareFields(message: string, row: Row, catalogue = events): ComparedField[] {
  const envelope = peek(message);
  const event = catalogue.find(({ type }) => type === envelope.event_type);
  if (event === undefined) throw new Error(`message: expected an event of the game, got ${message}`);
  const names = (["event_id", "event_type", "player"] as const).map((field) => {
    const in_message = envelope[field];
    const in_row = row[field];
    return { field, in_message, in_row, type: typeOf(event, field), same: in_row === in_message };
  });
  const parameters = event.parameters.map((parameter) => {
    const { name, column, type, was } = parameter;
    const sent = [name, ...was].map((one) => own(envelope.params ?? {}, one) ?? null);
    const in_message = sent.find((one) => typeof one === "string") ?? null;
    const in_row = row[column];
    const same = valueOf(parameter, in_row) === valueOf(parameter, in_message);
    return { field: column, in_message, in_row, type, same };
  });
  return [...names, ...parameters];
}

/** The value of a text of a message, or of a column of a row; undefined: it does not fit. */
function valueOf(parameter: Parameter, given: unknown): Value | undefined {
  if (given === null || given === undefined) return null;
  return parseValue(parameter, String(given instanceof Date ? given.getTime() : (given as Value)));
}

function typeOf(event: EventDefinition, field: string): string {
  return columnsOf(event).find(({ name }) => name === field)!.type;
}

/** Reads the rows of a file. */
export async function readRows(hdfs: Hdfs, path: string): Promise<Row[]> {
  const bytes = await hdfs.read(path);
  if (bytes === null) throw new Error(`${path}: expected a file, found none`);
  const file: AsyncBuffer = {
    byteLength: bytes.length,
    slice: (start, end) => new Uint8Array(bytes.subarray(start, end)).buffer,
  };
  const metadata = parquetMetadata(new Uint8Array(bytes).buffer);
  const scales = unreadDecimals(metadata);
  const rows = await parquetReadObjects({ file, metadata, parsers: { dateFromDays: dateText } });
  return rows.map((row) => withDecimals(row, scales));
}

/** Makes hyparquet read each decimal as a plain number or bytes. Returns column → scale. */
function unreadDecimals({ schema }: FileMetaData): Map<string, number> {
  const decimals = schema.filter((element) => element.converted_type === "DECIMAL");
  for (const element of decimals) {
    delete element.converted_type;
    delete element.logical_type;
  }
  return new Map(decimals.map(({ name, scale }) => [name, scale ?? 0]));
}

function withDecimals(row: Row, scales: ReadonlyMap<string, number>): Row {
  const texts = [...scales].map(([name, scale]): [string, string | null] => {
    const value = row[name] as number | bigint | Uint8Array | null;
    if (value === null) return [name, null];
    const digits = value instanceof Uint8Array ? fromBytes(value) : BigInt(value);
    return [name, scaledText(digits, scale)];
  });
  return { ...row, ...Object.fromEntries(texts) };
}

/** The integer of bytes in two's complement, the highest byte first. */
function fromBytes(bytes: Uint8Array): bigint {
  return BigInt.asIntN(bytes.length * 8, BigInt(`0x${Buffer.from(bytes).toString("hex")}`));
}

/**
 * A message's position → its row in a Parquet file, and the fields of both side by side.
 *
 * The commit record names the files of the message's batch. hyparquet reads these files, and shares
 * no code with their writer. In the message a parameter is text; in the file it has its own type.
 */
import { type AsyncBuffer, parquetReadObjects } from "hyparquet";
import { columnsOf, type EventDefinition, parseValue, type Value } from "../catalog.ts";
import { peek } from "../envelope.ts";
import { events } from "../events.ts";
import { date, scaled } from "../exact.ts";
import type { CommitRecord } from "../land/commits.ts";
import type { Parameter } from "../parameters.ts";
import { settings } from "../settings.ts";
import type { TopicMessage } from "../topic.ts";
import type { Row } from "../trino-values.ts";
import type { Hdfs } from "../webhdfs.ts";
import { readCommits } from "./coverage.ts";
import { withHdfs, type HdfsTarget } from "./files.ts";

const DAY_MS = 86_400_000;

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
    for (const { target } of record.files) {
      const rows = await readRows(hdfs, target);
      const row = rows.find((one) => Number(one.kafka_offset) === offset);
      if (row !== undefined) return { record, path: target, rows: rows.length, row };
    }
    const paths = record.files.map(({ target }) => target).join(", ");
    throw new Error(`${subject}: expected its row in a file of its commit, found none in ${paths}`);
  });
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
    const sentName = [name, ...was].find((one) => Object.hasOwn(envelope.params ?? {}, one));
    const sent = sentName === undefined ? null : envelope.params![sentName];
    const in_message = typeof sent === "string" ? sent : null;
    const in_row = row[column];
    const value = in_message === null ? null : parseValue(parameter, in_message);
    const same = value === undefined ? false : isSame(parameter, value, in_row);
    return { field: column, in_message, in_row, type, same };
  });
  return [...names, ...parameters];
}

/** Whether a row's value is a parameter's value: readers return some types in forms of their own. */
function isSame({ type, scale }: Parameter, value: Value, inRow: unknown): boolean {
  if (value === null || inRow === null || inRow === undefined) return value === (inRow ?? null);
  if (inRow instanceof Date) return value === inRow.getTime() / (type === "date" ? DAY_MS : 1);
  if (type === "date" && typeof inRow === "string") return value === date(inRow);
  if (typeof value !== "bigint") return value === inRow;
  if (typeof inRow === "string") return value === scaled(inRow, scale);
  if (scale === 0) return value === BigInt(inRow as number);
  // hyparquet returns a decimal as a number, which may differ in the 16th digit.
  const number = Number(value) / 10 ** scale;
  return Math.abs((inRow as number) - number) <= Math.abs(number) * 1e-15;
}

function typeOf(event: EventDefinition, field: string): string {
  return columnsOf(event).find(({ name }) => name === field)!.type;
}

async function readRows(hdfs: Hdfs, path: string): Promise<Row[]> {
  const bytes = await hdfs.read(path);
  if (bytes === null) throw new Error(`${path}: expected a file, found none`);
  const file: AsyncBuffer = {
    byteLength: bytes.length,
    slice: (start, end) => new Uint8Array(bytes.subarray(start, end)).buffer,
  };
  return parquetReadObjects({ file });
}

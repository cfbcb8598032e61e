/**
 * One file of a table → its rows read again through today's catalogue, in a new file.
 *
 * `raw_event` of each row is the whole message. So every other column follows from it and from the
 * message's position. A row that no longer fits becomes a row of failed_events with the reason. No
 * such row waits: each start of the stream would read it again, and change nothing.
 * `proveSame` compares positions and ids of the old file with those of the new files.
 */
import { columnsOf, type EventDefinition, failedEvents, type Value } from "../catalog.ts";
import { type EventRow, peek, type ReadEvent } from "../envelope.ts";
import { parseFileName } from "../layout.ts";
import { ParquetFile } from "../land/parquet.ts";
import { Misfit } from "../misfit.ts";
import { scaled } from "../exact.ts";
import { columnName } from "../parameters.ts";
import { storedType } from "../stored-columns.ts";
import { shortened } from "../untrusted.ts";
import { WAITING } from "../waiting.ts";
import { readStoredRows, type StoredRow, textOf } from "./stored-values.ts";

/** A file of the table before its rebuild. */
export interface OldFile {
  day: string; // YYYY-MM-DD
  name: string;
  bytes: Buffer;
}

export interface Rewritten {
  rows: number; // of the old file
  kept: ParquetFile;
  failed: ParquetFile; // rows of failed_events
}

/** A row that no longer fits. */
export interface UnfitRow {
  place: string; // topic/partition/offset
  reason: string;
}

/** The differences that a rebuild makes, for people. */
export interface Changes {
  rows: number; // before
  kept: number;
  unfit: number;
  firstUnfit: UnfitRow[]; // 5 at most
  columns: Map<string, { rows: number; example: string }>; // column → rows with another value
}

const MAX_UNFIT = 5;
const MAX_SCALE = 38; // of a decimal

export function noChanges(): Changes {
  return { rows: 0, kept: 0, unfit: 0, firstUnfit: [], columns: new Map() };
}

/** Reads each row of a file again; adds its differences to `changes`. */
export async function rewriteFile(
  { name, bytes }: Omit<OldFile, "day">,
  event: EventDefinition,
  readEvent: ReadEvent,
  { topic: defaultTopic, changes }: { topic: string; changes: Changes },
): Promise<Rewritten> {
  const columns = columnsOf(event);
  const compared = comparedColumns(event);
  const topic = parseFileName(name)?.topic ?? defaultTopic;
  const rewritten = {
    rows: 0,
    kept: new ParquetFile(columns),
    failed: new ParquetFile(failedEvents.columns),
  };
  for await (const row of readStoredRows(bytes)) {
    rewritten.rows++;
    const { raw_event, timestamp, partition, offset } = row;
    const found = read(row, event, readEvent);
    if ("reason" in found) {
      rewritten.failed.append([raw_event, timestamp, found.reason, topic, partition, offset]);
      if (changes.firstUnfit.length < MAX_UNFIT)
        changes.firstUnfit.push({ place: `${topic}/${partition}/${offset}`, reason: found.reason });
    } else {
      rewritten.kept.append(found.values);
      for (const one of compared) compare(one, row, found.values, changes);
    }
  }
  changes.rows += rewritten.rows;
  changes.kept += rewritten.kept.rows;
  changes.unfit += rewritten.failed.rows;
  return rewritten;
}

/**
 * Proves that the new files have each row of the old one, and no other.
 * @throws Error with the first row that differs
 */
export async function proveSame(
  { day, name, bytes }: OldFile,
  { kept, failed }: { kept: Buffer; failed: Buffer | null },
): Promise<void> {
  const before = await identities(bytes, ({ event_id }) => event_id);
  const after = await identities(kept, ({ event_id }) => event_id);
  if (failed !== null) after.push(...(await identities(failed, ({ raw_event }) => peek(raw_event).event_id)));
  const [expected, found] = [before.sort(), after.sort()];
  const at = expected.findIndex((one, i) => one !== found[i]);
  if (at < 0 && expected.length === found.length) return;
  const i = at < 0 ? expected.length : at;
  throw new Error(
    `file day=${day}/${name}: expected each of its ${expected.length} rows in the new files, got ${found.length}; ` +
      `the first difference: ${expected[i] ?? "no row"} became ${found[i] ?? "no row"}`,
  );
}

/** "partition 0, offset 17, id 0190…" of each row. */
async function identities(bytes: Buffer, idOf: (row: StoredRow) => string | null): Promise<string[]> {
  const found: string[] = [];
  for await (const row of readStoredRows(bytes))
    found.push(`partition ${row.partition}, offset ${row.offset}, id ${idOf(row)}`);
  return found;
}

function read(row: StoredRow, event: EventDefinition, readEvent: ReadEvent): EventRow | { reason: string } {
  const { raw_event, timestamp, partition, offset } = row;
  try {
    const found = readEvent(raw_event, { timestamp, partition, offset });
    if (found.event.table === event.table) return found;
    return { reason: new Misfit("event_type", event.type, found.event.type).message };
  } catch (error) {
    // The event's older definition is no reason to wait: this catalogue is the last word.
    if (error instanceof Misfit) return { reason: withoutWaiting(error.message) };
    throw error;
  }
}

function withoutWaiting(reason: string): string {
  return reason.startsWith(WAITING) ? reason.slice(WAITING.length) : reason;
}

interface ComparedColumn {
  name: string;
  index: number; // in columnsOf(event)
  type: string;
  before: string[]; // the old columns with its value: its name, then its earlier names
}

/** The columns that a change of the catalogue can change. */
function comparedColumns(event: EventDefinition): ComparedColumn[] {
  const earlier = new Map(event.parameters.map(({ column, was }) => [column, was.map(columnName)]));
  return columnsOf(event).map(({ name, type }, index) => {
    return { name, index, type: storedType(type), before: [name, ...(earlier.get(name) ?? [])] };
  });
}

function compare(
  { name, index, type, before }: ComparedColumn,
  row: StoredRow,
  values: readonly Value[],
  { columns }: Changes,
): void {
  const old = before.map((one) => row.text(one)).find((text) => text !== null) ?? null;
  const now = textOf(type, values[index]!);
  if (old === now || (type !== "text" && isSameNumber(old, now))) return;
  const shown = (text: string | null): string => (text === null ? "null" : shortened(text));
  const known = columns.get(name);
  if (known === undefined) columns.set(name, { rows: 1, example: `${shown(old)} becomes ${shown(now)}` });
  else known.rows++;
}

/** Whether two texts are one number, such as 1.50 and 1.5. */
function isSameNumber(one: string | null, other: string | null): boolean {
  if (one === null || other === null) return false;
  const value = scaled(one, MAX_SCALE);
  return value !== undefined && value === scaled(other, MAX_SCALE);
}

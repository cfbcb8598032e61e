/**
 * Sightings of each event at four stages → the conservation table, and a discrepancy for each event that is
 * not once at every stage.
 *
 *   accepted → topic → files → tables → counted
 *
 * Each stage is compared with the one before it. Between topic and files stand the commit records: each
 * message is covered by one of them, and the files of a record have as many rows as it says. Messages are compared by their positions, and at each
 * position type and id must be equal. Events are compared by their ids. An event can be in the topic twice
 * (a client's retry, a spool that is sent again). That is no fault, but the event counts once.
 */
import assert from "node:assert/strict";
import type { CommitRecord } from "../land/commits.ts";
import { isIn } from "./coverage.ts";
import type { Sighting, Sightings } from "./sightings.ts";

/** A number for each event type. */
type Counts = Record<string, number>;

export interface ConservationRow {
  event_type: string;
  accepted: number; // requests
  in_topic: number; // messages
  in_files: number; // rows
  in_trino: number; // rows
  doubles: number; // messages whose event counts at another position
  counted: number; // events
  verdict: string; // "equal", or the difference and the two stages that differ
}

/** A difference between `stage` and the stage before it. */
export interface Discrepancy {
  stage: "accepted" | "topic" | "commits" | "files" | "tables" | "counted";
  problem: "missing" | "double" | "unexpected" | "unnamed";
  event_id: string | null; // null: a message that is not an event, an answer without an id, a commit record
  position: string | null; // "partition 0, offset 17"; null: the message is not known; of a commit record, its offsets
  where: string;
}

export interface Conservation {
  rows: ConservationRow[];
  discrepancies: Discrepancy[]; // empty when every event is conserved
}

/** The answers that the players got. */
export interface Accepted {
  accepted: Counts; // requests answered 200
  event_ids: readonly string[]; // the `Event-Id` of each of these answers
}

const MAX_NAMED = 5; // discrepancies of one problem at one stage

/** Compares the sightings of some ranges of the topic with each other, and with the players' answers. */
export function conservation(answers: Accepted, seen: Sightings): Conservation {
  const earlier = earlierIds(seen);
  const types = new Set([
    ...Object.keys(answers.accepted),
    ...[seen.topic, seen.files, seen.tables, seen.counted].flat().map(({ event_type }) => event_type),
  ]);
  const rows = [...types].sort().map((type) => rowOf(type, answers.accepted[type] ?? 0, seen, earlier));
  const discrepancies = [
    ...compareAnswers(answers, seen.topic, earlier),
    ...doublesInTopic(seen.topic),
    ...compareCommits(seen),
    ...compareMessages("files", seen.topic, seen.files, seen.expected),
    ...compareMessages("tables", seen.files, seen.tables, ({ where }) => `it is in ${where}`),
    ...compareCounted(seen),
  ];
  return { rows, discrepancies };
}

/**
 * The claim that the report stands on.
 * @throws Error that names each event type whose counts differ, and of each problem the first five ids
 * and positions; also if no request was accepted
 */
export function assertConserved({ rows, discrepancies }: Conservation): void {
  const unequal = rows.filter(({ verdict }) => verdict !== "equal");
  const lines = [...unequal.map((row) => `  ${row.event_type}: ${row.verdict}`), ...describe(discrepancies)];
  const total = (column: "accepted" | "counted") => rows.reduce((sum, row) => sum + row[column], 0);
  if (lines.length === 0 && total("accepted") === 0) {
    throw new Error("not conserved: no request was accepted, so the claim would be empty");
  }
  const seen = { accepted: total("accepted"), counted: total("counted"), problems: lines.length };
  assert.deepEqual(seen, { ...seen, problems: 0 }, new Error(`not conserved:\n${lines.join("\n")}`));
}

function rowOf(
  event_type: string,
  accepted: number,
  seen: Sightings,
  earlier: ReadonlySet<string>,
): ConservationRow {
  const ofType = (sightings: Sighting[]) => sightings.filter((one) => one.event_type === event_type);
  const inTopic = ofType(seen.topic);
  const inFiles = ofType(seen.files);
  const inTrino = ofType(seen.tables);
  const named = inTopic.flatMap(({ event_id }) => event_id ?? []);
  const events = new Set(named.filter((id) => !earlier.has(id))).size;
  const counted = ofType(seen.counted).filter(({ event_id }) => !earlier.has(event_id!)).length;
  const steps = [
    change("requests accepted", accepted, "events in topic", events),
    change("messages in topic", inTopic.length, "rows in files", inFiles.length),
    change("rows in files", inFiles.length, "rows in trino", inTrino.length),
    change("events in topic", events, "events counted", counted),
  ];
  return {
    event_type,
    accepted,
    in_topic: inTopic.length,
    in_files: inFiles.length,
    in_trino: inTrino.length,
    doubles: named.length - events,
    counted,
    verdict: steps.filter(Boolean).join("; ") || "equal",
  };
}

function change(from: string, before: number, to: string, after: number): string {
  if (before === after) return "";
  const difference = `${Math.abs(after - before)} ${after < before ? "lost" : "too many"}`;
  return `${difference} from ${from} (${before}) to ${to} (${after})`;
}

/** Ids of events that count at a position before the ranges: in the ranges they are doubles. */
function earlierIds({ counted, ranges }: Sightings): Set<string> {
  const earlier = counted.filter(({ partition, offset }) => !isIn(ranges, partition, offset));
  return new Set(earlier.flatMap(({ event_id }) => event_id ?? []));
}

/** Each answer names an event, each named event is in the topic, and the topic holds no other event. */
function compareAnswers(
  { accepted, event_ids }: Accepted,
  topic: Sighting[],
  earlier: ReadonlySet<string>,
): Discrepancy[] {
  const discrepancies: Discrepancy[] = [];
  const requests = Object.values(accepted).reduce((sum, count) => sum + count, 0);
  if (event_ids.length < requests) {
    const where = `${requests - event_ids.length} of ${requests} answers carried no Event-Id`;
    discrepancies.push({ stage: "accepted", problem: "unnamed", event_id: null, position: null, where });
  }
  const inTopic = groupBy(topic, ({ event_id }) => event_id);
  for (const [event_id, answers] of groupBy(event_ids, (id) => id)) {
    const found = { event_id, position: null };
    if (answers.length > 1) {
      const where = `${answers.length} answers carried this Event-Id`;
      discrepancies.push({ stage: "accepted", problem: "double", ...found, where });
    }
    if (!inTopic.has(event_id)) {
      discrepancies.push({
        stage: "topic",
        problem: "missing",
        ...found,
        where: "accepted, but in no message",
      });
    }
    if (earlier.has(event_id)) {
      const where = "accepted now, but counted at an earlier position";
      discrepancies.push({ stage: "counted", problem: "unexpected", ...found, where });
    }
  }
  const answered = new Set(event_ids);
  for (const [event_id, [first]] of inTopic) {
    if (event_id === null || answered.has(event_id) || earlier.has(event_id)) continue;
    discrepancies.push(
      about(first, "topic", "unexpected", `${first.where}: no client got a 200 for this event`),
    );
  }
  return discrepancies;
}

/** A position holds one message. */
function doublesInTopic(topic: Sighting[]): Discrepancy[] {
  return [...groupBy(topic, positionOf).values()]
    .filter((found) => found.length > 1)
    .map((found) => about(found[0], "topic", "double", wheresOf(found)));
}

/** One commit record covers each message, and there are as many rows from its offsets as it says. */
function compareCommits({ topic, files, commits, ranges }: Sightings): Discrepancy[] {
  const discrepancies: Discrepancy[] = [];
  const covers = ({ partition, first, last }: CommitRecord, one: Sighting) =>
    one.partition === partition && one.offset >= first && one.offset <= last;
  for (const message of topic) {
    const covering = commits.filter((commit) => covers(commit, message));
    if (covering.length === 1) continue;
    const records = covering.map(({ first, last }) => `offsets ${first} to ${last}`).join(" and ");
    discrepancies.push(
      covering.length === 0
        ? about(message, "commits", "missing", `${message.where}: no commit record covers it`)
        : about(message, "commits", "double", `commit records of ${records} cover it`),
    );
  }
  for (const commit of commits) {
    const { partition, first, last } = commit;
    if (!isIn(ranges, partition, first) || !isIn(ranges, partition, last)) continue;
    const said = commit.files.reduce((sum, { rows }) => sum + rows, 0);
    const found = files.filter((row) => covers(commit, row)).length;
    if (said === found) continue;
    const where = `the record says ${said} rows, the files have ${found}`;
    const position = `partition ${partition}, offsets ${first} to ${last}`;
    discrepancies.push({ stage: "commits", problem: "unexpected", event_id: null, position, where });
  }
  return discrepancies;
}

/** Each message of `before` must be in `after` once, with the same type and id, and nothing else. */
function compareMessages(
  stage: "files" | "tables",
  before: Sighting[],
  after: Sighting[],
  whereExpected: (message: Sighting) => string,
): Discrepancy[] {
  const discrepancies: Discrepancy[] = [];
  const expected = groupBy(before, positionOf);
  const actual = groupBy(after, positionOf);
  for (const [position, [message]] of expected) {
    if (actual.has(position)) continue;
    const where = `${message.where}: ${whereExpected(message)}`;
    discrepancies.push(about(message, stage, "missing", where));
  }
  for (const [position, found] of actual) {
    const messages = expected.get(position) ?? [];
    const other = found.find((row) => !messages.some((message) => isSame(message, row)));
    if (other) discrepancies.push(about(other, stage, "unexpected", other.where));
    else if (found.length > messages.length) {
      discrepancies.push(about(found[0], stage, "double", wheresOf(found)));
    }
  }
  return discrepancies;
}

/** Each event that has a row counts once, at the position of a row of it. */
function compareCounted({ tables, counted, ranges }: Sightings): Discrepancy[] {
  const discrepancies: Discrepancy[] = [];
  const rows = groupBy(tables, eventOf);
  const counts = groupBy(counted, eventOf);
  for (const [event, [row]] of rows) {
    if (row.event_id === null) continue;
    const found = counts.get(event);
    if (!found) discrepancies.push(about(row, "counted", "missing", row.where));
    else if (found.length > 1) discrepancies.push(about(found[0], "counted", "double", wheresOf(found)));
  }
  for (const one of counted) {
    const ofEvent = rows.get(eventOf(one)) ?? [];
    const isEarlier = !isIn(ranges, one.partition, one.offset);
    const hasRow = ofEvent.some((row) => isEarlier || positionOf(row) === positionOf(one));
    if (!hasRow) discrepancies.push(about(one, "counted", "unexpected", one.where));
  }
  return discrepancies;
}

/** One line for each problem at each stage, then the first five of its discrepancies. */
function describe(discrepancies: Discrepancy[]): string[] {
  const groups = groupBy(discrepancies, ({ stage, problem }) => `${stage}: ${problem}`);
  return [...groups].flatMap(([problem, found]) => [
    `  ${problem} ${found.length}`,
    ...found.slice(0, MAX_NAMED).map((one) => `    ${describeOne(one)}`),
    ...(found.length > MAX_NAMED ? [`    and ${found.length - MAX_NAMED} more`] : []),
  ]);
}

function describeOne({ stage, problem, event_id, position, where }: Discrepancy): string {
  const isRecord = stage === "commits" && problem === "unexpected";
  const nameless = isRecord
    ? "commit record"
    : position === null
      ? "no event_id"
      : "a message without event_id";
  return `${event_id ?? nameless}${position === null ? "" : ` at ${position}`}: ${where}`;
}

function about(
  { event_id, partition, offset }: Sighting,
  stage: Discrepancy["stage"],
  problem: Discrepancy["problem"],
  where: string,
): Discrepancy {
  return { stage, problem, event_id, position: `partition ${partition}, offset ${offset}`, where };
}

function wheresOf(found: Sighting[]): string {
  return found.map(({ where }) => where).join(" and ");
}

function isSame(message: Sighting, row: Sighting): boolean {
  return message.event_type === row.event_type && message.event_id === row.event_id;
}

function eventOf({ event_type, event_id }: Sighting): string {
  return `${event_type} ${event_id}`;
}

function positionOf({ partition, offset }: Sighting): string {
  return `${partition}/${offset}`;
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, [T, ...T[]]> {
  return Map.groupBy(items, keyOf) as Map<K, [T, ...T[]]>;
}

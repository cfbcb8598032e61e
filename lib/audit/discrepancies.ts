/**
 * Sightings at four stages → a discrepancy for each event that is not once at every stage.
 *
 *   accepted → topic → commits → files → tables → counted
 *
 * Each stage is compared with the one before it. Messages are compared by their positions, and at
 * each position type and id must be equal. Events are compared by their ids. The topic can hold an
 * event twice (a client's retry, a spool that is sent again): that is no fault, but the event
 * counts once. Two events under one id are a conflict: only one of them counts. Each message is
 * covered by one commit record, and the files have as many rows as it says. Offsets that Kafka
 * deleted before they were landed are missing.
 *
 * Other people may play during a run. Their events are compared at each stage too, except with the
 * answers: only the run's own answers are known.
 */
import { type CommitRecord, type DeletedOffsets, describeDeleted } from "../land/commits.ts";
import { conflictWith, findConflicts } from "./conflicts.ts";
import { isIn } from "./coverage.ts";
import type { Sighting, Sightings } from "./sightings.ts";

/**
 * A difference between `stage` and the stage before it.
 *
 * `event_id` is null for a message that is not an event, an answer without an id, a commit record.
 * `position` is "partition 0, offset 17", and of a commit record "partition 0, offsets 0 to 17".
 * It is null if no message is known.
 */
export interface Discrepancy {
  stage: "accepted" | "topic" | "commits" | "files" | "tables" | "counted";
  problem: "missing" | "double" | "unexpected" | "unnamed" | "conflict";
  event_id: string | null;
  position: string | null;
  where: string;
}

/** The answers that the players got. */
export interface Accepted {
  accepted: Record<string, number>; // event type → requests answered 200
  event_ids: readonly string[]; // the `Event-Id` of each of these answers
  session?: string; // that the run's players sent with each event; absent: nobody else played
}

const MAX_NAMED = 5; // discrepancies of one problem at one stage

/** Compares each stage with the one before it; `earlier` holds the ids of `earlierIds`. */
export function findDiscrepancies(
  answers: Accepted,
  seen: Sightings,
  earlier: ReadonlySet<string>,
): Discrepancy[] {
  const isOwn = ownEvents(answers);
  return [
    ...compareAnswers(answers, seen.topic, earlier),
    ...doublesInTopic(seen.topic),
    ...compareCommits(seen),
    ...compareMessages("files", seen.topic, seen.files, seen.expected),
    ...compareMessages("tables", seen.files, seen.tables, ({ where }) => `it is in ${where}`),
    ...compareCounted(seen),
    ...findConflicts(seen)
      .filter(({ message, first }) => isOwn(message) || isOwn(first))
      .map(({ message, first }) =>
        about(message, "counted", "conflict", `${message.where}: ${conflictWith(first)}`),
      ),
  ];
}

/** Tells the run's own messages from others': by an answered id, or by the run's session. */
export function ownEvents({ event_ids, session }: Accepted): (message: Sighting) => boolean {
  if (session === undefined) return () => true;
  const answered = new Set(event_ids);
  return (message) =>
    message.session === session || (message.event_id !== null && answered.has(message.event_id));
}

/**
 * Ids of events that count at a position before the ranges. Their messages in the ranges are
 * doubles.
 */
export function earlierIds({ counted, ranges }: Sightings): Set<string> {
  const earlier = counted.filter(({ partition, offset }) => !isIn(ranges, partition, offset));
  return new Set(earlier.flatMap(({ event_id }) => event_id ?? []));
}

/** Each answer names an event. The topic holds each named event, and no other of the run. */
function compareAnswers(answers: Accepted, topic: Sighting[], earlier: ReadonlySet<string>): Discrepancy[] {
  const { accepted, event_ids } = answers;
  const isOwn = ownEvents(answers);
  const discrepancies: Discrepancy[] = [];
  const requests = Object.values(accepted).reduce((sum, count) => sum + count, 0);
  if (event_ids.length < requests) {
    const where = `${requests - event_ids.length} of ${requests} answers carried no Event-Id`;
    discrepancies.push({ stage: "accepted", problem: "unnamed", event_id: null, position: null, where });
  }
  const inTopic = groupBy(topic, ({ event_id }) => event_id);
  for (const [event_id, named] of groupBy(event_ids, (id) => id)) {
    const found = { event_id, position: null };
    if (named.length > 1) {
      const where = `${named.length} answers carried this Event-Id`;
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
  for (const [event_id, messages] of inTopic) {
    if (event_id === null || answered.has(event_id) || earlier.has(event_id)) continue;
    const first = messages.find(isOwn);
    if (first === undefined) continue; // another player's
    discrepancies.push(
      about(first, "topic", "unexpected", `${first.where}: no client got a 200 for this event`),
    );
  }
  return discrepancies;
}

/** The topic holds one message at each position. */
function doublesInTopic(topic: Sighting[]): Discrepancy[] {
  return [...groupBy(topic, positionOf).values()]
    .filter((found) => found.length > 1)
    .map((found) => about(found[0], "topic", "double", wheresOf(found)));
}

/** One commit record covers each message, and the files have as many rows as the record says. */
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
  discrepancies.push(...commits.flatMap((commit) => deletedOffsets(commit, ranges)));
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

/** The offsets in `ranges` that Kafka deleted before the commit covered them. */
function deletedOffsets(
  { partition, deleted = [] }: CommitRecord,
  ranges: Sightings["ranges"],
): Discrepancy[] {
  const isSeen = ({ from, to }: DeletedOffsets) =>
    ranges.some((range) => range.partition === partition && from < range.to && to > range.from);
  return deleted.filter(isSeen).map((one) => {
    const position = `partition ${partition}, offsets ${one.from} to ${one.to - 1}`;
    return { stage: "commits", problem: "missing", event_id: null, position, where: describeDeleted(one) };
  });
}

/** `after` holds each message of `before` once, with the same type and id, and no other message. */
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

/** Each event with a row counts once, at the position of one of its rows. */
function compareCounted({ tables, counted, ranges }: Sightings): Discrepancy[] {
  const discrepancies: Discrepancy[] = [];
  const rows = groupBy(tables, ({ event_id }) => event_id);
  const counts = groupBy(counted, ({ event_id }) => event_id);
  for (const [event_id, [row]] of rows) {
    if (event_id === null) continue;
    const found = counts.get(event_id);
    if (!found) discrepancies.push(about(row, "counted", "missing", row.where));
    else if (found.length > 1) discrepancies.push(about(found[0], "counted", "double", wheresOf(found)));
  }
  for (const one of counted) {
    const ofEvent = rows.get(one.event_id) ?? [];
    const isEarlier = !isIn(ranges, one.partition, one.offset);
    const isRow = (row: Sighting) => positionOf(row) === positionOf(one) && isSame(row, one);
    const hasRow = ofEvent.some((row) => isEarlier || isRow(row));
    if (!hasRow) discrepancies.push(about(one, "counted", "unexpected", one.where));
  }
  return discrepancies;
}

/** One line for each problem at each stage, then its first five discrepancies. */
export function describeDiscrepancies(discrepancies: Discrepancy[]): string[] {
  const groups = groupBy(discrepancies, ({ stage, problem }) => `${stage}: ${problem}`);
  return [...groups].flatMap(([problem, found]) => [
    `  ${problem} ${found.length}`,
    ...found.slice(0, MAX_NAMED).map((one) => `    ${describeOne(one)}`),
    ...(found.length > MAX_NAMED ? [`    and ${found.length - MAX_NAMED} more`] : []),
  ]);
}

function describeOne({ stage, event_id, position, where }: Discrepancy): string {
  const at = position === null ? "" : ` at ${position}`;
  if (event_id !== null) return `${event_id}${at}: ${where}`;
  if (position === null) return `no event_id: ${where}`;
  const isRecord = stage === "commits" && position.includes("offsets");
  return `${isRecord ? "commit record" : "a message without event_id"}${at}: ${where}`;
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

function positionOf({ partition, offset }: Sighting): string {
  return `${partition}/${offset}`;
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, [T, ...T[]]> {
  return Map.groupBy(items, keyOf) as Map<K, [T, ...T[]]>;
}

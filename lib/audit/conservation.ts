/**
 * Where each event was seen → the conservation table, and which id is missing or double, and where.
 *
 * What was accepted is in the topic, what is in the topic is in the files, what is in the files is in
 * Trino, each message once; and of Trino's rows each event counts once. An event can stand in the topic
 * twice (a client's retry, a spool that was sent again): that is no fault, but it counts once.
 * Messages are compared by their places in the topic, events by their ids, and both are counted.
 */
import type { Sighting, Sightings } from "./sightings.ts";

/** A number for each event type. */
type Counts = Record<string, number>;

export interface ConservationRow {
  event_type: string;
  accepted: number; // requests
  in_topic: number; // messages
  in_files: number; // rows
  in_trino: number; // rows
  doubles: number; // messages whose event counts at another place
  counted: number; // events
  verdict: string; // "equal", or what is missing or double, and between which places
}

/** What is wrong with one event at one place. */
export interface Finding {
  place: "topic" | "files" | "tables" | "counted";
  problem: "missing" | "double" | "unexpected";
  event_id: string;
  where: string;
}

export interface Conservation {
  rows: ConservationRow[];
  findings: Finding[]; // empty when all is well
}

/** What the players were told. */
export interface Accepted {
  accepted: Counts; // requests answered 200
  event_ids: readonly string[]; // of those whose answer named its event
}

const MAX_NAMED = 5; // ids of one problem at one place

/** Compares the sightings of a stretch of the topic with each other, and with what the players were told. */
export function conservation(told: Accepted, seen: Sightings): Conservation {
  const types = new Set([
    ...Object.keys(told.accepted),
    ...[seen.topic, seen.files, seen.tables].flat().map(({ event_type }) => event_type),
  ]);
  const rows = [...types].sort().map((type) => rowOf(type, told.accepted[type] ?? 0, seen));
  const findings = [
    ...compareAccepted(told, seen),
    ...compareMessages("files", seen.topic, seen.files, seen.expected),
    ...compareMessages("tables", seen.files, seen.tables, ({ where }) => `it is in ${where}`),
    ...compareCounted(seen),
  ];
  return { rows, findings };
}

/**
 * The claim that the report stands on.
 * @throws Error that names each event type whose counts differ, and of each problem the first five ids and
 * places; also if nothing was counted
 */
export function assertConserved({ rows, findings }: Conservation): void {
  const wrong = rows.filter(({ verdict }) => verdict !== "equal");
  if (wrong.length + findings.length > 0) {
    const lines = [...wrong.map((row) => `  ${row.event_type}: ${row.verdict}`), ...describe(findings)];
    throw new Error(`not conserved:\n${lines.join("\n")}`);
  }
  if (rows.every(({ accepted }) => accepted === 0)) {
    throw new Error("not conserved: no request was accepted, so the claim would be empty");
  }
}

function rowOf(event_type: string, accepted: number, seen: Sightings): ConservationRow {
  const ofType = (sightings: Sighting[]) => sightings.filter((one) => one.event_type === event_type);
  const [inTopic, inFiles, inTrino] = [seen.topic, seen.files, seen.tables].map(ofType) as [
    Sighting[],
    Sighting[],
    Sighting[],
  ];
  const elsewhere = earlierIds(seen);
  const named = inTopic.flatMap(({ event_id }) => event_id ?? []);
  const events = new Set(named.filter((id) => !elsewhere.has(id))).size;
  const counted = ofType(seen.counted).filter(({ event_id }) => !elsewhere.has(event_id!)).length;
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
  const what = `${Math.abs(after - before)} ${after < before ? "lost" : "too many"}`;
  return `${what} from ${from} (${before}) to ${to} (${after})`;
}

/** Ids that count at a place before the stretch: they were accepted earlier, and here they are doubles. */
function earlierIds({ topic, counted }: Sightings): Set<string> {
  const places = new Set(topic.map(placeOf));
  return new Set(
    counted.filter((one) => !places.has(placeOf(one))).flatMap(({ event_id }) => event_id ?? []),
  );
}

function compareAccepted({ accepted, event_ids }: Accepted, seen: Sightings): Finding[] {
  const inTopic = groupBy(seen.topic, ({ event_id }) => event_id);
  const told = new Set(event_ids);
  const missing = [...told].filter((id) => !inTopic.has(id));
  const elsewhere = earlierIds(seen);
  const unexpected = [...inTopic].filter(([id]) => id !== null && !told.has(id) && !elsewhere.has(id));
  const unnamed = Object.values(accepted).reduce((sum, count) => sum + count, 0) - event_ids.length;
  return [
    ...missing.map((event_id): Finding => {
      return { place: "topic", problem: "missing", event_id, where: "accepted, but in no message" };
    }),
    // As many as there were answers that named no event can be theirs.
    ...(unexpected.length <= unnamed ? [] : unexpected).map(([event_id, [first]]): Finding => {
      return {
        place: "topic",
        problem: "unexpected",
        event_id: event_id!,
        where: `${first!.where}: no player was told so`,
      };
    }),
  ];
}

/** Each message of `before` must be in `after` once, with the same id, and nothing else. */
function compareMessages(
  place: "files" | "tables",
  before: Sighting[],
  after: Sighting[],
  whereExpected: (message: Sighting) => string,
): Finding[] {
  const findings: Finding[] = [];
  const [were, are] = [groupBy(before, placeOf), groupBy(after, placeOf)];
  for (const [key, [message]] of were) {
    const found = are.get(key) ?? [];
    const tell = (problem: Finding["problem"], where: string): void =>
      void findings.push({ place, problem, event_id: nameOf(message!), where });
    if (found.length === 0) tell("missing", `${message!.where}: ${whereExpected(message!)}`);
    if (found.length > (were.get(key)?.length ?? 0))
      tell(
        "double",
        `partition ${message!.partition}, offset ${message!.offset}: ${found.map(({ where }) => where).join(" and ")}`,
      );
  }
  for (const [key, found] of are) {
    const ids = new Set(were.get(key)?.map(({ event_id }) => event_id));
    const other = found.find(({ event_id }) => !ids.has(event_id));
    if (other) findings.push({ place, problem: "unexpected", event_id: nameOf(other), where: other.where });
  }
  return findings;
}

/** Each event that has a row must count once. */
function compareCounted({ tables, counted }: Sightings): Finding[] {
  const rows = groupBy(counted, ({ event_id }) => event_id);
  const findings: Finding[] = [];
  for (const [event_id, [first]] of groupBy(
    tables,
    ({ event_type, event_id }) => event_id && `${event_type} ${event_id}`,
  )) {
    if (event_id === null) continue;
    const found = (rows.get(first!.event_id) ?? []).filter(
      ({ event_type }) => event_type === first!.event_type,
    );
    if (found.length === 1) continue;
    const problem = found.length === 0 ? "missing" : "double";
    const where = found.length === 0 ? first!.where : found.map(({ where }) => where).join(" and ");
    findings.push({ place: "counted", problem, event_id: nameOf(first!), where });
  }
  return findings;
}

/** One line for each problem at each place, then its first ids. */
function describe(findings: Finding[]): string[] {
  const groups = groupBy(findings, ({ place, problem }) => `${place}: ${problem}`);
  return [...groups].flatMap(([problem, found]) => [
    `  ${problem} ${found.length}`,
    ...found.slice(0, MAX_NAMED).map(({ event_id, where }) => `    ${event_id}: ${where}`),
    ...(found.length > MAX_NAMED ? [`    and ${found.length - MAX_NAMED} more`] : []),
  ]);
}

function nameOf({ event_id }: Sighting): string {
  return event_id ?? "a message without event_id";
}

function placeOf({ partition, offset }: Sighting): string {
  return `${partition}/${offset}`;
}

function groupBy<T, K>(items: readonly T[], keyOf: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(keyOf(item));
    if (group) group.push(item);
    else groups.set(keyOf(item), [item]);
  }
  return groups;
}

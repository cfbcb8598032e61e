/**
 * Sightings of each event at four stages, and the players' answers → the conservation table.
 *
 *   accepted → topic → files → tables → counted
 *
 * A row of the table has the counts of one event type. Equal counts alone prove little, because a
 * missing event and a double one cancel out: discrepancies.ts compares event by event.
 */
import assert from "node:assert/strict";
import {
  type Accepted,
  describeDiscrepancies,
  type Discrepancy,
  earlierIds,
  findDiscrepancies,
  ownEvents,
} from "./discrepancies.ts";
import type { Sighting, Sightings } from "./sightings.ts";

export interface ConservationRow {
  event_type: string;
  accepted: number; // requests of the run
  others: number; // events in the topic that other players sent meanwhile
  in_topic: number; // messages
  in_files: number; // rows
  in_trino: number; // rows
  doubles: number; // messages whose id counts at another position
  counted: number; // events
  verdict: string; // "equal", or each difference with its two stages
}

export interface Conservation {
  rows: ConservationRow[];
  discrepancies: Discrepancy[]; // empty: every event is conserved
}

/** Compares the sightings of some offset ranges with each other and with the players' answers. */
export function conservation(answers: Accepted, seen: Sightings): Conservation {
  const earlier = earlierIds(seen);
  const types = new Set([
    ...Object.keys(answers.accepted),
    ...[seen.topic, seen.files, seen.tables, seen.counted].flat().map(({ event_type }) => event_type),
  ]);
  const rows = [...types].sort().map((type) => rowOf(type, answers, seen, earlier));
  return { rows, discrepancies: findDiscrepancies(answers, seen, earlier) };
}

/**
 * Asserts the report's main claim: each accepted event is counted once, and no other event is.
 * @throws Error that names each event type with different counts, and the first five discrepancies
 * of each problem; also if no request was accepted, because then the claim would be empty
 */
export function assertConserved({ rows, discrepancies }: Conservation): void {
  const unequal = rows.filter(({ verdict }) => verdict !== "equal");
  const lines = [
    ...unequal.map((row) => `  ${row.event_type}: ${row.verdict}`),
    ...describeDiscrepancies(discrepancies),
  ];
  const total = (column: "accepted" | "counted") => rows.reduce((sum, row) => sum + row[column], 0);
  if (lines.length === 0 && total("accepted") === 0) {
    throw new Error("not conserved: no request was accepted, so the claim would be empty");
  }
  const seen = { accepted: total("accepted"), counted: total("counted"), problems: lines.length };
  assert.deepEqual(seen, { ...seen, problems: 0 }, new Error(`not conserved:\n${lines.join("\n")}`));
}

function rowOf(
  event_type: string,
  answers: Accepted,
  seen: Sightings,
  earlier: ReadonlySet<string>,
): ConservationRow {
  const accepted = answers.accepted[event_type] ?? 0;
  const ofType = (sightings: Sighting[]) => sightings.filter((one) => one.event_type === event_type);
  const inTopic = ofType(seen.topic);
  const inFiles = ofType(seen.files);
  const inTrino = ofType(seen.tables);
  const named = inTopic.filter(({ event_id }) => event_id !== null);
  const first = named.filter(({ event_id }) => !earlier.has(event_id!));
  const events = countIds(first);
  const own = countIds(first.filter(ownEvents(answers)));
  const counted = ofType(seen.counted).filter(({ event_id }) => !earlier.has(event_id!)).length;
  const steps = [
    change("requests accepted", accepted, "events in topic", own),
    change("messages in topic", inTopic.length, "rows in files", inFiles.length),
    change("rows in files", inFiles.length, "rows in trino", inTrino.length),
    change("events in topic", events, "events counted", counted),
  ];
  return {
    event_type,
    accepted,
    others: events - own,
    in_topic: inTopic.length,
    in_files: inFiles.length,
    in_trino: inTrino.length,
    doubles: named.length - events,
    counted,
    verdict: steps.filter(Boolean).join("; ") || "equal",
  };
}

function countIds(sightings: Sighting[]): number {
  return new Set(sightings.map(({ event_id }) => event_id)).size;
}

function change(from: string, before: number, to: string, after: number): string {
  if (before === after) return "";
  const difference = `${Math.abs(after - before)} ${after < before ? "lost" : "too many"}`;
  return `${difference} from ${from} (${before}) to ${to} (${after})`;
}

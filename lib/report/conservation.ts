/**
 * Counts at each place of the way → the conservation table: what was accepted
 * is in the topic, in the files and in Trino, no more and no less.
 *
 * Each count comes from another system by another way (the players' own tally,
 * Kafka, the Parquet footers, SQL), so a loss or a double between two of them shows.
 */

/** A number for each event type. */
type Counts = Record<string, number>;

export interface ConservationRow {
  event_type: string;
  requests_accepted: number;
  messages_in_topic: number;
  rows_in_files: number;
  rows_in_trino: number;
  verdict: string; // "equal", or what is missing or double, and where
}

/** The places in the order in which an event passes them. */
const PLACES = ["requests_accepted", "messages_in_topic", "rows_in_files", "rows_in_trino"] as const;

/** Puts the four counts of each event type side by side, with a verdict on each. */
export function conservation(counts: Record<(typeof PLACES)[number], Counts>): ConservationRow[] {
  const types = new Set(PLACES.flatMap((place) => Object.keys(counts[place])));
  return [...types].sort().map((event_type) => {
    const [requests_accepted = 0, messages_in_topic = 0, rows_in_files = 0, rows_in_trino = 0] = PLACES.map(
      (place) => counts[place][event_type] ?? 0,
    );
    const row = { event_type, requests_accepted, messages_in_topic, rows_in_files, rows_in_trino };
    return { ...row, verdict: verdictOf(row) };
  });
}

/**
 * The claim that the report stands on.
 * @throws Error that names each event type and place where the counts differ; also if nothing was counted
 */
export function assertConserved(rows: ConservationRow[]): void {
  const wrong = rows.filter(({ verdict }) => verdict !== "equal");
  if (wrong.length > 0) {
    throw new Error(
      `not conserved:\n${wrong.map((row) => `  ${row.event_type}: ${row.verdict}`).join("\n")}`,
    );
  }
  if (rows.every(({ requests_accepted }) => requests_accepted === 0)) {
    throw new Error("not conserved: no request was accepted, so the claim would be empty");
  }
}

function verdictOf(row: Omit<ConservationRow, "verdict">): string {
  const steps = PLACES.slice(1).map((place, i) => {
    const before = PLACES[i] ?? place;
    const change = row[place] - row[before];
    if (change === 0) return "";
    return `${Math.abs(change)} ${change < 0 ? "lost" : "too many"} from ${say(before)} (${row[before]}) to ${say(place)} (${row[place]})`;
  });
  return steps.filter(Boolean).join("; ") || "equal";
}

function say(place: string): string {
  return place.replaceAll("_", " ");
}

/**
 * Tables → the number of rows whose event_id an earlier row has: doubles, and conflicts among them.
 *
 * A double repeats the id of an earlier row, of any type. Mostly it is a copy of the same event.
 * With other content it is another event under the same id: a conflict. The views leave out both.
 */
import { type Counts, countByType, rowsOf } from "./counts.ts";
import type { Target } from "./metastore.ts";

const IDENTITY = ["event_id", '"timestamp"', "kafka_partition", "kafka_offset"];
const POSITION = 'ROW("timestamp", kafka_partition, kafka_offset)'; // of copies, the lowest row counts
const FIELDS = ["player", "session", "occurred_at", "raw_event"];
// As lib/content.ts; json_parse sorts the parameters by name.
const CONTENT = `json_format(CAST(ARRAY[
  event_type, player, session, CAST(occurred_at AS varchar),
  TRY(json_format(json_extract(json_parse(raw_event), '$.params')))
] AS json))`;

/**
 * Counts the doubles of each type. It does not use the views, so that a notebook can compare its
 * result with theirs.
 */
export function countDoubles(target: Target = {}): Promise<Counts> {
  return countByType(
    `SELECT event_type, sum(n) AS n
     FROM (
       ${rowsOf(["count(*) AS n"])}
       UNION ALL
       SELECT first, -count(*)
       FROM (SELECT min_by(event_type, ${POSITION}) AS first FROM (${rowsOf(IDENTITY)}) GROUP BY event_id)
       GROUP BY first
     )
     GROUP BY event_type`,
    target,
  );
}

/** Counts the doubles of each type whose content differs from that of the first row of their id. */
export function countConflicts(target: Target = {}): Promise<Counts> {
  return countByType(
    `SELECT event_type, count_if(content <> first) AS n
     FROM (
       SELECT event_type, content, first_value(content) OVER (PARTITION BY event_id ORDER BY ${POSITION}) AS first
       FROM (SELECT *, ${CONTENT} AS content FROM (${rowsOf([...IDENTITY, ...FIELDS])}))
       WHERE event_id IN (SELECT event_id FROM (${rowsOf(["event_id"])}) GROUP BY event_id HAVING count(*) > 1)
     )
     GROUP BY event_type`,
    target,
  );
}

/**
 * Offset ranges → the numbers of rows whose event_id an earlier row has, by event type. A settled
 * row is earlier than all others (settled.ts).
 *
 * Such a row repeats the id of an earlier row, of any type and any time. Mostly it is a copy of the
 * same event. With other content it is another event under the same id: a conflict. The views
 * leave out both.
 */
import { events } from "../events.ts";
import { settings } from "../settings.ts";
import { query } from "../trino.ts";
import { conditionOf, type OffsetRange, onDays } from "./counted.ts";
import { rowsOf } from "./counts.ts";
import { settled } from "./settled.ts";
import type { Target } from "./metastore.ts";

/** Rows of one event type. */
export interface Copies {
  event_type: string;
  rows: number;
  repeated: number; // rows with an earlier row's id
  conflicts: number; // repeated rows with other content than the first row of their id
  left_out: number; // rows that the view `events` does not show
}

const PLACE = '"timestamp", kafka_partition, kafka_offset';
export const POSITION = `ROW(${PLACE})`; // of copies, the lowest row counts
const RANK = `ROW(is_open, ${PLACE})`; // the same, settled rows first
// As lib/content.ts; json_parse sorts the parameters by name.
export const CONTENT = `json_format(CAST(ARRAY[
  event_type, player, session, CAST(occurred_at AS varchar),
  TRY(json_format(json_extract(json_parse(raw_event), '$.params')))
] AS json))`;

/**
 * Counts the copies among the rows in `ranges`. Only `left_out` uses the view, so a notebook can
 * compare it with `repeated`. `days` are those of the rows: without them Trino opens all files.
 */
export async function countCopies(
  ranges: readonly OffsetRange[],
  { schema = settings.schema, days }: Target & { days?: ReadonlySet<string> } = {},
): Promise<Copies[]> {
  const inRanges = `(${conditionOf(ranges)})`;
  const condition = days === undefined ? inRanges : `${onDays(days)} AND ${inRanges}`;
  const columns = ["event_id", "player", "session", "occurred_at", "raw_event"];
  const position = ['"timestamp"', "kafka_partition", "kafka_offset"];
  const found = await query<Copies>(
    `WITH ids AS (SELECT DISTINCT event_id FROM (${rowsOf(["event_id"], condition)})),
     all_rows AS (
       SELECT event_type, kafka_partition, kafka_offset,
         row_number() OVER (PARTITION BY event_id ORDER BY ${RANK}) > 1 AS is_repeated,
         content <> first_value(content) OVER (PARTITION BY event_id ORDER BY ${RANK}) AS is_other
       FROM (
         SELECT event_type, event_id, ${position.join(", ")}, is_open, ${CONTENT} AS content
         FROM (${rowsOf([...columns, ...position, `NOT ${settled()} AS is_open`])})
         WHERE event_id IN (SELECT event_id FROM ids)
       )
     ),
     shown AS (SELECT event_type, count(*) AS n FROM events WHERE ${condition} GROUP BY event_type)
     SELECT event_type, count(*) AS rows, count_if(is_repeated) AS repeated,
       count_if(is_repeated AND is_other) AS conflicts,
       count(*) - coalesce(max(shown.n), 0) AS left_out
     FROM all_rows LEFT JOIN shown USING (event_type)
     WHERE ${inRanges}
     GROUP BY event_type`,
    { schema },
  );
  return events.map(
    ({ type }) =>
      found.find(({ event_type }) => event_type === type) ?? {
        event_type: type,
        rows: 0,
        repeated: 0,
        conflicts: 0,
        left_out: 0,
      },
  );
}

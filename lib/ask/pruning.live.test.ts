import assert from "node:assert/strict";
import { columnsOf, type Value } from "../catalog.ts";
import { events } from "../events.ts";
import { ParquetFile } from "../land/parquet.ts";
import { Ground } from "../testbed/ground.ts";
import { query, type QueryStats } from "../trino.ts";
import { registerDays } from "./tables.ts";

const GROUPS = 40;
const GROUP_ROWS = 500;
const START = Date.UTC(2026, 0, 31);
const { table } = events[2]!;

// A file like the stream's: 40 row groups of 500 events each, one event a millisecond.
describe("a query by timestamp", () => {
  const ground = new Ground();
  const { schema, root, hdfs } = ground;

  before(async () => {
    await ground.create();
    await hdfs.create(`${root}/tables/${table}/day=2026-01-31/game_events-0-0.parquet`, file());
    await registerDays({ schema });
  });
  after(() => ground.remove());

  function file(): Buffer {
    const columns = columnsOf(events[2]!);
    const parquet = new ParquetFile(columns, { rowGroupRows: GROUP_ROWS });
    const given: Record<string, (i: number) => Value> = {
      timestamp: (i) => START + i,
      received_at: (i) => START + i,
      occurred_at: () => null,
      region: (i) => (i % 2 ? "ny" : "cali"),
      kafka_partition: () => 0,
      kafka_offset: (i) => i,
    };
    for (let i = 0; i < GROUPS * GROUP_ROWS; i++) {
      parquet.append(columns.map(({ name }) => (given[name] ? given[name](i) : name)));
    }
    return parquet.finish();
  }

  async function count(condition: string, ...parameters: Date[]) {
    let last: QueryStats | undefined;
    const [row] = await query<{ n: number }>(`SELECT count(region) AS n FROM ${table} WHERE ${condition}`, {
      schema,
      parameters,
      onStatistics: (statistics) => (last = statistics),
    });
    return { found: row!.n, read: last!.processedRows };
  }

  it("reads every row without a condition", async () => {
    assert.deepEqual(await count("true"), { found: GROUPS * GROUP_ROWS, read: GROUPS * GROUP_ROWS });
  });

  it("reads only the row group that holds one moment", async () => {
    const moment = new Date(START + 7 * GROUP_ROWS);
    assert.deepEqual(await count("timestamp = ?", moment), { found: 1, read: GROUP_ROWS });
  });

  it("reads only the row groups that a span touches", async () => {
    const from = new Date(START + 10 * GROUP_ROWS - 1); // the last row of the tenth group
    const to = new Date(START + 12 * GROUP_ROWS); // the first of the thirteenth
    assert.deepEqual(await count("timestamp BETWEEN ? AND ?", from, to), {
      found: 2 * GROUP_ROWS + 2,
      read: 4 * GROUP_ROWS,
    });
  });

  it("reads no row for a time without events", async () => {
    assert.deepEqual(await count("timestamp < ?", new Date(START)), { found: 0, read: 0 });
  });
});

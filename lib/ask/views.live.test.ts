// Rows with equal event_ids, in a schema and an HDFS folder of the test.
import assert from "node:assert/strict";
import { events } from "../events.ts";
import { Ground } from "../testbed/ground.ts";
import { countEvents, countTables } from "./counts.ts";
import { countCopies } from "./doubles.ts";
import { query, type QueryStats } from "../trino.ts";

interface Copy {
  id: string;
  at: string; // a time of the day
  day: string;
  partition?: number;
  offset: number;
}

describe("the views unique_<table>", () => {
  const ground = new Ground();
  const { schema } = ground;

  before(async () => {
    await ground.create();
    await insert("guild_joins", "join_a_guild", [
      { id: "once", at: "10:00:00.000", day: "2026-01-30", offset: 1 },
      { id: "twice", at: "23:59:59.999", day: "2026-01-30", offset: 9 }, // counts
      { id: "twice", at: "00:00:00.000", day: "2026-01-31", offset: 2 },
      { id: "twice", at: "00:00:00.001", day: "2026-01-31", partition: 1, offset: 1 },
      { id: "parted", at: "10:00:00.000", day: "2026-01-31", partition: 1, offset: 3 },
      // At the same moment, the row of the lower partition counts.
      { id: "parted", at: "10:00:00.000", day: "2026-01-31", partition: 0, offset: 8 },
      { id: "other", at: "11:00:00.000", day: "2026-01-31", offset: 10 },
    ]);
    await insert("default_requests", "default", [
      { id: "once", at: "10:00:00.000", day: "2026-01-30", offset: 20 }, // another type
    ]);
  });
  after(() => ground.remove());

  async function insert(table: string, type: string, copies: Copy[]): Promise<void> {
    const parameters = table === "guild_joins" ? "'ny', " : "";
    const rows = copies.map(({ id, at, day, partition = 0, offset }) => {
      const time = `TIMESTAMP '${day} ${at}'`;
      return `('x', ${time}, NULL, NULL, NULL, '${type}', ${parameters}'::1', '${id}', 'p', NULL, ${time}, NULL, NULL, ${partition}, BIGINT '${offset}', DATE '${day}')`;
    });
    await query(`INSERT INTO ${table} VALUES ${rows.join(", ")}`, { schema });
  }

  it("count the first row of equal ids by time, partition and offset, even across days", async () => {
    const rows = await query(
      "SELECT event_id AS id, kafka_partition AS p, kafka_offset AS o FROM unique_guild_joins ORDER BY o",
      { schema },
    );
    assert.deepEqual(rows, [
      { id: "once", p: 0, o: 1 },
      { id: "parted", p: 0, o: 8 },
      { id: "twice", p: 0, o: 9 },
      { id: "other", p: 0, o: 10 },
    ]);
  });

  it("show an event only on the day of its first row", async () => {
    const days = await query(
      "SELECT CAST(day AS varchar) AS day, count(*) AS n FROM unique_guild_joins GROUP BY 1 ORDER BY 1",
      {
        schema,
      },
    );
    assert.deepEqual(days, [
      { day: "2026-01-30", n: 2 },
      { day: "2026-01-31", n: 2 },
    ]);
    const later = "day = DATE '2026-01-31' AND event_id = 'twice'";
    assert.deepEqual(await query(`SELECT * FROM unique_guild_joins WHERE ${later}`, { schema }), []);
    assert.deepEqual(await query(`SELECT count(*) AS n FROM guild_joins WHERE ${later}`, { schema }), [
      { n: 2 },
    ]);
  });

  it("are left aside by `events`, which counts an id of two types once, as countEvents and countCopies do", async () => {
    assert.deepEqual(await query("SELECT count(*) AS n FROM events", { schema }), [{ n: 4 }]); // `once` counts once
    const rows = Object.fromEntries(events.map(({ type }) => [type, 0]));
    assert.deepEqual(await countTables({ schema }), { ...rows, default: 1, join_a_guild: 7 });
    assert.deepEqual(await countEvents({ schema }), { ...rows, join_a_guild: 4 });
    const to = Number.MAX_SAFE_INTEGER;
    const everything = [0, 1].map((partition) => ({ partition, from: 0, to }));
    const none = { rows: 0, repeated: 0, conflicts: 0, left_out: 0 };
    assert.deepEqual(await countCopies(everything, { schema }), [
      { event_type: "default", rows: 1, repeated: 1, conflicts: 1, left_out: 1 }, // another type
      { event_type: "purchase_sword", ...none },
      { event_type: "join_a_guild", rows: 7, repeated: 3, conflicts: 0, left_out: 3 },
    ]);
  });

  it("read from other days only the columns that identify doubles", async () => {
    const read = async (from: string): Promise<number> => {
      let last: QueryStats | undefined;
      const onStatistics = (statistics: QueryStats) => (last = statistics);
      await query(`SELECT region FROM ${from} WHERE day = DATE '2026-01-31'`, { schema, onStatistics });
      return last!.processedRows;
    };
    assert.equal(await read("guild_joins"), 5);
    assert.equal(await read("unique_guild_joins"), 5 + 5 + 7); // the day's rows, settled or not, and all ids
  });
});

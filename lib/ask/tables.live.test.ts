import assert from "node:assert/strict";
import { failedEvents } from "../catalog.ts";
import { events } from "../events.ts";
import { Ground } from "../testbed/ground.ts";
import { query } from "../trino.ts";
import { createTables, describeTables, registerDays, tables } from "./tables.ts";

// The test has its own schema and HDFS folder.
describe("createTables({ schema, hdfsRoot })", () => {
  const ground = new Ground();
  const { schema, root: hdfsRoot, hdfs } = ground;
  const target = { schema, hdfsRoot };
  const views = [...events.map(({ table }) => `unique_${table}`), "events"];
  const names = [...tables.map(({ table }) => table), ...views];

  after(() => ground.remove());

  it("creates the schema, and every table once, even with several creators at the same time, then finds them", async () => {
    const made = await Promise.all([createTables(target), createTables(target), createTables(target)]);
    for (const states of made)
      assert.deepEqual(
        states.map(({ table }) => table),
        names,
      );
    for (const { table: name } of tables) {
      const states = made.flat().filter(({ table, state }) => table === name && state === "created");
      assert.equal(states.length, 1, name);
    }
    assert.ok((await createTables(target)).every(({ state }) => state === "found"));
  });

  it("creates the catalogue's columns with their types, in its order, with the day last", async () => {
    const columns = await query<{ column_name: string; data_type: string }>(
      `SELECT column_name, data_type FROM information_schema.columns
       WHERE table_schema = ? AND table_name = 'sword_purchases' ORDER BY ordinal_position`,
      { parameters: [schema] },
    );
    assert.deepEqual(
      columns.map(({ column_name, data_type }) => `${column_name} ${data_type}`),
      [
        "raw_event varchar",
        "timestamp timestamp(3)",
        "accept varchar",
        "host varchar",
        "user_agent varchar",
        "event_type varchar",
        "metal varchar",
        "power_level integer",
        "magical boolean",
        "remote_addr varchar",
        "event_id varchar",
        "player varchar",
        "session varchar",
        "received_at timestamp(3)",
        "occurred_at timestamp(3)",
        "definition varchar",
        "kafka_partition integer",
        "kafka_offset bigint",
        "day date",
      ],
    );
  });

  it("gives a table the columns of its files, and refuses one whose files are elsewhere", async () => {
    const { table } = events[2]!;
    const make = async (location: string) => {
      await query(`DROP TABLE ${table}`, { schema });
      await query(
        `CREATE TABLE ${table} (raw_event varchar, region integer, day date)
         WITH (external_location = 'hdfs://${location}', format = 'PARQUET', partitioned_by = ARRAY['day'])`,
        { schema },
      );
    };
    await make(`${hdfsRoot}/tables`);
    await assert.rejects(createTables(target), (error: Error) => {
      assert.match(
        error.message,
        /^table guild_joins: expected its files in \S+\/tables\/guild_joins, got \S+\/tables; /,
      );
      assert.match(error.message, /npm run query -- 'DROP TABLE \w+\.guild_joins'$/);
      return true;
    });
    await make(`${hdfsRoot}/tables/${table}`);
    const states = (await createTables(target)).filter(({ state }) => state === "changed");
    assert.deepEqual(
      states.map(({ table }) => table),
      [table],
    );
    assert.ok(states[0]!.changes.includes("column region changed from integer to varchar"));
    assert.ok((await createTables(target)).every(({ state }) => state === "found"));
  });

  it("replaces the views when the catalogue has changed", async () => {
    for (const view of views) await query(`CREATE OR REPLACE VIEW ${view} AS SELECT 1 AS n`, { schema });
    const states = async () => (await createTables(target)).slice(-views.length).map(({ state }) => state);
    assert.deepEqual(
      await states(),
      views.map(() => "changed"),
    );
    assert.deepEqual(
      await states(),
      views.map(() => "found"),
    );
  });

  it("registers days with new folders, however often it is called", async () => {
    for (const day of ["2026-01-31", "1970-01-01"]) {
      await hdfs.makeFolder(`${hdfsRoot}/tables/${events[0]!.table}/day=${day}`);
    }
    await Promise.all([registerDays(target), registerDays(target)]);
    await registerDays(target);
    const days = await query(`SELECT day FROM "${events[0]!.table}$partitions" ORDER BY 1`, { schema });
    assert.deepEqual(days, [{ day: "1970-01-01" }, { day: "2026-01-31" }]);
    const summaries = await describeTables(target);
    assert.deepEqual(
      summaries.map(({ table, days, rows }) => ({ table, days, rows })),
      tables.map(({ table }, i) => ({ table, days: i === 0 ? 2 : 0, rows: 0 })),
    );
  });

  it("shows a table's rows in the view of all events too, but no failed events", async () => {
    const text = "'x'";
    const at = "TIMESTAMP '2026-01-31 10:00:00.123'";
    await query(
      `INSERT INTO guild_joins SELECT ${text}, ${at}, NULL, NULL, NULL, 'join_a_guild', 'ny', ${text}, 'id', ${text},
       NULL, ${at}, NULL, NULL, 0, 5000000000, DATE '2026-01-31'`,
      { schema },
    );
    await query(
      `INSERT INTO ${failedEvents.table} SELECT NULL, ${at}, 'no JSON', 'game_events', 0, 7, DATE '2026-01-31'`,
      { schema },
    );
    assert.deepEqual(await query("SELECT event_type, timestamp, kafka_offset, day FROM events", { schema }), [
      {
        event_type: "join_a_guild",
        timestamp: new Date("2026-01-31T10:00:00.123Z"),
        kafka_offset: 5_000_000_000,
        day: "2026-01-31",
      },
    ]);
    const found = await query(
      "SELECT count(*) AS n FROM events WHERE day = DATE '2026-01-31' AND event_type = ?",
      {
        schema,
        parameters: ["join_a_guild"],
      },
    );
    assert.deepEqual(found, [{ n: 1 }]);
  });
});

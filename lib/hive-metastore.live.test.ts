// The stack's own metastore.
import assert from "node:assert/strict";
import {
  alterPartitions,
  alterTable,
  getPartitions,
  getTable,
  hiveColumns,
  PARTITION,
  setHiveColumns,
  TABLE,
} from "./hive-metastore.ts";
import { Ground } from "./testbed/ground.ts";
import type { Entries, Struct } from "./thrift.ts";
import { query } from "./trino.ts";

describe("the metastore's tables and partitions", function () {
  this.timeout(120_000);
  const ground = new Ground();
  before(async () => {
    await ground.create();
    await query(
      `CREATE TABLE many (n integer COMMENT 'größer', d decimal(9, 2), day varchar)
       WITH (partitioned_by = ARRAY['day'], format = 'PARQUET')`,
      { schema: ground.schema },
    );
    await query(
      "INSERT INTO many SELECT n, DECIMAL '1.50', 'day ' || CAST(n AS varchar) FROM UNNEST(sequence(1, 12)) s(n)",
      {
        schema: ground.schema,
      },
    );
  });
  after(() => ground.remove());

  /** Without the time of the last change, which the metastore writes by itself. */
  function plain(of: Struct, parameters: number): Struct {
    const map = of.get(parameters)!.value as Entries;
    map.entries = map.entries.filter(([name]) => name !== "transient_lastDdlTime");
    map.entries.sort(([a], [b]) => ((a as string) < (b as string) ? -1 : 1));
    return of;
  }

  it("are the same after they were written back as they were read", async () => {
    const table = (await getTable(ground.schema, "many"))!;
    const days = await getPartitions(ground.schema, "many");
    assert.deepEqual(hiveColumns(table, TABLE.storage), [
      { name: "n", type: "int" },
      { name: "d", type: "decimal(9,2)" },
    ]);
    assert.equal(days.length, 12);
    assert.deepEqual(hiveColumns(days[11]!, PARTITION.storage), hiveColumns(table, TABLE.storage));
    await alterTable(ground.schema, "many", table);
    await alterPartitions(ground.schema, "many", days);
    const after = (await getTable(ground.schema, "many"))!;
    assert.deepEqual(plain(after, TABLE.parameters), plain(table, TABLE.parameters));
    const daysAfter = await getPartitions(ground.schema, "many");
    const bare = (all: Struct[]) => all.map((day) => plain(day, PARTITION.parameters));
    assert.deepEqual(bare(daysAfter), bare(days));
    const [row] = await query("SELECT count(*) AS rows, sum(n) AS n FROM many", { schema: ground.schema });
    assert.deepEqual({ ...row }, { rows: 12, n: 78 });
  });

  it("are read whole while another process changes their columns again and again", async () => {
    await query(
      "CREATE TABLE changed (a varchar, n varchar, day varchar) WITH (partitioned_by = ARRAY['day'])",
      {
        schema: ground.schema,
      },
    );
    await query("INSERT INTO changed VALUES ('a', '1', 'one')", { schema: ground.schema });
    const kinds = ["string", "int"].map((type) => [
      { name: "a", type: "string" },
      { name: "n", type },
    ]);
    let isOver = false;
    const seen = new Set<string>();
    const readers = [1, 2, 3, 4].map(async () => {
      while (!isOver) {
        seen.add(JSON.stringify(hiveColumns((await getTable(ground.schema, "changed"))!, TABLE.storage)));
        for (const day of await getPartitions(ground.schema, "changed"))
          seen.add(JSON.stringify(hiveColumns(day, PARTITION.storage)));
      }
    });
    const table = (await getTable(ground.schema, "changed"))!;
    const days = await getPartitions(ground.schema, "changed");
    for (let change = 0; change < 60; change++) {
      setHiveColumns(table, TABLE.storage, kinds[change % 2]!);
      for (const day of days) setHiveColumns(day, PARTITION.storage, kinds[change % 2]!);
      await alterTable(ground.schema, "changed", table);
      await alterPartitions(ground.schema, "changed", days);
    }
    isOver = true;
    await Promise.all(readers);
    assert.deepEqual([...seen].sort(), kinds.map((columns) => JSON.stringify(columns)).sort());
  });

  it("have no days for a table that does not exist: a query over a dropped table counts 0", async () => {
    assert.deepEqual(await getPartitions(ground.schema, "no_such_table"), []);
  });

  it("answers null for a table that does not exist", async () => {
    assert.equal(await getTable(ground.schema, "no_such_table"), null);
  });

  it("names the metastore's reason for a refusal", async () => {
    const table = (await getTable(ground.schema, "many"))!;
    await assert.rejects(alterTable(ground.schema, "no_such_table", table), {
      name: "ThriftError",
      message: /^alter_table_with_environment_context: expected an answer, got an exception: .*no_such_table/,
    });
  });
});

import assert from "node:assert/strict";
import { dayFolder, fileName } from "../layout.ts";
import { BuyGround, DAY, gameOf } from "../testbed/buy.fixture.ts";
import { query } from "../trino.ts";
import { tables, createTables, registerDays } from "./tables.ts";
import { findConflicts, findMissingTables } from "./table-problems.ts";

// On the running services, each test with a schema and folder of its own.
describe("the problems of tables", function () {
  this.timeout(120_000);
  let ground: BuyGround;
  beforeEach(() => {
    ground = new BuyGround();
  });
  afterEach(() => ground.remove());

  it("name a table whose files have another type than the list, and change nothing", async () => {
    const before = gameOf({ n: "integer" });
    await ground.apply(before);
    const after = gameOf({ n: "text" });
    assert.deepEqual(await findConflicts(ground.target, after), []); // without files there is no conflict
    await ground.land(before, [{ n: "1" }]);
    assert.deepEqual(await findConflicts(ground.target, after), [
      "table buy: column n has integer in its files and text in lib/game.ts; " +
        "to rewrite it: npm run tables -- --rebuild buy",
    ]);
    assert.deepEqual(await findConflicts(ground.target, before), []);
    assert.deepEqual(await findConflicts(ground.target, gameOf({ n: "bigint" })), []);
  });

  it("name the broken file of a table without a list, whose table and views stay as they are", async () => {
    const path = `${dayFolder(ground.root, "buy", DAY)}/${fileName({ topic: "t", partition: 0, first: 0 })}`;
    await ground.hdfs.create(path, Buffer.from("not a Parquet file"));
    const { problem } = await ground.apply(gameOf({ n: "integer" }));
    assert.match(problem ?? "", /^table buy: its newest file must tell its columns, but \S+ is broken: /);
    assert.deepEqual(await findConflicts(ground.target, gameOf({ n: "integer" })), [problem]);
    await ground.hdfs.remove(path);
    assert.equal((await ground.apply(gameOf({ n: "integer" }))).problem, null);
  });

  it("name each missing table, which keeps no other table's days from their registration", async () => {
    const { schema, target } = ground;
    const [first, second] = tables;
    const sentence = (table: string) =>
      `table ${schema}.${table} does not exist yet; npm run tables makes it`;
    assert.deepEqual(
      await findMissingTables(target),
      tables.map(({ table }) => sentence(table)),
    );
    await registerDays(target);
    await createTables(target);
    await query(`DROP TABLE ${first!.table}`, { schema });
    assert.deepEqual(await findMissingTables(target), [sentence(first!.table)]);
    for (const { table } of [first!, second!])
      await ground.hdfs.makeFolder(`${ground.root}/tables/${table}/day=2026-01-31`);
    await registerDays(target);
    const days = async (table: string) => query(`SELECT day FROM "${table}$partitions"`, { schema });
    assert.deepEqual(await days(second!.table), [{ day: "2026-01-31" }]);
    await createTables(target);
    assert.deepEqual(await days(first!.table), [{ day: "2026-01-31" }]);
  });
});

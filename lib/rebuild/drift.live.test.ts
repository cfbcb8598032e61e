// One difference between each two neighbours, made on purpose, in a ground of its own.
import assert from "node:assert/strict";
import { columnsOf, defineEvents } from "../catalog.ts";
import { dayFolder } from "../layout.ts";
import { ParquetFile } from "../land/parquet.ts";
import { readColumns, writeColumns } from "../stored-columns.ts";
import { BuyGround, DAY, type Game, gameOf } from "../testbed/buy.fixture.ts";
import { query } from "../trino.ts";
import { describeDifference, findDifferences } from "./drift.ts";

const MAKE = "to mend it: npm run tables";
const REWRITE = "to rewrite it: npm run tables -- --rebuild buy";

describe("findDifferences(target, catalogue)", function () {
  this.timeout(120_000);
  const game = gameOf({ metal: "text", n: "integer" });
  let ground: BuyGround;
  beforeEach(async () => {
    ground = new BuyGround();
    await ground.apply(game);
    await ground.land(game, [{ metal: "gold", n: "7" }]);
    assert.deepEqual(await differences(), []);
  });
  afterEach(() => ground.remove());

  async function differences(catalogue: Game = game): Promise<string[]> {
    return (await findDifferences(ground.target, catalogue)).map(describeDifference);
  }

  async function changeList(change: (columns: { name: string; type: string }[]) => void): Promise<void> {
    const { number, columns } = await readColumns(ground.hdfs, ground.root, "buy");
    change(columns);
    assert.ok(await writeColumns(ground.hdfs, ground.root, "buy", number + 1, columns));
  }

  it("catalogue and list: a conflict, a new parameter, a wider number", async () => {
    const other = gameOf({ metal: "integer", n: "bigint", price: "decimal(10, 2)" });
    const found = (await differences(other)).filter((one) => one.startsWith("table"));
    assert.deepEqual(found, [
      `table buy: column metal has text in its list of columns and integer in lib/game.ts; ${REWRITE}`,
      `table buy: column price (decimal(10, 2)) is in lib/game.ts, and not in its list of columns; ${MAKE}`,
      `table buy: column n has integer in its list of columns and bigint in lib/game.ts; ${MAKE}`,
    ]);
  });

  it("list and files: a column too many in the list", async () => {
    await changeList((columns) => columns.push({ name: "ghost", type: "text" }));
    assert.deepEqual(await differences(), [
      `table buy: column ghost (text) is in its list of columns, and in no file; ${REWRITE}`,
      `table buy: Trino's table does not follow its list of columns (column ghost varchar added); ${MAKE}`,
    ]);
  });

  it("list and files: a file whose column has another type, a file with another column", async () => {
    const strange = gameOf({ metal: "boolean", n: "integer", extra: "date" });
    const file = new ParquetFile(columnsOf(strange[0]!));
    const path = `${dayFolder(ground.root, "buy", DAY)}/strange.parquet`;
    await ground.hdfs.create(path, file.finish());
    assert.deepEqual(await differences(), [
      `table buy, file ${path}: column metal has boolean, and text in the list of columns; ${REWRITE}`,
      `table buy, file ${path}: column extra (date) is not in the list of columns; ${REWRITE}`,
    ]);
  });

  it("list and files: a file that is not a Parquet file", async () => {
    const path = `${dayFolder(ground.root, "buy", DAY)}/broken.parquet`;
    await ground.hdfs.create(path, Buffer.from("not a Parquet file"));
    assert.deepEqual(await differences(), [
      `table buy, file ${path}: cannot be read: Parquet file: expected it to end in PAR1, got "file"; to mend it: move the file away`,
    ]);
  });

  it("list and Trino: a table altered, a day without registration, a table dropped", async () => {
    await query("ALTER TABLE buy ADD COLUMN own varchar", ground.target);
    const [altered] = await differences();
    assert.equal(
      altered,
      `table buy: Trino's table does not follow its list of columns (column own removed: no file has it); ${MAKE}`,
    );
    await ground.apply(game);
    assert.deepEqual(await differences(), []);
    const from = dayFolder(ground.root, "buy", DAY);
    await ground.hdfs.rename(from, dayFolder(ground.root, "buy", "2026-02-01"));
    assert.deepEqual(await differences(), [
      `table buy: day 2026-02-01 has files that Trino does not show; ${MAKE}`,
    ]);
    await query("DROP TABLE buy", ground.target);
    assert.deepEqual((await differences())[0], `table buy: it is not in Trino; ${MAKE}`);
  });

  it("tables and views: a view replaced, a view dropped, a view of a removed type", async () => {
    await query("CREATE OR REPLACE VIEW unique_buy AS SELECT * FROM buy", ground.target);
    await query("DROP VIEW events", ground.target);
    assert.deepEqual(await differences(), [
      `view unique_buy: it has another definition; ${MAKE}`,
      `view events: it is not in Trino; ${MAKE}`,
    ]);
    await ground.apply(game);
    const other = defineEvents([{ type: "sell" }]);
    const found = await differences(other);
    assert.ok(found.includes(`view unique_buy: no event of lib/game.ts has its table; ${MAKE}`));
  });

  it("a table without a list of columns", async () => {
    await ground.hdfs.remove(`${ground.root}/columns/buy`);
    assert.equal((await differences())[0], `table buy: it has no list of columns in HDFS; ${MAKE}`);
  });

  it("takes a narrower number and a removed parameter for no difference", async () => {
    const wide = gameOf({ metal: "text", n: "bigint" });
    await ground.apply(wide);
    await ground.land(wide, [{ n: "1" }]);
    const narrow = gameOf({ n: "integer" });
    await ground.apply(narrow);
    assert.deepEqual(await differences(narrow), []);
  });
});

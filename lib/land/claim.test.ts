import assert from "node:assert/strict";
import { columnsOf, defineEvents, type EventEntry } from "../catalog.ts";
import { dayFolder, fileName, rebuildFolder } from "../layout.ts";
import { readColumns } from "../stored-columns.ts";
import { HdfsModel } from "../testbed/hdfs-model.fixture.ts";
import { TableClaim } from "./claim.ts";
import { ParquetFile } from "./parquet.ts";

const ROOT = "/questlog";
const position = { timestamp: 1, partition: 0, offset: 0 };
const gameOf = (parameters: EventEntry["parameters"] = {}) => defineEvents([{ type: "buy", parameters }]);

describe("new TableClaim(hdfs, root, log, catalogue)", () => {
  let hdfs: HdfsModel;
  let log: string[];
  beforeEach(() => {
    hdfs = new HdfsModel();
    log = [];
  });

  async function claim(parameters: EventEntry["parameters"]): Promise<TableClaim> {
    const made = new TableClaim(hdfs, ROOT, (line) => log.push(line), gameOf(parameters));
    await made.make();
    return made;
  }

  async function land(parameters: EventEntry["parameters"], first: number): Promise<void> {
    const file = new ParquetFile(columnsOf(gameOf(parameters)[0]!));
    const name = fileName({ topic: "t", partition: 0, first });
    await hdfs.create(`${dayFolder(ROOT, "buy", "2026-01-31")}/${name}`, file.finish());
  }

  const message = (params: object) =>
    JSON.stringify({
      event_id: "a",
      event_type: "buy",
      received_at: "2026-01-31T12:00:00.000Z",
      player: null,
      params,
      headers: {},
      remote_addr: "",
    });
  const typesOf = async () => {
    const { columns } = await readColumns(hdfs, ROOT, "buy");
    const parameters = columns.filter(({ name }) => ["n", "m"].includes(name));
    return Object.fromEntries(parameters.map(({ name, type }) => [name, type]));
  };

  it("adds its columns to the table's list, and leaves no staged file", async () => {
    await claim({ n: "integer" });
    assert.deepEqual(await typesOf(), { n: "integer" });
    await claim({ m: "text", n: "bigint" });
    assert.deepEqual(await typesOf(), { m: "text", n: "bigint" });
    assert.deepEqual((await hdfs.list(`${ROOT}/staging`)).entries, []);
    assert.equal((await readColumns(hdfs, ROOT, "buy")).number, 2);
  });

  it("lets events of a table wait that is being rebuilt, and leaves its list as it is", async () => {
    await hdfs.makeFolder(rebuildFolder(ROOT, "buy"));
    const { parse } = await claim({ n: "integer" });
    const row = parse(message({ n: "1" }), position);
    assert.ok("reason" in row && row.reason.startsWith("waiting: table buy: its rebuild is at work"));
    assert.equal((await readColumns(hdfs, ROOT, "buy")).number, 0);
  });

  it("lets events of a table with a conflict wait, with the remedy, and says so once", async () => {
    await claim({ n: "text" });
    await land({ n: "text" }, 0);
    const { parse } = await claim({ n: "integer" });
    const reason =
      "table buy: column n has text in its files and integer in lib/game.ts; to rewrite it: npm run tables -- --rebuild buy";
    const raw = message({ n: "7" });
    for (let i = 0; i < 2; i++) assert.deepEqual(parse(raw, position), { reason: `waiting: ${reason}`, raw });
    assert.deepEqual(log, [`${reason}; until then its events wait in failed_events`]);
    assert.deepEqual(await typesOf(), { n: "text" });
  });

  it("says a conflict once, when several partitions ask at the same time", async () => {
    await claim({ n: "text" });
    await land({ n: "text" }, 0);
    const made = new TableClaim(hdfs, ROOT, (line) => log.push(line), gameOf({ n: "integer" }));
    await Promise.all([made.make(), made.make(), made.make()]);
    assert.equal(log.length, 1);
  });

  const whole = "PAR1 a text and not a footer";
  for (const [fault, bytes] of [
    ["is empty", Buffer.alloc(0)],
    ["is no Parquet file", Buffer.from("not a Parquet file")],
    ["has a footer of other bytes", Buffer.concat([Buffer.from(whole), Buffer.from("\x10\0\0\0PAR1")])],
    ["has a footer that begins before the file", Buffer.from("PAR1\xff\xff\0\0PAR1", "latin1")],
  ] as const) {
    it(`lets the events of one table wait, and names its file, when that file ${fault}`, async () => {
      const path = `${dayFolder(ROOT, "buy", "2026-01-31")}/${fileName({ topic: "t", partition: 0, first: 0 })}`;
      await hdfs.create(path, bytes);
      const game = defineEvents([{ type: "buy", parameters: { n: "integer" } }, { type: "sell" }]);
      const made = new TableClaim(hdfs, ROOT, (line) => log.push(line), game);
      await made.make();
      assert.equal(log.length, 1);
      assert.ok(
        log[0]!.startsWith(`table buy: its newest file must tell its columns, but ${path} is broken: `),
      );
      const waiting = made.parse(message({ n: "1" }), position);
      assert.ok("reason" in waiting && waiting.reason.startsWith("waiting: table buy: "));
      const sell = JSON.stringify({ ...(JSON.parse(message({})) as object), event_type: "sell" });
      assert.ok("event" in made.parse(sell, position));
      assert.equal((await readColumns(hdfs, ROOT, "buy")).number, 0);
    });
  }

  it("says once for each unknown type that its events wait", async () => {
    const { parse } = await claim({});
    const sent = (event_type: string, definition?: string) =>
      JSON.stringify({ ...(JSON.parse(message({})) as object), event_type, definition });
    for (const text of [sent("sell", "v1"), sent("sell", "v1"), sent("steal", "v1"), sent("fly")])
      assert.throws(() => parse(text, position), { name: "Misfit" });
    assert.deepEqual(
      log,
      ["sell", "steal"].map(
        (type) =>
          `event_type: expected one of buy, got "${type}"; its events wait in failed_events for a stream that has this type`,
      ),
    );
  });

  it("takes any type for a table without files", async () => {
    await claim({ n: "text" });
    const { parse } = await claim({ n: "integer" });
    assert.ok("event" in parse(message({ n: "7" }), position));
    assert.deepEqual(await typesOf(), { n: "integer" });
  });

  it("reads the columns of the newest file of a table that has no list", async () => {
    await land({ n: "integer" }, 0);
    await claim({ n: "bigint" });
    assert.deepEqual(await typesOf(), { n: "bigint" });
  });

  it("gives all of several writers one list with the columns of each", async () => {
    const parameters = ["a", "b", "c", "d", "e"].map((name) => ({ [name]: "integer" as const }));
    await Promise.all(parameters.map((one) => claim(one)));
    const names = (await readColumns(hdfs, ROOT, "buy")).columns.map(({ name }) => name);
    for (const name of ["a", "b", "c", "d", "e"]) assert.ok(names.includes(name), name);
  });
});

// Tables of one catalogue, with files, and then another catalogue. Each test has its own ground.
import assert from "node:assert/strict";
import { columnsOf, defineEvents, type EventEntry } from "../catalog.ts";
import { eventReader } from "../envelope.ts";
import { dayFolder, fileName } from "../layout.ts";
import { ParquetFile } from "../land/parquet.ts";
import { addColumns, wantedColumns } from "../stored-columns.ts";
import { Ground } from "../testbed/ground.ts";
import { query, QueryError } from "../trino.ts";
import type { TableState } from "./metastore.ts";
import { createTables, registerDays } from "./tables.ts";

const DAY = "2026-01-31";
const NOON = Date.parse(`${DAY}T12:00:00Z`);
const CHANGING_MS = 10_000;
type Parameters = NonNullable<EventEntry["parameters"]>;

describe("createTables(target, catalogue) after a change of the catalogue", function () {
  this.timeout(120_000);
  let ground: Ground;
  let offset: number;
  beforeEach(() => {
    ground = new Ground();
    offset = 0;
  });
  afterEach(() => ground.remove());

  const gameOf = (parameters: Parameters, ...others: EventEntry[]) =>
    defineEvents([{ type: "buy", parameters }, ...others]);
  const target = () => ({ schema: ground.schema, hdfsRoot: ground.root });
  const rowsOf = (sql: string) => query(sql, { schema: ground.schema });

  /** Makes the tables of a game, as `npm run tables` does. */
  async function apply(game: ReturnType<typeof gameOf>): Promise<TableState> {
    return (await createTables(target(), game)).find(({ table }) => table === "buy")!;
  }

  /** Lands one event of `buy`, as a stream with this game does, in a file of its own. */
  async function land(game: ReturnType<typeof gameOf>, params: Record<string, string>): Promise<void> {
    const event = game.find(({ type }) => type === "buy")!;
    const { conflicts } = await addColumns(ground.hdfs, ground.root, event.table, wantedColumns(event));
    assert.deepEqual(conflicts, []);
    const envelope = {
      event_id: `id ${offset}`,
      event_type: "buy",
      received_at: new Date(NOON).toISOString(),
      player: "ann",
      params,
      headers: {},
      remote_addr: "::1",
    };
    const position = { timestamp: NOON, partition: 0, offset };
    const file = new ParquetFile(columnsOf(event));
    file.append(eventReader(game)(JSON.stringify(envelope), position).values);
    const name = fileName({ topic: ground.topic, partition: 0, first: offset++ });
    await ground.hdfs.create(`${dayFolder(ground.root, "buy", DAY)}/${name}`, file.finish());
    await registerDaysOf();
  }

  async function registerDaysOf(): Promise<void> {
    await query(
      `CALL hive.system.sync_partition_metadata('${ground.schema}', 'buy', 'ADD', false)`,
      target(),
    );
  }

  const changes: {
    subject: string;
    before: Parameters;
    sent: Record<string, string>;
    after: Parameters;
    sentAfter: Record<string, string>;
    said: string[];
    read: string; // columns of the view
    rows: unknown[][];
  }[] = [
    {
      subject: "adds a parameter: it is null in older rows",
      before: { metal: "text" },
      sent: { metal: "gold", price: "1.50" },
      after: { metal: "text", price: "decimal(10, 2)" },
      sentAfter: { metal: "iron", price: "2.50" },
      said: ["column price decimal(10, 2) added"],
      read: "metal, price",
      rows: [
        ["gold", null],
        ["iron", "2.50"],
      ],
    },
    {
      subject: "widens an integer to a bigint",
      before: { n: "integer" },
      sent: { n: "7" },
      after: { n: "bigint" },
      sentAfter: { n: "9007199254740993" },
      said: ["column n changed from integer to bigint"],
      read: "n",
      rows: [[7], [9007199254740993n]],
    },
    {
      subject: "widens decimals, from each form in a file to each wider one",
      before: { a: "decimal(5, 2)", b: "decimal(12, 2)", c: "decimal(5, 2)" },
      sent: { a: "-1.25", b: "1.25", c: "0.01" },
      after: { a: "decimal(12, 2)", b: "decimal(38, 2)", c: "decimal(38, 2)" },
      sentAfter: { a: "1234567890.12", b: "-123456789012345678901234567890.12", c: "-0.01" },
      said: [
        "column a changed from decimal(5, 2) to decimal(12, 2)",
        "column b changed from decimal(12, 2) to decimal(38, 2)",
        "column c changed from decimal(5, 2) to decimal(38, 2)",
      ],
      read: "a, b, c",
      rows: [
        ["-1.25", "1.25", "0.01"],
        ["1234567890.12", "-123456789012345678901234567890.12", "-0.01"],
      ],
    },
    {
      subject: "renames a parameter: older rows have the old name's value",
      before: { cost: "integer" },
      sent: { cost: "5" },
      after: { price: { type: "bigint", was: "cost" } },
      sentAfter: { price: "6" },
      said: ["column price bigint added"],
      read: "price",
      rows: [[5], [6]],
    },
    {
      subject: "takes the old name from clients that still send it",
      before: { cost: "integer" },
      sent: { cost: "5" },
      after: { price: { type: "integer", was: ["cost", "value"] } },
      sentAfter: { cost: "6" },
      said: ["column price integer added"],
      read: "price",
      rows: [[5], [6]],
    },
    {
      subject: "removes a parameter: no view has it, and the table keeps it",
      before: { metal: "text", n: "integer" },
      sent: { metal: "gold", n: "1" },
      after: { metal: "text" },
      sentAfter: { metal: "iron" },
      said: [],
      read: "metal",
      rows: [["gold"], ["iron"]],
    },
    {
      subject: "goes back to a narrower number: the column stays wide",
      before: { n: "bigint" },
      sent: { n: "5" },
      after: { n: "integer" },
      sentAfter: { n: "6" },
      said: [],
      read: "n",
      rows: [[5], [6]],
    },
    {
      subject: "changes text to json and its limits, which a file does not show",
      before: { bag: { type: "text", maxLength: 10 } },
      sent: { bag: "[1]" },
      after: { bag: "json" },
      sentAfter: { bag: '{"a":2}' },
      said: [],
      read: "bag",
      rows: [["[1]"], ['{"a":2}']],
    },
  ];
  for (const { subject, before, sent, after, sentAfter, said, read, rows } of changes) {
    it(subject, async () => {
      const [old, game] = [gameOf(before), gameOf(after)];
      await apply(old);
      await land(old, sent);
      const { state, changes, problem } = await apply(game);
      assert.deepEqual([state, changes, problem], [said.length > 0 ? "changed" : "found", said, null]);
      await land(game, sentAfter);
      const found = await rowsOf(`SELECT ${read} FROM unique_buy ORDER BY kafka_offset`);
      assert.deepEqual(found.map(Object.values), rows);
      assert.deepEqual(await rowsOf("SELECT count(*) AS n FROM events"), [{ n: 2 }]);
      assert.equal((await apply(game)).state, "found");
    });
  }

  const conflicts: [before: Parameters, after: Parameters, facts: string][] = [
    [{ n: "text" }, { n: "integer" }, "column n has text in its files and integer in lib/game.ts"],
    [{ n: "integer" }, { n: "text" }, "column n has integer in its files and text in lib/game.ts"],
    [{ n: "boolean" }, { n: "text" }, "column n has boolean in its files and text in lib/game.ts"],
    [
      { n: "decimal(9, 2)" },
      { n: "decimal(9, 3)" },
      "column n has decimal(9, 2) in its files and decimal(9, 3) in lib/game.ts",
    ],
    [
      { old: "text" },
      { n: { type: "integer", was: "old" } },
      "column old has text in its files and integer in lib/game.ts",
    ],
  ];
  for (const [before, after, facts] of conflicts) {
    it(`leaves a table as it is when ${facts}`, async () => {
      const old = gameOf(before);
      await apply(old);
      await land(old, {
        [Object.keys(before)[0]!]:
          before.n === "text" || before.old ? "7" : before.n === "boolean" ? "true" : "7",
      });
      const { problem } = await apply(gameOf(after));
      assert.equal(problem, `table buy: ${facts}; to rewrite it: npm run tables -- --rebuild buy`);
      for (const source of ["buy", "unique_buy", "events"])
        assert.deepEqual(await rowsOf(`SELECT count(player) AS n FROM ${source}`), [{ n: 1 }], source);
    });
  }

  it("changes a table without files to any type", async () => {
    await apply(gameOf({ n: "text" }));
    const { state, problem } = await apply(gameOf({ n: "integer" }));
    assert.deepEqual([state, problem], ["changed", null]);
  });

  it("drops the view of a removed type, and keeps its table and a user's own view", async () => {
    const more: EventEntry = { type: "sell", parameters: { n: "integer" } };
    await createTables(target(), gameOf({}, more));
    await query("CREATE VIEW unique_own AS SELECT 1 AS n", target());
    const states = await createTables(target(), gameOf({}));
    assert.deepEqual(
      states.filter(({ state }) => state === "dropped").map(({ table }) => table),
      ["unique_sell"],
    );
    const names = await rowsOf("SHOW TABLES");
    assert.deepEqual(names.map(Object.values).flat().sort(), [
      "buy",
      "events",
      "failed_events",
      "sell",
      "unique_buy",
      "unique_own",
    ]);
    await registerDays(target()).catch(() => undefined);
  });

  it("takes the columns of the newest file of a stack that has no list yet", async () => {
    const old = gameOf({ n: "integer" });
    await apply(old);
    await land(old, { n: "5" });
    await ground.hdfs.remove(`${ground.root}/columns`);
    assert.match((await apply(gameOf({ n: "text" }))).problem ?? "", /column n has integer in its files/);
    assert.equal((await apply(gameOf({ n: "bigint" }))).problem, null);
  });

  it("shows all rows or an error to readers, while columns are added and widened", async () => {
    const gameAt = (change: number): Parameters => {
      const added = Array.from({ length: change }, (_, i) => [`p${change - i}`, "text"]);
      const n = change > 3 ? "bigint" : "integer";
      return { ...(Object.fromEntries(added) as Parameters), n };
    };
    const SENT = 12;
    await apply(gameOf(gameAt(0)));
    for (let n = 0; n < SENT; n++) await land(gameOf(gameAt(0)), { n: String(n), p1: "x" });
    const [stop, seen] = [new AbortController(), new Set<string>()];
    const read = async (source: string): Promise<void> => {
      while (!stop.signal.aborted) {
        const answer = rowsOf(`SELECT count(*) AS rows, count(n) AS ns FROM ${source}`);
        const text = await answer.then(
          ([row]) => JSON.stringify(row),
          (error: unknown) => (error instanceof QueryError ? error.code : String(error)),
        );
        seen.add(text);
      }
    };
    const readers = ["buy", "buy", "unique_buy", "unique_buy"].map(read);
    const end = Date.now() + CHANGING_MS;
    let changes = 0;
    while (Date.now() < end || changes < 5) {
      const { problem } = await apply(gameOf(gameAt(++changes)));
      assert.equal(problem, null);
    }
    stop.abort();
    await Promise.all(readers);
    const right = [
      JSON.stringify({ rows: SENT, ns: SENT }),
      "VIEW_IS_STALE",
      "HIVE_PARTITION_SCHEMA_MISMATCH",
    ];
    assert.deepEqual(
      [...seen].filter((text) => !right.includes(text)),
      [],
    );
  });
});

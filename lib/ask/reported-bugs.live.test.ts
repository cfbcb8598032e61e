// Bugs that users of similar tools reported; each test names the report, and has its cause here.
import assert from "node:assert/strict";
import { columnsOf, defineEvents, type EventDefinition, exampleParameters } from "../catalog.ts";
import { eventReader } from "../envelope.ts";
import { isReadableJson } from "../json-limits.ts";
import { ParquetFile } from "../land/parquet.ts";
import { dayFolder, fileName } from "../layout.ts";
import { identifier } from "../sql.ts";
import { addColumns, wantedColumns } from "../stored-columns.ts";
import { Ground } from "../testbed/ground.ts";
import { query } from "../trino.ts";
import { createTables, registerDays } from "./tables.ts";
import { uniqueView } from "./views.ts";

const DAY = "2026-01-31";
const NOON = Date.parse(`${DAY}T12:00:00Z`);

describe("tables with what broke other tools", function () {
  this.timeout(120_000);
  let ground: Ground;
  let offset = 0;
  beforeEach(() => (ground = new Ground()));
  afterEach(() => ground.remove());

  const target = () => ({ schema: ground.schema, hdfsRoot: ground.root });
  const rowsOf = async (sql: string) => (await query(sql, { schema: ground.schema })).map(Object.values);

  /** Makes the tables of a game, and lands events of its first type in one file. */
  async function land(game: readonly EventDefinition[], list: Record<string, string>[]): Promise<void> {
    const [event] = game as [EventDefinition];
    await addColumns(ground.hdfs, ground.root, event.table, wantedColumns(event));
    const file = new ParquetFile(columnsOf(event));
    const name = fileName({ topic: ground.topic, partition: 0, first: offset });
    for (const params of list) {
      const envelope = {
        event_id: `id ${offset}`,
        event_type: event.type,
        received_at: new Date(NOON).toISOString(),
        params,
        headers: {},
        remote_addr: "::1",
      };
      const position = { timestamp: NOON, partition: 0, offset: offset++ };
      file.append(eventReader(game)(JSON.stringify(envelope), position).values);
    }
    await ground.hdfs.create(`${dayFolder(ground.root, event.table, DAY)}/${name}`, file.finish());
    await createTables(target(), game);
    await query(
      `CALL hive.system.sync_partition_metadata('${ground.schema}', '${event.table}', 'ADD', false)`,
      target(),
    );
  }

  // trinodb/trino#30544, #20981: statistics of the narrow type, a condition of the wide one.
  it("finds each value of a widened column by a condition, in old and new files", async () => {
    const before = { n: "integer", a: "decimal(5, 2)", b: "decimal(12, 2)", c: "decimal(5, 2)" } as const;
    const after = { n: "bigint", a: "decimal(12, 2)", b: "decimal(38, 2)", c: "decimal(38, 2)" } as const;
    const same = { n: "7", a: "-1.25", b: "1.25", c: "0.01" };
    await land(defineEvents([{ type: "buy", parameters: before }]), [
      same,
      { n: "-2147483648", a: "999.99", b: "9999999999.99", c: "-999.99" },
    ]);
    const large = { n: "9007199254740993", a: "1234567890.12", b: `-${"9".repeat(36)}.99`, c: "-0.01" };
    await land(defineEvents([{ type: "buy", parameters: after }]), [same, large]);
    const counts = [
      ["n = 7", 2],
      ["n < 0", 1],
      ["n > 2147483647", 1],
      ["n IN (7, 9007199254740993)", 3],
      ["a = DECIMAL '-1.25'", 2],
      ["a > 999", 2],
      ["b = DECIMAL '1.25'", 2],
      ["b < 0", 1],
      ["b > 9999999999", 1],
      ["c = DECIMAL '0.01'", 2],
      ["c < 0", 2],
    ] as const;
    const columns = counts.map(([condition]) => `(SELECT count(*) FROM unique_buy WHERE ${condition})`);
    assert.deepEqual(await rowsOf(`SELECT ${columns.join(", ")}`), [counts.map(([, count]) => count)]);
  });

  // confluentinc/kafka-connect-hdfs#603, snowplow/iglu#430: a name that means something else.
  it("reads events and parameters whose names are words of SQL, digits, or very long", async () => {
    const names = ["select", "null", "1", "_", "$path", "Größe", "true", "a".repeat(120)];
    for (const type of ["10", "table", "_hidden", "t".repeat(120)]) {
      const game = defineEvents([
        { type, parameters: Object.fromEntries(names.map((name) => [name, "text"])) },
      ]);
      const [event] = game as [EventDefinition];
      const params = exampleParameters(event, 0);
      await land(game, [params]);
      const columns = event.parameters.map(({ column }) => identifier(column)).join(", ");
      for (const source of [event.table, uniqueView(event.table)])
        assert.deepEqual(await rowsOf(`SELECT ${columns} FROM ${identifier(source)}`), [
          Object.values(params),
        ]);
      assert.deepEqual(await rowsOf("SELECT event_type FROM events"), [[type]]);
    }
    await registerDays(target());
  });

  // trinodb/trino#17843, elastic/elasticsearch#156654: one value that the JSON parser refuses.
  it("reads the largest accepted json with json_parse, json_extract and json_extract_scalar", async () => {
    const bags = [
      "[".repeat(100) + "]".repeat(100),
      `{"${"k".repeat(19_999)}":1}`,
      `{"${"価".repeat(19_999)}":1}`,
      `{"a":${"1".repeat(5000)}}`,
      `{"a":"${"x".repeat(300_000)}"}`,
      '{"a":1e999999999}',
      '{"a":"\\u0000"}',
    ];
    assert.ok(bags.every(isReadableJson));
    await land(
      defineEvents([{ type: "bags", parameters: { bag: "json" } }]),
      bags.map((bag) => ({ bag })),
    );
    const functions = [
      "json_format(json_extract(bag, '$'))",
      "json_format(json_parse(bag))",
      "json_format(json_parse(raw_event))",
    ].map((each) => `count(${each})`);
    const scalar = "count_if(json_extract_scalar(bag, '$.a') <> '')";
    const [counts] = await rowsOf(`SELECT ${[...functions, scalar].join(", ")} FROM bags`);
    assert.deepEqual(counts, [bags.length, bags.length, bags.length, 4]);
  });
});

// A batch is landed by the stream's own code, in an HDFS in memory, and read back by hyparquet.
import assert from "node:assert/strict";
import { columnsOf, defineEvents, exampleParameters } from "../catalog.ts";
import { eventReader } from "../envelope.ts";
import { game } from "../testbed/every-type.fixture.ts";
import { BatchBuilder } from "../land/batch.ts";
import { openChain } from "../land/commits.ts";
import { ParquetFile } from "../land/parquet.ts";
import { HdfsModel } from "../testbed/hdfs-model.fixture.ts";
import { compareFields, readRow } from "./read-back.ts";

const root = "/q";
const topic = "game_events";
const NOON = Date.UTC(2026, 0, 31, 12);

/** The text of a message with these parameters; the event's id ends in `n`. */
function message(n: number, params: Record<string, string>): string {
  return JSON.stringify({
    event_id: `0190163d-8694-739b-aea5-966c26f8ad9${n}`,
    event_type: "purchase_sword",
    received_at: "2026-01-31T11:59:59.123Z",
    player: "user1",
    params,
    headers: {},
    remote_addr: "127.0.0.1",
  });
}

const messages = [
  message(0, { metal: "tin" }),
  message(1, { metal: "gold", power_level: "100", magical: "False" }),
  "no JSON",
];

async function landed(): Promise<HdfsModel> {
  const hdfs = new HdfsModel();
  const batch = new BatchBuilder(topic, 0);
  for (const [offset, text] of messages.entries())
    batch.push({ offset: String(offset), timestamp: String(NOON), value: Buffer.from(text) });
  const chain = await openChain(hdfs, { root, topic, partition: 0 });
  await chain.commit(batch.finish());
  return hdfs;
}

describe("readRow(place)", () => {
  it("finds the row of a message in a file of its commit", async () => {
    const { record, path, rows, row } = await readRow(
      { partition: 0, offset: 1 },
      { hdfs: await landed(), root, topic },
    );
    assert.equal(path, `${root}/tables/sword_purchases/day=2026-01-31/${topic}-0-${"0".repeat(20)}.parquet`);
    assert.deepEqual([rows, row.raw_event], [2, messages[1]]);
    assert.deepEqual([record.first, record.last], [0, 2]);
  });

  it("finds a message that is not an event among the failed events", async () => {
    const { row } = await readRow({ partition: 0, offset: 2 }, { hdfs: await landed(), root, topic });
    assert.equal(row.raw_event, "no JSON");
  });

  it("says that no commit covers the message, or that the file has no such row", async () => {
    const hdfs = await landed();
    await assert.rejects(readRow({ partition: 0, offset: 3 }, { hdfs, root, topic }), {
      message: "game_events partition 0 offset 3: expected a commit that covers it, found none",
    });
    const { path } = await readRow({ partition: 0, offset: 1 }, { hdfs, root, topic });
    const other = new BatchBuilder(topic, 0);
    other.push({ offset: "9", timestamp: String(NOON), value: Buffer.from(messages[1]!) });
    hdfs.nodes.set(path, other.finish().files[0]!.data);
    await assert.rejects(
      readRow({ partition: 0, offset: 1 }, { hdfs, root, topic }),
      /expected its row in a file of its commit, found none in \/q\/tables\/sword_purchases/,
    );
  });
});

describe("compareFields(message, row)", () => {
  it("finds each field of the message in the row, parameters as their types", async () => {
    const { row } = await readRow({ partition: 0, offset: 1 }, { hdfs: await landed(), root, topic });
    const fields = compareFields(messages[1]!, row);
    assert.deepEqual(
      fields.map(({ field, in_message, in_row, type }) => [field, in_message, in_row, type]).slice(1),
      [
        ["event_type", "purchase_sword", "purchase_sword", "text"],
        ["player", "user1", "user1", "text"],
        ["metal", "gold", "gold", "text"],
        ["power_level", "100", 100, "integer"],
        ["magical", "False", false, "boolean"],
      ],
    );
    assert.ok(fields.every(({ same }) => same));
  });

  it("takes a parameter that was not sent for null", async () => {
    const { row } = await readRow({ partition: 0, offset: 0 }, { hdfs: await landed(), root, topic });
    assert.ok(compareFields(messages[0]!, row).every(({ same }) => same));
  });

  it("shows which fields differ from those of another message", async () => {
    const { row } = await readRow({ partition: 0, offset: 0 }, { hdfs: await landed(), root, topic });
    const differing = compareFields(messages[1]!, row).filter(({ same }) => !same);
    assert.deepEqual(
      differing.map(({ field }) => field),
      ["event_id", "metal", "power_level", "magical"],
    );
  });

  it("compares each type as Trino's client returns it, also under an earlier name", () => {
    const catalogue = defineEvents([
      {
        type: "all",
        parameters: {
          big: "bigint",
          price: "decimal(12, 2)",
          long: "decimal(38, 10)",
          whole: "decimal(20, 0)",
          ratio: "double",
          at: "timestamp",
          day_born: "date",
          bag: "json",
          new_name: { type: "text", was: "old_name" },
        },
      },
    ]);
    const params = {
      big: "9007199254740993",
      price: "-19.90",
      long: "1234567890.0123456789",
      whole: "1e2",
      ratio: "0.1",
      at: "2026-01-31T12:00:00+01:00",
      day_born: "2026-01-31",
      bag: "[1]",
      old_name: "x",
    };
    const text = JSON.stringify({ ...(JSON.parse(message(3, params)) as object), event_type: "all" });
    const byTrino = {
      event_id: "0190163d-8694-739b-aea5-966c26f8ad93",
      event_type: "all",
      player: "user1",
      big: 9007199254740993n,
      price: "-19.90",
      long: "1234567890.0123456789",
      whole: "100",
      ratio: 0.1,
      at: new Date("2026-01-31T11:00:00Z"),
      day_born: "2026-01-31",
      bag: "[1]",
      new_name: "x",
    };
    const differing = compareFields(text, byTrino, catalogue).filter(({ same }) => !same);
    assert.deepEqual(differing, []);
    const wrong = { ...byTrino, big: 9007199254740992n, price: "-19.91", day_born: "2026-02-01", ratio: 0.2 };
    assert.deepEqual(
      compareFields(text, wrong, catalogue).flatMap(({ field, same }) => (same ? [] : field)),
      ["big", "price", "ratio", "day_born"],
    );
  });
});

describe("the row of an event with parameters of all types", () => {
  const catalogue = defineEvents(game);

  for (const event of catalogue)
    it(`has each value of ${event.type}, also beyond 2^53, as its message says it`, async () => {
      const params = exampleParameters(event, 3);
      for (const { name, type, min } of event.parameters)
        if (type === "decimal(38, 10)") params[name] = "-1234567890123456789012345678.0123456789";
        else if (type === "decimal(12, 2)") params[name] = "999999.99";
        else if (type === "bigint" && min === null) params[name] = "-9223372036854775807";
      const text = JSON.stringify({ ...(JSON.parse(message(3, params)) as object), event_type: event.type });
      const { values } = eventReader(catalogue)(text, { timestamp: NOON, partition: 0, offset: 1 });
      const file = new ParquetFile(columnsOf(event));
      file.append(values);
      const hdfs = await landed();
      const { path } = await readRow({ partition: 0, offset: 1 }, { hdfs, root, topic });
      hdfs.nodes.set(path, file.finish());
      const { row } = await readRow({ partition: 0, offset: 1 }, { hdfs, root, topic });
      const fields = compareFields(text, row, catalogue);
      assert.deepEqual(
        fields.filter(({ same }) => !same),
        [],
      );
      for (const { field, in_row, in_message } of fields)
        if (field === "price" || field === "gold") assert.equal(in_row, in_message);
      const others = Object.fromEntries(event.parameters.map(({ column }) => [column, null]));
      for (const { field, same } of compareFields(text, { ...row, ...others }, catalogue))
        assert.equal(same, !(field in others));
    });
});

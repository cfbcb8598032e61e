// The same hostile messages through both engines' code give the same files, columns and values. The
// test needs pyarrow, which comes with Spark, and no server.
import assert from "node:assert/strict";
import fc from "fast-check";
import { parquetReadObjects } from "hyparquet";
import { compressors } from "hyparquet-compressors";
import { defineEvents } from "../catalog.ts";
import { eventReader } from "../envelope.ts";
import { BatchBuilder, type Message } from "../land/batch.ts";
import { readFileColumns } from "../parquet-footer.ts";
import { readStoredRows } from "../rebuild/stored-values.ts";
import { readRefused } from "../refused.ts";
import { game } from "../testbed/every-type.fixture.ts";
import { WAITING } from "../waiting.ts";
import { describeRules } from "./job.ts";
import { hostileMessages, SPECIAL } from "./hostile-messages.fixture.ts";
import { PythonChild } from "./python.fixture.ts";

const events = defineEvents(game);
const BLOCKED = new Map([["level_ups", "table level_ups: its rebuild is at work"]]);

interface File {
  table: string;
  day: string;
  rows: number;
  data: Buffer;
}
interface Staged {
  last: number;
  last_timestamp: number;
  failed: number;
  files: (Omit<File, "data"> & { data: string })[];
}

describe("the rows of both engines", function () {
  this.timeout(180_000);
  let python: PythonChild;

  before(async () => {
    python = await PythonChild.start("stage.fixture.py");
    const rules = describeRules(events, BLOCKED);
    python.tell({ ...rules, failed_topic: "refused", hdfs_root: "/q" });
  });
  after(() => python.end());

  function byNode(topic: string, messages: readonly Message[]) {
    const readEvent = eventReader(events);
    const builder = new BatchBuilder(topic, 0, undefined, (text, position) => {
      if (topic === "refused") return readRefused(text);
      const row = readEvent(text, position);
      const reason = BLOCKED.get(row.event.table);
      return reason === undefined ? row : { reason: WAITING + reason, raw: text };
    });
    for (const message of messages) builder.push(message);
    const { last, last_timestamp, files } = builder.finish();
    return { last, last_timestamp, failed: builder.failed, files };
  }

  async function bySpark(topic: string, messages: readonly Message[]) {
    const sent = messages.map(({ timestamp, value }) => [
      Number(timestamp),
      value && value.toString("base64"),
    ]);
    const { last, last_timestamp, failed, files } = await python.ask<Staged>({ topic, messages: sent });
    const decoded = files.map(({ data, ...file }) => ({ ...file, data: Buffer.from(data, "base64") }));
    return { last, last_timestamp, failed, files: decoded };
  }

  async function assertSame(topic: string, messages: readonly Message[]): Promise<void> {
    const [node, spark] = [byNode(topic, messages), await bySpark(topic, messages)];
    const facts = ({ last, last_timestamp, failed }: typeof node) => ({ last, last_timestamp, failed });
    assert.deepEqual(facts(spark), facts(node));
    const sorted = (files: File[]) =>
      files.map((file) => [`${file.table}/${file.day}`, file] as const).sort();
    const [own, other] = [sorted(node.files), sorted(spark.files)];
    assert.deepEqual(await Promise.all(other.map(content)), await Promise.all(own.map(content)));
  }

  it("are equal for messages at the limits of every type, and for broken messages", async () => {
    for (const value of SPECIAL) await assertSame("events", [message(0, value)]);
    for (const timestamp of [-1, 0, 253_402_300_799_999, 253_402_300_800_000])
      await assertSame("events", [{ ...message(0, SPECIAL[0]!), timestamp: String(timestamp) }]);
    await assertSame("events", [{ offset: "0", timestamp: "5", value: null }]);
  });

  it("are equal for 500 batches of generated messages", async () => {
    const batches = fc.array(hostileMessages(events), { minLength: 1, maxLength: 20 });
    const property = fc.asyncProperty(batches, fc.boolean(), async (values, isRefused) => {
      const messages = values.map((value, i) => message(i, value));
      await assertSame(isRefused ? "refused" : "events", messages);
    });
    await fc.assert(property, { numRuns: 500 });
  });
});

function message(i: number, value: Buffer): Message {
  return { offset: String(i), timestamp: String(1_769_860_800_123 + i * 40_000_000), value };
}

/** A file's columns, and its rows as values and as people's text. */
async function content([name, { rows, data }]: readonly [string, File]) {
  const columns = readFileColumns(data);
  const buffer = new Uint8Array(data).buffer;
  const file = {
    byteLength: buffer.byteLength,
    slice: (from: number, to?: number) => buffer.slice(from, to),
  };
  const values = await parquetReadObjects({ file, compressors });
  const texts: Record<string, string | null>[] = [];
  for await (const row of readStoredRows(data))
    texts.push(Object.fromEntries(columns.map(({ name }) => [name, row.text(name)])));
  return { name, rows, columns, values, texts };
}

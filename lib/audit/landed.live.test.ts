import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { openChain } from "../land/commits.ts";
import { untilLanded } from "./landed.ts";
import { ParquetFile } from "../land/parquet.ts";
import { WebHdfs } from "../webhdfs.ts";

describe("untilLanded(partitions)", () => {
  const id = randomUUID();
  const root = `/test-${id}`;
  const topic = `test_${id}`;
  const hdfs = new WebHdfs();

  before(async () => {
    const file = new ParquetFile([{ name: "n", type: "integer", required: true }]);
    for (const n of [1, 2, 3]) file.append([n]);
    const files = [{ table: "guild_joins", day: "2026-01-01", rows: 3, data: file.finish() }];
    const chain = await openChain(hdfs, { root, topic, partition: 0 });
    await chain.commit({ last: 4, last_timestamp: null, files });
  });
  after(async () => {
    await hdfs.remove(root);
    hdfs.close();
  });

  it("ends at once when everything has landed", async () => {
    await untilLanded([{ partition: 0, high: 5 }], { topic, root });
  });

  it("does not wait for messages that Kafka has deleted", async () => {
    const partitions = [
      { partition: 0, low: 9, high: 9 },
      { partition: 1, low: 2, high: 2 },
    ];
    await untilLanded(partitions, { topic, root, timeoutMs: 0 });
  });

  it("names the partitions that are behind when the time is over", async () => {
    const partitions = [
      { partition: 0, high: 9 },
      { partition: 1, high: 2 },
    ];
    await assert.rejects(
      untilLanded(partitions, { topic, root, timeoutMs: 0 }),
      /partition 0 is at offset 5 of 9, partition 1 is at offset 0 of 2; npm run status shows what runs/,
    );
  });
});

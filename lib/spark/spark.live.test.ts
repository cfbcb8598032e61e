// The real Spark, on the stack's Kafka, HDFS and Trino, with a pipeline of the test's own.
import assert from "node:assert/strict";
import { runStatement } from "../services/plain-trino.ts";
import { openPipeline, type Pipeline } from "../testbed/pipeline.ts";
import { until } from "../until.ts";

describe("npm run stream -- --engine spark", function () {
  this.timeout(240_000);
  let pipeline: Pipeline;

  beforeEach(async () => {
    pipeline = await openPipeline("spark");
  });
  afterEach(() => pipeline.close());

  it("lands an event that Trino shows", async () => {
    await pipeline.startApi();
    const spark = await pipeline.startStream({}, ["--engine", "spark", "--master", "local[1]"]);
    await fetch(`${pipeline.apiUrl}/purchase_sword?metal=gold`);
    const [row] = await until(
      "the event is in its table",
      async () => {
        const rows = await runStatement(
          `SELECT event_type, count(*) FROM ${pipeline.schema}.events GROUP BY 1`,
        );
        if (rows.length === 0) throw new Error(spark.output);
        return rows;
      },
      { limitMs: 60_000, everyMs: 500 },
    );
    assert.deepEqual(row?.[1], 1);
    await spark.signal("SIGTERM");
    assert.equal(spark.process.exitCode, 0, spark.output);
  });
});

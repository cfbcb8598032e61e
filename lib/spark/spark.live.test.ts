// The real Spark beside the stream in TypeScript, on the stack's Kafka, HDFS and Trino.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import { engines } from "../drill/engines.ts";
import { settings } from "../settings.ts";
import { runScript } from "../testbed/child.ts";

describe("npm run stream -- --engine spark", function () {
  this.timeout(300_000);

  it(`drill ${engines.name}: ${engines.what}`, async () => {
    const { equal_rows } = await engines.run({ short: true, seed: 1, log: () => {} });
    assert.ok(Number(equal_rows) > 100);
  });

  it("7-spark tells it as a story, whose claims all hold", async () => {
    await $({ quiet: true, cwd: settings.root })`npm run --silent report -- 7-spark`;
    const html = readFileSync(join(settings.out, "report.html"), "utf8");
    assert.match(html, /All \d+ cells ran, \d+ claims held/);
    assert.match(html, /<strong>0<\/strong> were lost, and <strong>0<\/strong>\s+are double/);
  });

  it("refuses another engine, and a master without Spark, before anything starts", async () => {
    const other = await runScript("stream", ["--engine", "flink"]);
    assert.match(other, /^stream: --engine: expected node or spark, got "flink"; try: /);
    const master = await runScript("stream", ["--master", "local[2]"]);
    assert.match(master, /^stream: --master: expected --engine spark too; try: /);
  });
});

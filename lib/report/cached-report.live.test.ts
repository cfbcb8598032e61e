// The parts of the cache's key that the services give, and the record of a real run.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { settings } from "../settings.ts";
import { Ground } from "../testbed/ground.ts";
import { query } from "../trino.ts";
import { WebHdfs } from "../webhdfs.ts";
import { keyOf } from "./cache-key.ts";
import { CACHE_FILE, findCached } from "./cached-report.ts";
import { makeReport } from "./make-report.ts";

const NOTEBOOK = `# Shop

\`\`\`ts
import assert from "node:assert/strict";
import { query } from "questlog";
const rows = await query<{ n: number }>("SELECT 1 AS n");
assert.equal(rows.length, 1);
\`\`\`
`;

describe("a report without changes", function () {
  this.timeout(120_000);
  const ground = new Ground("cache");
  let folder: string;
  let out: string;
  let notebook: string;
  const call = () => ({ notebooks: [notebook], options: { out }, out, runs: null });

  before(async () => {
    await ground.create();
    mkdirSync(settings.home, { recursive: true });
    folder = mkdtempSync(join(settings.home, "cache-"));
    out = join(folder, "out");
    notebook = join(folder, "shop.md");
    writeFileSync(notebook, NOTEBOOK);
  });
  after(async () => {
    rmSync(folder, { recursive: true });
    await ground.remove();
  });

  /** Runs the notebook, and returns the record that it leaves. */
  async function report(): Promise<{ reason?: string }> {
    const { signal } = new AbortController();
    assert.equal(await makeReport([notebook], { out }, signal, await keyOf(call())), 0);
    return JSON.parse(readFileSync(join(out, CACHE_FILE), "utf8")) as { reason?: string };
  }

  it("comes from the cache", async () => {
    await report(); // it can compile lib/
    assert.equal((await report()).reason, undefined);
    const cached = findCached(out, await keyOf(call()));
    assert.deepEqual([cached?.cells, cached?.claims], [1, 1]);
  });

  const CHANGES: [change: string, make: () => Promise<unknown>][] = [
    [
      "a new file in HDFS",
      async () => {
        const hdfs = new WebHdfs();
        await hdfs.create(`${ground.root}/new`, Buffer.from("1"));
        hdfs.close();
      },
    ],
    ["a new view", () => query("CREATE VIEW v AS SELECT 1 AS n", { schema: ground.schema })],
    [
      "another text of a view",
      () => query("CREATE OR REPLACE VIEW v AS SELECT 2 AS n", { schema: ground.schema }),
    ],
    ["a view that is gone", () => query("DROP VIEW v", { schema: ground.schema })],
  ];
  for (const [change, make] of CHANGES)
    it(`runs again after a change: ${change}`, async () => {
      await report();
      assert.ok(findCached(out, await keyOf(call())));
      await make();
      assert.equal(findCached(out, await keyOf(call())), null);
    });

  it("always runs while a view reads the clock, and tells the reason", async () => {
    await query("CREATE VIEW clock AS SELECT now() AS t", { schema: ground.schema });
    assert.match((await report()).reason ?? "", /^a view: SELECT/i);
    assert.equal(findCached(out, await keyOf(call())), null);
  });

  it("always runs if a cell reads the clock, and tells the reason", async () => {
    writeFileSync(notebook, NOTEBOOK.replace("rows.length, 1)", "rows.length, 1); Date.now()"));
    assert.equal((await report()).reason, "shop, cell 1: Date.now");
  });
});

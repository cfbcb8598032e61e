// Kills the services of the stack that `settings` names, and leaves them running: to be run late, and alone.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import { serverNames } from "../services/services.js";
import { serviceStatus } from "../services/status.js";
import { settings } from "../settings.js";
import { downUp } from "./down-up.js";
import type { Drill } from "./drill.js";
import { hdfsDown } from "./hdfs-down.js";
import { kafkaDown } from "./kafka-down.js";
import { trinoDown } from "./trino-down.js";

describe("drills that kill services, in their short forms", function () {
  this.timeout(300_000);

  /** Runs a drill, and sees that all services are there at its end. */
  async function run(drill: Drill): Promise<void> {
    const figures = await drill.run({ short: true, seed: 1, say: () => {} });
    const names: readonly string[] = serverNames;
    const missing = (await serviceStatus()).filter(({ service, ready }) => names.includes(service) && !ready);
    assert.deepEqual(missing, []);
    assert.ok(Number(figures.accepted) > 0, "no event was accepted, so nothing could be lost");
    assert.deepEqual([figures.lost, figures.double, figures.unlanded, figures.twice_landed], [0, 0, 0, 0]);
  }

  for (const drill of [kafkaDown, hdfsDown, trinoDown, downUp])
    it(`${drill.name}: ${drill.what}`, () => run(drill));

  it("6-drill tells it as a story, whose claims all hold", async () => {
    await $({ quiet: true, cwd: settings.root })`npm run --silent report -- 6-drill`;
    const html = readFileSync(join(settings.out, "report.html"), "utf8");
    assert.match(html, /All \d+ cells ran, \d+ claims held/);
    assert.match(html, /<strong>0<\/strong> were lost, <strong>0<\/strong> doubled/);
    assert.match(html, /Kafka away from [\d.]+ s to [\d.]+ s; HDFS away/);
  });
});

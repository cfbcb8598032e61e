// Kills the services of the stack that `settings` names, and leaves them running: to be run late,
// and alone.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import { withAdmin } from "../kafka.ts";
import { findProcess } from "../services/process.ts";
import { serverNames } from "../services/services.ts";
import { serviceStatus } from "../services/status.ts";
import { settings } from "../settings.ts";
import { until } from "../until.ts";
import { downUp } from "./down-up.ts";
import type { Drill } from "./drill.ts";
import { frozen } from "./frozen.ts";
import { hdfsDown } from "./hdfs-down.ts";
import { kafkaDown } from "./kafka-down.ts";
import { trinoDown } from "./trino-down.ts";

describe("drills that kill services, in their short forms", function () {
  this.timeout(300_000);

  /** Runs a drill, and sees that all services are there at its end. */
  async function run(drill: Drill): Promise<void> {
    const figures = await drill.run({ short: true, seed: 1, log: () => {} });
    const names: readonly string[] = serverNames;
    const missing = (await serviceStatus()).filter(({ service, ready }) => names.includes(service) && !ready);
    assert.deepEqual(missing, []);
    assert.ok(Number(figures.accepted) > 0, "no event was accepted, so nothing could be lost");
    assert.deepEqual([figures.lost, figures.double, figures.unlanded, figures.twice_landed], [0, 0, 0, 0]);
  }

  for (const drill of [frozen, kafkaDown, hdfsDown, trinoDown, downUp])
    it(`${drill.name}: ${drill.what}`, () => run(drill));

  it("Ctrl-C ends a drill: stopped services run again, and the drill's own data is deleted", async () => {
    const cli = [join("scripts", "drill.ts"), "--short", hdfsDown.name];
    const drill = spawn(process.execPath, cli, { cwd: settings.root, stdio: ["ignore", "pipe", "inherit"] });
    let output = "";
    drill.stdout.setEncoding("utf8").on("data", (text: string) => (output += text));
    const ended = once(drill, "exit");
    const isKilled = () => !findProcess(settings.home, "namenode") || undefined;
    await until("the drill kills the NameNode", isKilled, { limitMs: 60_000, everyMs: 50 });
    drill.kill("SIGINT");
    assert.deepEqual(await ended, [130, null], output);
    assert.ok(findProcess(settings.home, "namenode"), "the NameNode is still away");
    const { stdout } = await $`npm run --silent query -- "SHOW SCHEMAS LIKE 'drill%'"`.quiet();
    assert.equal(stdout, "");
    const topics = await withAdmin(settings.kafkaBrokers, (admin) => admin.listTopics());
    assert.deepEqual(
      topics.filter((topic) => topic.startsWith("drill_")),
      [],
    );
  });

  it("6-drill tells it as a story, whose claims all hold", async () => {
    await $({ quiet: true, cwd: settings.root })`npm run --silent report -- 6-drill`;
    const html = readFileSync(join(settings.out, "report.html"), "utf8");
    assert.match(html, /All \d+ cells ran, \d+ claims held/);
    assert.match(html, /<strong>0<\/strong> were lost, <strong>0<\/strong>\s+doubled/);
    assert.match(html, /Kafka away from [\d.]+ s to [\d.]+ s; HDFS away/);
  });
});

// Spark on a secured cluster of others: Kafka with TLS and SCRAM, HDFS with HTTPS and two addresses
// of NameNodes, of which the first is dead. Then a DataNode is killed.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import { HOST, settings } from "../settings.ts";
import { Child } from "../testbed/child.ts";
import { freePort } from "../testbed/free-port.ts";
import { selectRows } from "../testbed/cluster-ready.ts";
import { Cluster } from "../testbed/secured-cluster.ts";
import { until } from "../until.ts";

const EVENTS = 60;

describe("npm run stream -- --engine spark on a secured cluster", function () {
  this.timeout(300_000);
  const folder = join(settings.home, "secured-spark");
  const home = join(folder, "home"); // of the product
  const children: Child[] = [];
  let cluster: Cluster;
  let apiUrl: string;

  before(async () => {
    cluster = await Cluster.start(folder);
    const [api, stream] = [await freePort(), await freePort()];
    apiUrl = `http://${HOST}:${api}`;
    const given = cluster.settings();
    const env = {
      ...given,
      QUESTLOG_ENV: "/dev/null", // not the checkout's questlog.env
      QUESTLOG_WEBHDFS_URL: `https://${HOST}:1,${given.QUESTLOG_WEBHDFS_URL}`,
      QUESTLOG_HOME: home,
      QUESTLOG_HISTORY: join(folder, "history.jsonl"),
      QUESTLOG_API_PORT: String(api),
      QUESTLOG_STREAM_PORT: String(stream),
    };
    children.push(new Child("api", { env }));
    await children[0]!.ready();
    children.push(new Child("stream", { env, args: ["--engine", "spark", "--master", "local[1]"] }));
    await children[1]!.ready();
  });

  after(async () => {
    for (const child of children) await child.signal("SIGKILL");
    await cluster?.stop();
  });

  const send = async (from: number, to: number) => {
    for (let i = from; i < to; i++) {
      const { status } = await fetch(`${apiUrl}/purchase_sword?power_level=${i}`);
      assert.equal(status, 200);
    }
  };

  const landed = (events: number) => {
    const ask = async () => {
      const sum = "SELECT count(*), sum(power_level) FROM hive.default.sword_purchases";
      const [row] = await selectRows(cluster.access, sum);
      if (Number(row?.[0]) >= events) return row;
      throw new Error(`${String(row)}\n${children[1]!.output}`);
    };
    return until(`${events} events are in their table`, ask, { limitMs: 90_000, everyMs: 500 });
  };

  it("lands events with TLS and passwords", async () => {
    await send(0, EVENTS);
    assert.deepEqual((await landed(EVENTS))?.map(Number), [EVENTS, (EVENTS * (EVENTS - 1)) / 2]);
  });

  it("goes on while a DataNode is dead, without a new query", async () => {
    await cluster.kill("datanode-2");
    for (let n = 1; n < 4; n++) {
      await send(n * EVENTS, (n + 1) * EVENTS);
      await landed((n + 1) * EVENTS);
    }
    const { output } = children[1]!;
    assert.doesNotMatch(output, /begins again from the last commits/, output);
  });

  it("lands again after all DataNodes were dead", async () => {
    const others = ["datanode-1", "datanode-3"];
    for (const name of others) await cluster.kill(name);
    await send(4 * EVENTS, 5 * EVENTS);
    await until(
      "the engine tells of its failure",
      () => /begins again from the last commits: .*HDFS/.test(children[1]!.output) || undefined,
      { limitMs: 60_000 },
    );
    await Promise.all(["datanode-2", ...others].map((name) => cluster.start(name)));
    await landed(5 * EVENTS);
  });

  it("has the password in no argument, log or file", async () => {
    const { password } = cluster.access;
    const { stdout } = await $({ quiet: true })`ps -eo args`;
    assert.ok(!stdout.includes(password), "a process has the password as an argument");
    const files = readdirSync(home, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
    assert.ok(files.some(({ name }) => name === "spark.log"));
    for (const { parentPath, name } of files) {
      const text = readFileSync(join(parentPath, name));
      assert.ok(!text.includes(password), `expected ${name} without the password`);
    }
    for (const { name, output } of children)
      assert.ok(!output.includes(password), `expected the output of ${name} without the password`);
  });

  it("ends at a signal", async () => {
    await children[1]!.signal("SIGTERM");
    assert.equal(children[1]!.process.exitCode, 0, children[1]!.output);
  });
});

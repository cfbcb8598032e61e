// A standalone Spark cluster of a master and two workers on this machine: its executors read, stage
// and land, each in a Java of its own.
import assert from "node:assert/strict";
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { $ } from "zx";
import { runStatement } from "../services/plain-trino.ts";
import { HOST, settings } from "../settings.ts";
import { freePort } from "../testbed/free-port.ts";
import { openPipeline, type Pipeline } from "../testbed/pipeline.ts";
import { until } from "../until.ts";
import { prepareSpark } from "./packages.ts";

const EVENTS = 200;
const OPENED = ["lang", "lang.invoke", "lang.reflect", "io", "net", "nio", "util", "util.concurrent"];

/** A whole Java ≥ 17, which Spark's workers need; undefined: the machine has none. */
async function findWholeJava(): Promise<string | undefined> {
  const { javaHome } = settings;
  for (const java of [...(javaHome ? [join(javaHome, "bin", "java")] : []), "java"]) {
    const { stdout } = await $({ quiet: true, nothrow: true })`${java} --list-modules`;
    if (stdout.includes("jdk.incubator.vector")) return java;
  }
  return undefined;
}

describe("npm run stream -- --engine spark --master spark://…", function () {
  this.timeout(240_000);
  const servers: ChildProcess[] = [];
  const folder = mkdtempSync(join(tmpdir(), "questlog-spark-"));
  let pipeline: Pipeline | undefined;
  let master: string;

  before(async function () {
    const java = await findWholeJava();
    if (java === undefined && !process.env.CI) {
      console.log("    skipped: the machine has no whole JDK, which Spark's workers need");
      return this.skip();
    }
    assert.ok(java, "expected a JDK with the module jdk.incubator.vector, as JAVA_HOME or java");
    const packages = await prepareSpark(console.log);
    const port = await freePort();
    master = `spark://${HOST}:${port}`;
    const start = (main: string, args: string[]) => {
      const options = [
        ...[
          "-Xmx256m",
          "-XX:+UseSerialGC",
          "-Dspark.master.rest.enabled=false",
          "-cp",
          join(packages, "pyspark", "jars", "*"),
        ],
        ...OPENED.map((name) => `--add-opens=java.base/java.${name}=ALL-UNNAMED`),
        ...["nio.ch", "nio.cs", "util.calendar"].map(
          (name) => `--add-opens=java.base/sun.${name}=ALL-UNNAMED`,
        ),
      ];
      const common = ["--host", HOST, "--webui-port", "0"];
      const env = {
        ...process.env,
        SPARK_HOME: join(packages, "pyspark"),
        SPARK_LOCAL_IP: HOST,
        SPARK_SCALA_VERSION: "2.13", // the package has no scripts that set it
        PYTHONPATH: packages,
      };
      const stdio = process.env.QUESTLOG_FULL === "1" ? "inherit" : "ignore";
      servers.push(spawn(java, [...options, main, ...common, ...args], { cwd: folder, env, stdio }));
    };
    start("org.apache.spark.deploy.master.Master", ["--port", String(port)]);
    for (const name of ["one", "two"])
      start("org.apache.spark.deploy.worker.Worker", [
        ...["--cores", "1", "--memory", "1g", "--work-dir", join(folder, name), master],
      ]);
  });

  after(async () => {
    await pipeline?.close();
    for (const server of servers) {
      server.kill("SIGKILL");
      if (server.exitCode === null && server.signalCode === null) await once(server, "close");
    }
    rmSync(folder, { recursive: true, force: true });
  });

  it("lands events by the executors of two workers", async () => {
    const on = (pipeline = await openPipeline("spark_cluster"));
    await on.startApi();
    const spark = await on.startStream({}, ["--engine", "spark", "--master", master]);
    const send = (i: number) =>
      fetch(`${on.apiUrl}/purchase_sword?power_level=${i}`, { headers: { Host: `h${i}` } });
    for (let i = 0; i < EVENTS; i++) assert.equal((await send(i)).status, 200);
    const sum = `SELECT count(*), sum(power_level) FROM ${on.schema}.sword_purchases`;
    const ask = async () => {
      const [row] = await runStatement(sum);
      if (Number(row?.[0]) >= EVENTS) return row;
      throw new Error(`${String(row)}\n${spark.output}`);
    };
    const row = await until("all events are in their table", ask, { limitMs: 120_000, everyMs: 500 });
    assert.deepEqual(row?.map(Number), [EVENTS, (EVENTS * (EVENTS - 1)) / 2]);
    await spark.signal("SIGTERM");
    assert.equal(spark.process.exitCode, 0, spark.output);
  });
});

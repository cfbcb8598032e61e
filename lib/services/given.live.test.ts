import assert from "node:assert/strict";
import { join } from "node:path";
import { $ } from "zx";
import { DEFAULT_PORTS, HOST, portVariable, settings } from "../settings.ts";
import { freePort } from "../testbed/free-port.ts";
import { openPipeline, type Pipeline } from "../testbed/pipeline.ts";
import { findProcess } from "./process.ts";
import { serverNames } from "./services.ts";

// The tests' stack plays a cluster of others: this home knows only its three endpoints.
describe("Kafka, HDFS and Trino that the environment names", function () {
  this.timeout(180_000);
  let pipeline: Pipeline;
  let env: NodeJS.ProcessEnv;
  const pidsOfServers = () => serverNames.map((name) => findProcess(settings.home, name)?.pid);
  const script = (name: string, ...args: string[]) =>
    $({
      env,
      cwd: settings.root,
      quiet: true,
      nothrow: true,
    })`${process.execPath} scripts/${name}.ts ${args}`;

  before(async () => {
    pipeline = await openPipeline("given");
    const ownPorts = Object.keys(DEFAULT_PORTS).map((name) => [portVariable(name), undefined]);
    env = {
      ...process.env,
      ...(Object.fromEntries(ownPorts) as NodeJS.ProcessEnv),
      ...pipeline.env,
      QUESTLOG_STREAM_PORT: String(await freePort()),
      QUESTLOG_OUT: join(pipeline.home, "out"),
    };
  });
  after(async () => {
    await script("down");
    await pipeline.close();
  });

  it("are used by `up`, which starts only API and stream; `down` stops only these", async () => {
    const pids = pidsOfServers();
    const up = await script("up");
    assert.equal(up.exitCode, 0, up.stderr);
    for (const name of serverNames) assert.match(up.stdout, new RegExp(`${name}\\b.*\\bgiven\\b`));
    for (const name of ["api", "stream"]) assert.match(up.stdout, new RegExp(`${name}\\b.*\\bstarted\\b`));
    assert.ok(serverNames.every((name) => findProcess(pipeline.home, name) === undefined));

    const status = await script("status");
    assert.equal(status.exitCode, 0, status.stdout);

    const response = await fetch(`http://${HOST}:${pipeline.apiPort}/`);
    assert.equal(response.status, 200);
    const report = await script("report", "1-services");
    assert.equal(report.exitCode, 0, report.stdout + report.stderr);
    assert.equal((await script("status")).exitCode, 0, "the report stops nothing that ran before");

    const down = await script("down");
    assert.deepEqual(down.stdout.match(/^(api|stream|kafka|namenode|datanode|metastore|trino)\b/gm)?.sort(), [
      "api",
      "stream",
    ]);
    assert.deepEqual(pidsOfServers(), pids);
  });

  it("are refused before a start if they cannot have the tables", async () => {
    const other = { ...env, QUESTLOG_TRINO_CATALOG: "system", QUESTLOG_SCHEMA: "new_schema" };
    const options = { env: other, cwd: settings.root, quiet: true, nothrow: true };
    const { exitCode, stdout, stderr } = await $(options)`${process.execPath} scripts/up.ts`;
    assert.equal(exitCode, 1, stdout + stderr);
    assert.match(
      stderr,
      /^trino +missing +catalog system\n.*got system\n +→ a catalog with connector\.name=hive/m,
    );
    assert.doesNotMatch(stdout, /api .*started/);
  });
});

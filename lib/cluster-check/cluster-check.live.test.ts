import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { $ } from "zx";
import { withAdmin } from "../kafka.ts";
import { settings } from "../settings.ts";
import { freePort } from "../testbed/free-port.ts";
import { createTopic, readOffsets } from "../topic.ts";
import { query } from "../trino.ts";
import { WebHdfs } from "../webhdfs.ts";
import { checkCluster } from "./cluster-check.ts";
import type { Finding } from "./finding.ts";

// The tests' stack plays a cluster of others.
describe("npm run check -- --cluster", function () {
  this.timeout(120_000);
  const name = `check_${randomUUID().slice(0, 8)}`;
  const hdfs = new WebHdfs();
  const given = {
    QUESTLOG_KAFKA_BROKERS: settings.kafkaBrokers.join(","),
    QUESTLOG_WEBHDFS_URL: settings.webhdfsUrl,
    QUESTLOG_TRINO_URL: settings.trinoUrl,
    QUESTLOG_TOPIC: name,
    QUESTLOG_FAILED_TOPIC: `${name}_failed`,
    QUESTLOG_HDFS_ROOT: `/${name}`,
    QUESTLOG_SCHEMA: name,
  };
  after(() => hdfs.close());

  const check = (env: NodeJS.ProcessEnv, ...args: string[]) =>
    $({ env: { ...process.env, ...given, ...env }, cwd: settings.root, quiet: true, nothrow: true })`${
      process.execPath
    } scripts/check.ts --cluster ${args}`;

  /** All that the check could leave: topics, groups, folders, schemas, tables. */
  async function everything(): Promise<string[]> {
    const kafka = await withAdmin(settings.kafkaBrokers, async (admin) => {
      const groups = (await admin.listGroups()).groups.map(({ groupId }) => groupId);
      return [...(await admin.listTopics()), ...groups];
    });
    const folders = (await Promise.all(["/", settings.hdfsRoot].map((path) => hdfs.list(path)))).flatMap(
      ({ entries }) => entries.map((entry) => entry.name),
    );
    const tables = await query<{ name: string }>(
      "SELECT table_schema || '.' || table_name AS name FROM information_schema.tables",
    );
    const schemas = await query<{ name: string }>(
      "SELECT schema_name AS name FROM information_schema.schemata",
    );
    return [...kafka, ...folders, ...[...tables, ...schemas].map((row) => row.name)].sort();
  }

  it("finds all that works, also in topics, a folder and a schema that exist", async () => {
    for (const topic of [settings.topic, settings.failedTopic]) await createTopic({ topic });
    const before = await readOffsets();
    const findings = await checkCluster();
    const others = findings.filter(({ state }) => state !== "works");
    assert.deepEqual(others, []);
    assert.deepEqual(
      [...new Set(findings.map(({ service }) => service))],
      ["kafka", "hdfs", "trino", "metastore"],
    );
    const refused = findings.filter(({ detail }) => detail.includes("too large was refused"));
    assert.equal(refused.length, 2, "the right to write is tried");
    assert.deepEqual(await readOffsets(), before, "and no message is stored");
  });

  it("tries topics, a folder and a schema that do not exist, and leaves nothing behind", async () => {
    const before = await everything();
    const { exitCode, stdout, stderr } = await check({}, "--json");
    assert.equal(exitCode, 0, stdout + stderr);
    const { ready, findings } = JSON.parse(stdout) as { ready: boolean; findings: Finding[] };
    assert.ok(ready);
    const needs = findings.map(({ service, need, state }) => `${service} ${need}: ${state}`);
    for (const need of [
      `kafka create ${name}`,
      `hdfs make a folder in /${name}`,
      `trino create the schema ${name}`,
    ])
      assert.ok(needs.includes(`${need}: works`), needs.join("\n"));
    assert.ok(needs.includes("metastore change columns in place: optional"), needs.join("\n"));
    assert.deepEqual(await everything(), before);
  });

  it("prints at most 80 columns, with the way to get what is missing, and ends with 1", async () => {
    const nobody = `127.0.0.1:${await freePort()}`;
    const { exitCode, stdout } = await check({
      QUESTLOG_KAFKA_BROKERS: nobody,
      QUESTLOG_WEBHDFS_URL: `http://${nobody}`,
      QUESTLOG_TRINO_URL: `http://${nobody}`,
      QUESTLOG_METASTORE: nobody,
    });
    assert.equal(exitCode, 1, stdout);
    const lines = stdout.split("\n");
    assert.deepEqual(
      lines.filter((line) => line.length > 80),
      [],
    );
    for (const service of ["kafka", "hdfs", "trino", "metastore"])
      assert.match(stdout, new RegExp(`^${service} +missing +\\S.*(\\n +.*)+?→ check QUESTLOG_`, "m"));
    assert.doesNotMatch(stdout, /works|\n +at \S+ \(/);
  });

  it("names the property of a catalog that is not a Hive catalog, or not there", async () => {
    const { exitCode, stdout } = await check({ QUESTLOG_TRINO_CATALOG: "system" });
    assert.equal(exitCode, 1, stdout);
    assert.match(
      stdout,
      /trino +missing +catalog system\n +expected the connector hive, got system\n +→ a catalog/,
    );
  });
});

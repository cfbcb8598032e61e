import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdirSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { $ } from "zx";
import { HOST, settings } from "./settings.ts";
import { SecuredBroker } from "./testbed/secured-broker.ts";

// Each secret is a canary, and each login is refused: errors have the most to tell.
describe("the secrets of a given cluster", function () {
  this.timeout(170_000);
  const folder = join(settings.home, `secrets-${randomUUID().slice(0, 8)}`);
  const broker = new SecuredBroker(join(folder, "broker"));
  const home = join(folder, "home");
  const canary = (name: string) => `c4nary-${name}-4711`;
  const names = ["kafka", "trino", "hdfs", "retention"];
  let refusing: Server;
  let env: NodeJS.ProcessEnv;
  let printed = "";

  before(async () => {
    mkdirSync(folder, { recursive: true });
    await broker.start();
    const pem = broker.pem("server");
    refusing = createServer({ key: pem, cert: pem }, (asked, answer) => {
      answer.writeHead(401).end("Access Denied: Invalid credentials");
      asked.resume();
    }).listen(0, HOST);
    await once(refusing, "listening");
    const url = `https://${HOST}:${(refusing.address() as AddressInfo).port}`;
    const passwordFile = join(folder, "trino-password");
    writeFileSync(passwordFile, canary("trino"));
    env = {
      ...process.env,
      QUESTLOG_HOME: home,
      QUESTLOG_OUT: join(folder, "out"),
      QUESTLOG_HISTORY: join(folder, "history.jsonl"),
      QUESTLOG_KAFKA_BROKERS: broker.login,
      QUESTLOG_KAFKA_CA_FILE: broker.key("ca"),
      QUESTLOG_KAFKA_SASL: "plain",
      QUESTLOG_KAFKA_USER: "ann",
      QUESTLOG_KAFKA_PASSWORD: canary("kafka"),
      QUESTLOG_WEBHDFS_URL: url,
      QUESTLOG_WEBHDFS_CA_FILE: broker.key("ca"),
      QUESTLOG_WEBHDFS_PASSWORD: canary("hdfs"),
      QUESTLOG_TRINO_URL: url,
      QUESTLOG_TRINO_CA_FILE: broker.key("ca"),
      QUESTLOG_TRINO_USER: "ann",
      QUESTLOG_TRINO_PASSWORD_FILE: passwordFile,
      QUESTLOG_RETENTION: "player=hash",
      QUESTLOG_RETENTION_SECRET: canary("retention"),
    };
  });
  after(async () => {
    refusing?.close();
    await broker.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = async (script: string, ...args: string[]) => {
    const options = { env, cwd: settings.root, quiet: true, nothrow: true };
    const { exitCode, stdout, stderr } = await $(options)`${process.execPath} scripts/${script}.ts ${args}`;
    printed += stdout + stderr;
    return { exitCode, text: stdout + stderr };
  };

  it("are refused in commands with a reason, and a cell shows Trino's", async () => {
    const check = await run("check", "--cluster");
    assert.equal(check.exitCode, 1);
    assert.match(check.text, /kafka +missing[^]*SASL PLAIN authentication failed/);
    assert.match(check.text, /hdfs +missing[^]*status\s+401/);
    assert.match(check.text, /trino +missing[^]*HTTP_401/);
    for (const [script, ...args] of [
      ["status"],
      ["query", "SELECT 1"],
      ["tail", "--count"],
      ["tables"],
      ["history"],
    ])
      await run(script!, ...args);
    const cell = {
      cell_type: "code",
      id: "a",
      metadata: {},
      execution_count: null,
      outputs: [],
      source: 'import { query } from "questlog";\nawait query("SELECT 1");',
    };
    const kernelspec = { name: "tslab", display_name: "TypeScript", language: "typescript" };
    const notebook = { cells: [cell], metadata: { kernelspec }, nbformat: 4, nbformat_minor: 5 };
    const file = join(folder, "asks.ipynb");
    writeFileSync(file, JSON.stringify(notebook));
    const report = await run("report", file, "--junit", join(folder, "junit.xml"));
    assert.equal(report.exitCode, 1, report.text);
    const pages = filesIn(join(folder, "out")).filter((file) => file.endsWith(".html"));
    assert.ok(
      pages.some((file) => readFileSync(file, "utf8").includes("HTTP_401")),
      pages.join(" ") + report.text,
    );
  });

  it("are in no output, log, report, history or other file", () => {
    const files = filesIn(folder).filter((file) => !/trino-password$|\/broker\//.test(file));
    assert.ok(
      files.some((file) => file.endsWith("history.jsonl")) && files.some((file) => file.endsWith(".html")),
    );
    const words = names.flatMap((name) => [
      canary(name),
      ...["ann", "questlog"].map((user) => Buffer.from(`${user}:${canary(name)}`).toString("base64")),
    ]);
    const found = files.filter((file) => {
      const text = readFileSync(file, "latin1");
      return words.some((word) => text.includes(word));
    });
    assert.deepEqual(found, []);
    assert.deepEqual(
      words.filter((word) => printed.includes(word)),
      [],
    );
  });
});

function filesIn(folder: string): string[] {
  return readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? filesIn(path) : [path];
  });
}

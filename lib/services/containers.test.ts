import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { which, YAML } from "zx";
import { settings } from "../settings.ts";
import { writeConfiguration } from "./configuration.ts";
import { serverNames, services } from "./services.ts";

const file = join(settings.root, "compose", "compose.yml");

interface Container {
  image: string;
  ports?: string[];
  healthcheck?: object;
  mem_limit?: string;
  network_mode?: string;
}

describe("compose.yml", () => {
  const { services: containers } = YAML.parse(readFileSync(file, "utf8")) as {
    services: Record<string, Container>;
  };

  it("has a container for each server, in the version of the processes", () => {
    for (const { name, version } of services.filter(({ name }) =>
      serverNames.some((server) => server === name),
    )) {
      assert.equal(containers[name]?.image.split(":")[1], version, name);
    }
  });

  it("has the versions that pom.xml pins for the processes", () => {
    const pom = readFileSync(join(settings.root, "compose", "native", "pom.xml"), "utf8");
    const pinned = Object.fromEntries(
      [...pom.matchAll(/<(\w+)\.version>([^<]+)<\/\1\.version>/g)].map(([, name, version]) => [
        name,
        version,
      ]),
    );
    const { kafka, hadoop, metastore, trino } = pinned;
    const servers = services.filter(({ name }) => serverNames.some((server) => server === name));
    assert.deepEqual(Object.fromEntries(servers.map(({ name, version }) => [name, version])), {
      kafka: kafka,
      namenode: hadoop,
      datanode: hadoop,
      metastore: metastore,
      trino: trino,
    });
  });

  it("publishes ports on the loopback address only", () => {
    const published = Object.values(containers).flatMap(({ ports = [] }) => ports);
    assert.ok(published.length > 0);
    for (const port of published) assert.match(port, /^127\.0\.0\.1:/);
  });

  it("limits the memory of every container, and checks the health of every server", () => {
    for (const [name, { mem_limit }] of Object.entries(containers)) assert.ok(mem_limit, name);
    for (const name of serverNames) assert.ok(containers[name]?.healthcheck, name);
  });

  it("is accepted by Compose", function () {
    const plugin = which.sync("docker-compose", { nothrow: true });
    if (plugin === null) return this.skip();
    execFileSync(plugin, ["--file", file, "config", "--quiet"], { stdio: "pipe" });
  });
});

describe("writeConfiguration(to, paths)", () => {
  let to: string;
  before(() => (to = mkdtempSync(join(tmpdir(), "questlog-configuration-"))));
  after(() => rmSync(to, { recursive: true }));

  it("lets servers in containers listen on all interfaces, and announces them at the loopback address", () => {
    writeConfiguration(to, {
      bindHost: "0.0.0.0",
      conf: "/questlog",
      kafkaData: "/k",
      namenodeData: "/n",
      datanodeData: "/d",
      metastoreData: "/m",
      hadoopTmp: "/t",
      trinoConf: "/etc/trino",
      trinoPlugins: "/p",
    });
    const kafka = readFileSync(join(to, "kafka", "server.properties"), "utf8");
    assert.match(kafka, /^listeners=CLIENT:\/\/0\.0\.0\.0:\d+,/m);
    assert.match(kafka, /^advertised\.listeners=CLIENT:\/\/127\.0\.0\.1:\d+$/m);
    assert.match(kafka, /^log\.dirs=\/k$/m);
    assert.match(
      readFileSync(join(to, "trino", "catalog", "hive.properties"), "utf8"),
      /\/questlog\/hadoop\//,
    );
  });
});

// A program named docker that records each of its command lines, and answers like the engine.
const RECORDER = `const { appendFileSync, existsSync, rmSync, writeFileSync } = require("node:fs");
const args = process.argv.slice(2);
appendFileSync(process.env.RECORD, JSON.stringify(args) + "\\n");
const running = process.env.RECORD + ".running"; // there while the container "runs"
const words = args.join(" ");
if (process.env.ENGINE === "off" && args[0] === "info") {
  console.error("Cannot connect to the Docker daemon");
  process.exit(1);
}
if (/ up --detach /.test(words)) writeFileSync(running, "");
if (/ stop .*kafka$/.test(words)) rmSync(running);
if (/ ps --quiet kafka$/.test(words)) console.log(existsSync(running) ? "id-of-kafka" : "");
if (args[0] === "inspect") console.log(existsSync(running));
if (/ ps --services /.test(words)) console.log("network");
if (/ logs /.test(words)) console.log("one\\ntwo");
`;

describe("dockerRuntime, with a docker that records its calls", function () {
  this.timeout(60_000); // each test starts a Node, and that one a docker for each call
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "questlog-docker-"));
    const program = join(folder, "docker.cjs");
    writeFileSync(program, RECORDER);
    const launcher = `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`; // Node's path may hold spaces
    writeFileSync(join(folder, "docker"), launcher, { mode: 0o755 });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /**
   * Runs `code` with `runtime` and `kafka` in a process whose docker records; resolves with its
   * last line.
   */
  function inProcess(code: string, env: NodeJS.ProcessEnv = {}): unknown {
    const program = `
      import { dockerRuntime as runtime } from ${JSON.stringify(new URL("./containers.ts", import.meta.url).href)};
      import { services } from ${JSON.stringify(new URL("./services.ts", import.meta.url).href)};
      const kafka = services.find(({ name }) => name === "kafka");
      const result = await (async () => { ${code} })().catch(({ message }) => message);
      console.log(JSON.stringify(result));`;
    const output = execFileSync(process.execPath, ["--input-type=module", "--eval", program], {
      encoding: "utf8",
      env: {
        ...process.env,
        PATH: `${folder}:/usr/bin:/bin`,
        RECORD: join(folder, "record"),
        QUESTLOG_HOME: join(folder, "home"),
        ...env,
      },
    });
    return JSON.parse(output.trim().split("\n").at(-1)!);
  }

  function calls(): string[] {
    const lines = readFileSync(join(folder, "record"), "utf8").trim().split("\n");
    const compose = ["compose", "--project-name", `questlog-${settings.ports.kafka}`, "--file", file];
    return lines
      .map((line) => (JSON.parse(line) as string[]).join(" ").replace(compose.join(" "), "COMPOSE"))
      .filter((line) => !/^(info|compose version)/.test(line));
  }

  it("pulls images, starts, inspects, reads the log and stops; the last stop includes the network", () => {
    const result = inProcess(`
      await runtime.prepare([kafka], () => {});
      const before = await runtime.isRunning(kafka);
      const command = await runtime.start(kafka);
      const running = await runtime.isRunning(kafka);
      const lines = await runtime.lastLogLines(kafka);
      const stopped = [await runtime.stop(kafka), await runtime.stop(kafka)];
      await runtime.wipe();
      return { before, command, running, lines, stopped };`);
    assert.deepEqual(result, {
      before: false,
      command: "docker compose up --detach kafka",
      running: true,
      lines: ["one", "two"],
      stopped: [true, false],
    });
    assert.deepEqual(calls(), [
      "COMPOSE pull --quiet kafka",
      "COMPOSE ps --quiet kafka",
      "COMPOSE up --detach kafka",
      "COMPOSE ps --quiet kafka",
      "inspect --format {{.State.Running}} id-of-kafka",
      "COMPOSE logs --no-color --tail 20 kafka",
      "COMPOSE ps --quiet kafka",
      "inspect --format {{.State.Running}} id-of-kafka",
      "COMPOSE stop --timeout 60 kafka",
      "COMPOSE ps --services --filter status=running",
      "COMPOSE stop network",
      "COMPOSE ps --quiet kafka",
      "COMPOSE down --volumes",
    ]);
  });

  it("throws that the engine does not run, and names the other way to start services", () => {
    const message = inProcess("await runtime.start(kafka)", { ENGINE: "off" });
    assert.match(String(message), /^--docker needs a running Docker engine: Cannot connect/);
    assert.match(String(message), /use --native/);
  });
});

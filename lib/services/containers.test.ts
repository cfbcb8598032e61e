import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { which } from "zx";
import { settings } from "../settings.ts";
import { writeConfiguration } from "./configuration.ts";
import { dockerRuntime, PROJECT } from "./containers.ts";
import { FakeDocker } from "./fake-docker.fixture.ts";
import { imageTag, layOut, PLACE, TARGETS } from "./images.ts";
import { serverNames, services } from "./services.ts";

const file = join(settings.root, "compose", "compose.yml");

interface Container {
  image: string;
  ports?: string[];
  healthcheck?: object;
  mem_limit?: string;
  read_only?: boolean;
  cap_drop?: string[];
  security_opt?: string[];
  profiles?: string[];
}

const productNames = ["api", "init", "stream"]; // of the profile app

describe("compose.yml", () => {
  const { services: containers } = parse(readFileSync(file, "utf8"), { merge: true }) as {
    services: Record<string, Container>;
  };

  it("has a container for each server and the product, from own images, without any right", () => {
    assert.deepEqual(Object.keys(containers).sort(), [...serverNames, ...productNames].sort());
    for (const [name, container] of Object.entries(containers)) {
      assert.match(
        container.image,
        productNames.includes(name)
          ? /^questlog-(api|stream):\$\{QUESTLOG_PRODUCT_IMAGES:-latest\}$/
          : /^questlog-(kafka|hadoop|metastore|trino):\$\{QUESTLOG_IMAGES:-latest\}$/,
        name,
      );
      assert.equal(container.read_only, true, name);
      assert.deepEqual(container.cap_drop, ["ALL"], name);
      assert.deepEqual(container.security_opt, ["no-new-privileges:true"], name);
    }
  });

  it("starts the product only with the profile app", () => {
    for (const [name, { profiles }] of Object.entries(containers))
      assert.deepEqual(profiles, productNames.includes(name) ? ["app"] : undefined, name);
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

describe("writeConfiguration(to, place)", () => {
  let to: string;
  before(() => (to = mkdtempSync(join(tmpdir(), "questlog-configuration-"))));
  after(() => rmSync(to, { recursive: true }));

  it("lets servers in containers listen on all interfaces; clients get the loopback address", () => {
    writeConfiguration(to, PLACE);
    const kafka = readFileSync(join(to, "kafka", "server.properties"), "utf8");
    assert.match(kafka, /^listeners=CLIENT:\/\/0\.0\.0\.0:\$\{QUESTLOG_KAFKA_PORT\},/m);
    assert.match(
      kafka,
      /^advertised\.listeners=CLIENT:\/\/127\.0\.0\.1:\$\{QUESTLOG_KAFKA_PORT\},INTERNAL:\/\/kafka:9095$/m,
    );
    assert.match(kafka, /^log\.dirs=\/data\/kafka$/m);
    const catalog = readFileSync(join(to, "trino", "catalog", "hive.properties"), "utf8");
    assert.match(catalog, /\/tmp\/questlog\/hadoop\//);
  });
});

describe("layOut(files, context)", () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), "questlog-images-"))));
  after(() => rmSync(folder, { recursive: true }));

  it("links each jar once, and writes configuration and argument files", () => {
    const file = (path: string): string => {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), path);
      return join(folder, path);
    };
    file("trino/lib/main.jar");
    file("trino/plugin/hive/hive.jar");
    file("trino/secured/password.jar");
    const shared = file("shared.jar");
    const jars = { kafka: [file("kafka.jar")], hadoop: [shared], metastore: [shared, file("hive.jar")] };
    const context = join(folder, "context");
    layOut({ jars, trino: join(folder, "trino") }, context);
    const made = readdirSync(context, { recursive: true, encoding: "utf8" });
    const links = made.filter((path) => path.endsWith(".jar")).sort();
    assert.deepEqual(links, [
      "hadoop/shared.jar",
      "kafka/kafka.jar",
      "metastore/hive.jar",
      "trino/lib/main.jar",
      "trino/plugin/hive/hive.jar",
    ]);
    assert.equal(statSync(join(context, "kafka", "kafka.jar")).ino, statSync(join(folder, "kafka.jar")).ino);
    const text = readFileSync(join(context, "run", "conf", "metastore.args"), "utf8");
    assert.match(text, /^"\/opt\/questlog\/hadoop\/shared\.jar:\/opt\/questlog\/metastore\/hive\.jar"$/m);
    assert.match(text, /^"\$\{QUESTLOG_METASTORE_PORT\}"$/m);
  });
});

describe("dockerRuntime, with a docker that records its calls", function () {
  this.timeout(60_000); // each call starts a Node
  const kafka = services.find(({ name }) => name === "kafka")!;
  let fake: FakeDocker;
  beforeEach(() => {
    fake = new FakeDocker();
    process.env.IMAGES = TARGETS.map((target) => `questlog-${target}:${imageTag()}`).join("\n");
  });
  afterEach(() => fake.remove());

  /** The calls that change something, in short. */
  function changes(): string[] {
    const compose = `compose --project-name ${PROJECT} --file ${file}`;
    const lines = fake.calls().map((line) => line.replace(compose, "COMPOSE"));
    return lines.filter((line) => !/^(version|images|ps|inspect|logs|compose version)/.test(line));
  }

  it("makes a container, starts it, reads its log, freezes it, stops it, and deletes its data", async () => {
    await dockerRuntime.prepare([kafka], () => {});
    assert.equal(await dockerRuntime.isRunning(kafka), false);
    assert.equal(await dockerRuntime.start(kafka), "docker start questlog_kafka_1");
    assert.equal(await dockerRuntime.isRunning(kafka), true);
    assert.equal(await dockerRuntime.restarts(kafka), 0);
    assert.deepEqual(await dockerRuntime.lastLogLines(kafka), ["one", "two"]);
    await dockerRuntime.pause(kafka);
    await dockerRuntime.resume(kafka);
    await dockerRuntime.disconnect!(kafka);
    await dockerRuntime.connect!(kafka);
    await dockerRuntime.readData(kafka, "kafka/meta.properties");
    await dockerRuntime.startWith(kafka, ["-D", "a=b"]);
    assert.deepEqual([await dockerRuntime.stop(kafka), await dockerRuntime.stop(kafka)], [true, false]);
    await dockerRuntime.kill(kafka);
    await dockerRuntime.wipe();
    assert.deepEqual(changes(), [
      "COMPOSE up --no-start kafka",
      "start id-of-kafka",
      "pause id-of-kafka",
      "unpause id-of-kafka",
      `network disconnect ${PROJECT}_default id-of-kafka`,
      `network connect --alias kafka ${PROJECT}_default id-of-kafka`,
      "exec id-of-kafka cat /data/kafka/meta.properties",
      "COMPOSE up --no-start kafka",
      "start id-of-kafka",
      "stop --time 60 id-of-kafka",
      "kill id-of-kafka",
      "COMPOSE down --volumes",
    ]);
  });

  it("changes nothing if no engine answers", async () => {
    fake.failAt("version", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.");
    await assert.rejects(
      dockerRuntime.prepare([kafka], () => {}),
      { message: /^no Docker engine answers: start Docker, or use --native/ },
    );
    assert.deepEqual(changes(), []);
  });

  it("names the service that it cannot start, and the project of its container", async () => {
    await assert.rejects(dockerRuntime.start(kafka), {
      message: /^kafka: expected a container of the project/,
    });
  });

  it("leaves API and stream to processes", async () => {
    const api = services.find(({ name }) => name === "api")!;
    assert.equal(await dockerRuntime.isRunning(api), false);
    assert.equal(await dockerRuntime.stop(api), false);
    assert.deepEqual(fake.calls(), []);
  });
});

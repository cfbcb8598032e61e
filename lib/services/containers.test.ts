import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
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

  it("has a container for each server, at the version of the processes", () => {
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

  it("limits the memory of every container, and asks every server whether it is healthy", () => {
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

  it("lets the servers of containers listen everywhere, and names them by the loopback address", () => {
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

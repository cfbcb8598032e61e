/**
 * Two NameNodes of one HDFS, with HTTPS and permissions, one active and one standby, without a
 * DataNode: folders can be made and renamed, but no file has bytes.
 */
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { killProcess, startProcess, stopProcess } from "../services/process.ts";
import { HOST } from "../settings.ts";
import { until } from "../until.ts";
import { freePort } from "./free-port.ts";
import { KEY_FILES, makeKeys } from "./cluster-keys.ts";
import { javaCommand, type JavaProgram, runJava } from "./java-program.ts";

const NAMES = ["first", "second"] as const;
type Name = (typeof NAMES)[number];

const READY_LIMIT_MS = 120_000;
const SUPERUSER = "hdfs";
const NAMENODE = "org.apache.hadoop.hdfs.server.namenode.NameNode";

export class TwoNameNodes {
  readonly home: string;
  #ports: Record<Name, { rpc: number; https: number }> | undefined;
  #ca = "";

  constructor(home: string) {
    this.home = home;
  }

  get ca(): string {
    return this.#ca;
  }

  url(name: Name): string {
    return `https://${HOST}:${this.#ports![name].https}`;
  }

  /** Resolves when both answer and the first one is active. */
  async start(): Promise<void> {
    const keys = join(this.home, "keys");
    const password = await makeKeys(keys, "questlog");
    this.#ca = readFileSync(join(keys, KEY_FILES.ca), "utf8");
    const [a, b, c, d] = await Promise.all([freePort(), freePort(), freePort(), freePort()]);
    this.#ports = { first: { rpc: a, https: b }, second: { rpc: c, https: d } };
    for (const name of NAMES) this.#configure(name, join(keys, KEY_FILES.store), password);
    await runJava({ ...this.#program("first"), name: "format", args: ["-format", "-nonInteractive"] });
    cpSync(join(this.home, "data-first"), join(this.home, "data-second"), { recursive: true });
    await Promise.all(
      NAMES.map(async (name) => startProcess(this.home, name, await javaCommand(this.#program(name)))),
    );
    const answer = (name: Name) =>
      this.#administer("GET", name, "/jmx?qry=Hadoop:service=NameNode,name=NameNodeStatus");
    for (const name of NAMES)
      await until(`${name} answers`, () => answer(name), { limitMs: READY_LIMIT_MS, everyMs: 250 });
    await this.activate("first");
  }

  /** Makes one NameNode active, and the other one a standby if it runs. */
  async activate(name: Name): Promise<void> {
    const other = NAMES.find((one) => one !== name)!;
    const admin = { ...this.#program(name), main: "org.apache.hadoop.hdfs.tools.DFSHAAdmin" };
    await runJava({ ...admin, name: "standby", args: ["-transitionToStandby", other] }).catch(() => {});
    await runJava({ ...admin, name: "active", args: ["-transitionToActive", "--forceactive", name] });
  }

  kill(name: Name): Promise<void> {
    return killProcess(this.home, name);
  }

  /** A call of an administrator to the active NameNode. */
  async administer(name: Name, path: string, query: string): Promise<void> {
    await this.#administer("PUT", name, `/webhdfs/v1${path}?user.name=${SUPERUSER}&${query}`);
  }

  async stop(): Promise<void> {
    await Promise.all(NAMES.map((name) => stopProcess(this.home, name, { graceMs: 0 })));
    rmSync(this.home, { recursive: true, force: true });
  }

  #program(name: Name): JavaProgram {
    return {
      home: this.home,
      name,
      set: "hadoop",
      main: NAMENODE,
      args: [],
      heapMb: 96,
      classFolders: [join(this.home, `conf-${name}`)],
    };
  }

  #configure(name: Name, keystore: string, password: string): void {
    const site = {
      "fs.defaultFS": "hdfs://pair",
      "hadoop.tmp.dir": join(this.home, "tmp"),
      "dfs.nameservices": "pair",
      "dfs.ha.namenodes.pair": NAMES.join(","),
      "dfs.ha.namenode.id": name,
      ...Object.fromEntries(
        NAMES.flatMap((one) => [
          [`dfs.namenode.rpc-address.pair.${one}`, `${HOST}:${this.#ports![one].rpc}`],
          [`dfs.namenode.https-address.pair.${one}`, `${HOST}:${this.#ports![one].https}`],
        ]),
      ),
      "dfs.client.failover.proxy.provider.pair":
        "org.apache.hadoop.hdfs.server.namenode.ha.ConfiguredFailoverProxyProvider",
      "dfs.ha.fencing.methods": "shell(/bin/true)",
      "dfs.namenode.name.dir": join(this.home, `data-${name}`),
      "dfs.namenode.shared.edits.dir": `file://${join(this.home, "shared")}`,
      "dfs.http.policy": "HTTPS_ONLY",
      "dfs.namenode.safemode.threshold-pct": 0,
      "dfs.namenode.safemode.extension": 0,
      "dfs.ha.tail-edits.period": 1,
    };
    const keys = {
      "ssl.server.keystore.type": "pkcs12",
      "ssl.server.keystore.location": keystore,
      "ssl.server.keystore.password": password,
      "ssl.server.keystore.keypassword": password,
    };
    const folder = join(this.home, `conf-${name}`);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "core-site.xml"), xmlText(site));
    writeFileSync(join(folder, "hdfs-site.xml"), xmlText(site));
    writeFileSync(join(folder, "ssl-server.xml"), xmlText(keys));
  }

  #administer(method: string, name: Name, path: string): Promise<true> {
    return new Promise((resolve, reject) => {
      const signal = AbortSignal.timeout(10_000);
      const sent = request(`${this.url(name)}${path}`, { method, ca: this.#ca, signal }, (response) => {
        text(response).then((answer) => {
          if (response.statusCode === 200) resolve(true);
          else reject(new Error(`${path}: status ${response.statusCode}, ${answer.slice(0, 300)}`));
        }, reject);
      });
      sent.once("error", reject);
      sent.end();
    });
  }
}

/** The text of a file of Hadoop's configuration. */
export function xmlText(values: Record<string, string | number | boolean>): string {
  const lines = Object.entries(values).map(
    ([name, value]) => `  <property><name>${name}</name><value>${value}</value></property>`,
  );
  return ["<configuration>", ...lines, "</configuration>", ""].join("\n");
}

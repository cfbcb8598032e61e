/**
 * A folder → an HDFS that asks for Kerberos: a KDC, a NameNode and a DataNode, by HTTPS only.
 *
 * Hadoop starts a secure DataNode as root only, on ports below 1024. The property for tests
 * (ignore.secure.ports.for.testing) takes this away; the logins stay. The product's own Java has no
 * module jdk.security.jgss, by which NameNode and DataNode log in: so `java` of PATH runs them.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { request } from "node:https";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { $ } from "zx";
import { lastLogLines, startProcess, stopProcess } from "../services/process.ts";
import { HOST } from "../settings.ts";
import { spnego } from "../spnego.ts";
import { until } from "../until.ts";
import { freePort } from "./free-port.ts";
import { KEY_FILES, makeKeys } from "./cluster-keys.ts";
import { javaCommand, type JavaProgram, propertiesText, runJava } from "./java-program.ts";
import { Kdc, REALM } from "./kdc.ts";
import { xmlText } from "./two-namenodes.ts";

const NAMES = ["namenode", "datanode"] as const;
type Name = (typeof NAMES)[number];

const SERVER = "localhost"; // the host in the principals
const ADMINISTRATOR = `hdfs/${SERVER}`;
const READY_LIMIT_MS = 120_000;
const MAIN = {
  namenode: "org.apache.hadoop.hdfs.server.namenode.NameNode",
  datanode: "org.apache.hadoop.hdfs.server.datanode.DataNode",
};

/** The Debian package of a Java with Kerberos for the servers, if this machine has none. */
export async function missingJava(): Promise<string[]> {
  const { stdout } = await $({ quiet: true, nothrow: true })`java --list-modules`;
  return stdout.includes("jdk.security.jgss@") ? [] : ["openjdk-17-jre-headless"];
}

export class KerberosHdfs {
  readonly home: string;
  readonly kdc: Kdc;
  readonly #users: readonly string[];
  #ca = "";
  #port = 0;
  #environment: NodeJS.ProcessEnv | undefined; // of this process, before the first ticket

  constructor(home: string, users: readonly string[]) {
    this.home = home;
    this.#users = users;
    this.kdc = new Kdc(join(home, "kdc"));
  }

  get ca(): string {
    return this.#ca;
  }

  get url(): string {
    return `https://${SERVER}:${this.#port}`;
  }

  /** Resolves when the DataNode can take files. Each user has a folder with the user's name. */
  async start(): Promise<void> {
    const keys = join(this.home, "keys");
    const password = await makeKeys(keys, "questlog");
    this.#ca = readFileSync(join(keys, KEY_FILES.ca), "utf8");
    await this.kdc.start([...this.#users, ADMINISTRATOR, `HTTP/${SERVER}`]);
    await this.#configure(join(keys, KEY_FILES.store), password);
    await runJava({ ...this.#program("namenode"), name: "format", args: ["-format", "-nonInteractive"] });
    for (const name of NAMES) await startProcess(this.home, name, await javaCommand(this.#program(name)));
    await this.kdc.login(ADMINISTRATOR, "administrator");
    try {
      const limits = { limitMs: READY_LIMIT_MS, everyMs: 250 };
      await until("the DataNode is live", () => this.#isLive(), limits);
    } catch (error) {
      const logs = NAMES.flatMap((name) => lastLogLines(this.home, name, 5));
      throw new Error([(error as Error).message, ...logs].join("\n"), { cause: error });
    }
    for (const user of this.#users) {
      await this.administer("PUT", `/webhdfs/v1/${user}?op=MKDIRS`);
      await this.administer("PUT", `/webhdfs/v1/${user}?op=SETOWNER&owner=${user}`);
    }
  }

  /** From now on this process logs in by the tickets of the cache `name`. */
  useTickets(name: string): void {
    this.#environment ??= { ...process.env };
    Object.assign(process.env, this.kdc.environment(name));
  }

  /** A call of the administrator to the NameNode; the answer's text. */
  async administer(method: string, path: string): Promise<string> {
    this.useTickets("administrator");
    return this.call(method, path);
  }

  /** A call with the tickets that this process uses. @throws Error for another status than 200 */
  async call(method: string, path: string): Promise<string> {
    const headers = { authorization: `Negotiate ${await spnego(SERVER)}` };
    return new Promise((resolve, reject) => {
      const options = { method, headers, ca: this.#ca, agent: false, signal: AbortSignal.timeout(10_000) };
      const sent = request(`${this.url}${path}`, options, (response) => {
        text(response).then((answer) => {
          if (response.statusCode === 200) resolve(answer);
          else reject(new Error(`${path}: status ${response.statusCode}, ${answer.slice(0, 300)}`));
        }, reject);
      });
      sent.once("error", reject);
      sent.end();
    });
  }

  async stop(): Promise<void> {
    for (const [name] of Object.entries(this.kdc.environment("none"))) {
      const before = this.#environment?.[name];
      if (before === undefined) delete process.env[name];
      else process.env[name] = before;
    }
    await Promise.all(NAMES.map((name) => stopProcess(this.home, name, { graceMs: 0 })));
    await this.kdc.stop();
    rmSync(this.home, { recursive: true, force: true });
  }

  async #isLive(): Promise<true | undefined> {
    const answer = await this.administer("GET", "/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState");
    return /"NumLiveDataNodes" : 1\b/.test(answer) && /"FSState" : "Operational"/.test(answer)
      ? true
      : undefined;
  }

  #program(name: Name): JavaProgram {
    return {
      home: this.home,
      name,
      set: "hadoop",
      main: MAIN[name],
      args: [],
      heapMb: 128,
      classFolders: [join(this.home, "conf")],
      java: "java",
      properties: { "java.security.krb5.conf": this.kdc.config },
    };
  }

  async #configure(keystore: string, password: string): Promise<void> {
    const [rpc, https, data, ipc, dataHttps] = await Promise.all(Array.from({ length: 5 }, freePort));
    this.#port = https!;
    const principal = `${ADMINISTRATOR}@${REALM}`;
    const keytab = this.kdc.keytab(ADMINISTRATOR);
    const web = { principal: `HTTP/${SERVER}@${REALM}`, keytab: this.kdc.keytab(`HTTP/${SERVER}`) };
    writeFileSync(join(this.home, "signature"), password); // of the cookies of /jmx
    const site = {
      "fs.defaultFS": `hdfs://${SERVER}:${rpc}`,
      "hadoop.tmp.dir": join(this.home, "tmp"),
      "hadoop.security.authentication": "kerberos",
      "hadoop.security.authorization": true,
      "hadoop.security.group.mapping": "org.apache.hadoop.security.NullGroupsMapping",
      "hadoop.http.filter.initializers": "org.apache.hadoop.security.AuthenticationFilterInitializer",
      "hadoop.http.authentication.type": "kerberos",
      "hadoop.http.authentication.kerberos.principal": web.principal,
      "hadoop.http.authentication.kerberos.keytab": web.keytab,
      "hadoop.http.authentication.signature.secret.file": join(this.home, "signature"),
      "dfs.web.authentication.kerberos.principal": web.principal,
      "dfs.web.authentication.kerberos.keytab": web.keytab,
      "dfs.namenode.kerberos.principal": principal,
      "dfs.namenode.keytab.file": keytab,
      "dfs.datanode.kerberos.principal": principal,
      "dfs.datanode.keytab.file": keytab,
      "dfs.block.access.token.enable": true,
      "ignore.secure.ports.for.testing": true,
      "dfs.http.policy": "HTTPS_ONLY",
      "dfs.replication": 1,
      "dfs.namenode.name.dir": join(this.home, "data-namenode"),
      "dfs.datanode.data.dir": join(this.home, "data-datanode"),
      "dfs.namenode.rpc-address": `${SERVER}:${rpc}`,
      "dfs.namenode.https-address": `${HOST}:${https}`,
      "dfs.datanode.hostname": SERVER,
      "dfs.datanode.address": `${HOST}:${data}`,
      "dfs.datanode.ipc.address": `${HOST}:${ipc}`,
      "dfs.datanode.https.address": `${HOST}:${dataHttps}`,
      "dfs.namenode.datanode.registration.ip-hostname-check": false,
      "dfs.namenode.safemode.extension": 0,
      "dfs.heartbeat.interval": 1,
    };
    const stores = {
      "ssl.server.keystore.type": "pkcs12",
      "ssl.server.keystore.location": keystore,
      "ssl.server.keystore.password": password,
      "ssl.server.keystore.keypassword": password,
    };
    const log4j = {
      "log4j.rootLogger": "WARN, console",

      "log4j.appender.console": "org.apache.log4j.ConsoleAppender",
      "log4j.appender.console.layout": "org.apache.log4j.SimpleLayout",
    };
    const folder = join(this.home, "conf");
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, "core-site.xml"), xmlText(site));
    writeFileSync(join(folder, "hdfs-site.xml"), xmlText(site));
    writeFileSync(join(folder, "ssl-server.xml"), xmlText(stores));
    writeFileSync(join(folder, "log4j.properties"), propertiesText(log4j));
  }
}

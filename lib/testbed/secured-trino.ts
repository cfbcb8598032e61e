/**
 * One Trino with HTTPS that asks for a password or a JWT, and an HDFS of its own.
 *
 * Catalogs: `lake` has roles (hive.security=sql-standard), `frozen` forbids all writes. Both have
 * the same schemas, in a metastore of files in HDFS. It has one administrator: the user `admin`.
 */
import { generateKeyPairSync, sign } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { prepareArtifacts } from "../services/artifacts.ts";
import { javaEnvironment } from "../services/java.ts";
import { type Command, lastLogLines, startProcess, stopProcess } from "../services/process.ts";
import { HOST, settings } from "../settings.ts";
import { until } from "../until.ts";
import { freePort } from "./free-port.ts";
import { KEY_FILES, makeKeys } from "./cluster-keys.ts";
import { javaCommand, type JavaProgram, propertiesText, runJava } from "./java-program.ts";
import { xmlText } from "./two-namenodes.ts";

const READY_LIMIT_MS = 150_000;
const HDFS_SERVERS = {
  namenode: "org.apache.hadoop.hdfs.server.namenode.NameNode",
  datanode: "org.apache.hadoop.hdfs.server.datanode.DataNode",
};
const NAMES = ["trino", "namenode", "datanode"];

export class SecuredTrino {
  readonly home: string;
  readonly user: string; // has the password
  readonly administrator = "admin"; // of roles
  password = "";
  #port = 0;
  #plainPort = 0; // without logins
  #webhdfsPort = 0;
  readonly #keys = generateKeyPairSync("rsa", { modulusLength: 2048 });

  constructor(home: string, user: string) {
    this.home = home;
    this.user = user;
  }

  get url(): string {
    return `https://${HOST}:${this.#port}`;
  }

  get webhdfsUrl(): string {
    return `http://${HOST}:${this.#webhdfsPort}`;
  }

  /** The path of one of the keys. */
  key(name: keyof typeof KEY_FILES): string {
    return join(this.home, "keys", KEY_FILES[name]);
  }

  /** A JWT of a user, signed by the key that Trino trusts. */
  token(user: string, lifeSeconds = 3600): string {
    const now = Math.floor(Date.now() / 1000);
    const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
    const text = `${part({ alg: "RS256", typ: "JWT" })}.${part({ sub: user, iat: now, exp: now + lifeSeconds })}`;
    return `${text}.${sign("sha256", Buffer.from(text), this.#keys.privateKey).toString("base64url")}`;
  }

  /** Resolves when a query sees the catalogs. */
  async start(): Promise<void> {
    this.password = await makeKeys(join(this.home, "keys"), this.user);
    const publicKey = this.#keys.publicKey.export({ type: "spki", format: "pem" });
    writeFileSync(join(this.home, "keys", "jwt.pem"), publicKey);
    await this.#configureHdfs();
    await this.#configure();
    const format = { name: "format", args: ["-format", "-nonInteractive"] };
    await Promise.all([
      runJava({ ...this.#hdfsProgram("namenode"), ...format }).then(() => this.#startHdfs()),
      startProcess(this.home, "trino", await this.#command()),
    ]);
    const isReady = async () => {
      await this.run("SHOW SCHEMAS FROM lake");
      const hdfs = await fetch(`${this.webhdfsUrl}/jmx?qry=Hadoop:service=NameNode,name=FSNamesystemState`);
      return /"NumLiveDataNodes" : 1\b/.test(await hdfs.text()) || undefined;
    };
    try {
      await until("Trino and HDFS answer", isReady, { limitMs: READY_LIMIT_MS, everyMs: 500 });
    } catch (error) {
      const logs = NAMES.flatMap((name) => lastLogLines(this.home, name, 6));
      throw new Error([(error as Error).message, ...logs].join("\n"), { cause: error });
    }
  }

  /** Runs a statement as the administrator, by the port without logins; its rows. */
  async run(statement: string): Promise<unknown[][]> {
    const headers = { "X-Trino-User": this.administrator, "X-Trino-Role": "lake=ROLE{admin}" };
    const rows: unknown[][] = [];
    let next: string | undefined = `http://${HOST}:${this.#plainPort}/v1/statement`;
    for (let body: string | undefined = statement; next !== undefined; body = undefined) {
      const answer: Response = await fetch(next, { headers, ...(body && { method: "POST", body }) });
      if (!answer.ok) throw new Error(`Trino: status ${answer.status}, ${await answer.text()}`);
      const page = (await answer.json()) as Page;
      if (page.error) throw new Error(`${statement}: ${page.error.message}`);
      rows.push(...(page.data ?? []));
      next = page.nextUri;
    }
    return rows;
  }

  async stop(): Promise<void> {
    await Promise.all(NAMES.map((name) => stopProcess(this.home, name, { graceMs: 0 })));
    rmSync(this.home, { recursive: true, force: true });
  }

  #hdfsProgram(name: keyof typeof HDFS_SERVERS): JavaProgram {
    const classFolders = [join(this.home, "conf")];
    return {
      home: this.home,
      name,
      set: "hadoop",
      main: HDFS_SERVERS[name],
      args: [],
      heapMb: 96,
      classFolders,
    };
  }

  async #startHdfs(): Promise<void> {
    for (const name of ["namenode", "datanode"] as const)
      await startProcess(this.home, name, await javaCommand(this.#hdfsProgram(name)));
  }

  async #configureHdfs(): Promise<void> {
    const [rpc, http, data, ipc, dataHttp] = await Promise.all(Array.from({ length: 5 }, freePort));
    this.#webhdfsPort = http!;
    const site = {
      "fs.defaultFS": `hdfs://${HOST}:${rpc}`,
      "hadoop.tmp.dir": join(this.home, "tmp"),
      "dfs.replication": 1,
      "dfs.permissions.enabled": false,
      "dfs.namenode.name.dir": join(this.home, "data-namenode"),
      "dfs.datanode.data.dir": join(this.home, "data-datanode"),
      "dfs.namenode.rpc-address": `${HOST}:${rpc}`,
      "dfs.namenode.http-address": `${HOST}:${http}`,
      "dfs.datanode.hostname": HOST,
      "dfs.datanode.address": `${HOST}:${data}`,
      "dfs.datanode.ipc.address": `${HOST}:${ipc}`,
      "dfs.datanode.http.address": `${HOST}:${dataHttp}`,
      "dfs.namenode.safemode.extension": 0,
      "dfs.heartbeat.interval": 1,
    };
    mkdirSync(join(this.home, "conf"), { recursive: true });
    for (const file of ["core-site.xml", "hdfs-site.xml"])
      writeFileSync(join(this.home, "conf", file), xmlText(site));
  }

  async #configure(): Promise<void> {
    const [https, http] = await Promise.all([freePort(), freePort()]);
    [this.#port, this.#plainPort] = [https, http];
    const conf = (file: string) => join(this.home, "conf", file);
    const key = (file: string) => join(this.home, "keys", file);
    const config = {
      coordinator: true,
      "node-scheduler.include-coordinator": true,
      "node.environment": "secured",
      "node.bind-ip": HOST,
      "node.internal-address": HOST,
      "http-server.http.port": http,
      "discovery.uri": `http://${HOST}:${http}`,
      "internal-communication.shared-secret": "of this server of tests",
      "http-server.https.enabled": true,
      "http-server.https.port": this.#port,
      "http-server.https.keystore.path": this.key("server"),
      "http-server.authentication.type": "PASSWORD,JWT",
      "http-server.authentication.jwt.key-file": key("jwt.pem"),
      "http-server.authentication.allow-insecure-over-http": true, // for the administrator
      "http-server.log.enabled": false,
      "password-authenticator.config-files": conf("password-authenticator.properties"),
      "catalog.config-dir": conf("catalog"),
      "plugin.dir": join(this.home, "plugins"),
      "task.concurrency": 2,
      "task.max-worker-threads": 4,
      "query.max-history": 50,
    };
    const hive = {
      "connector.name": "hive",
      "hive.metastore": "file",
      "hive.metastore.catalog.dir": "hdfs:///metastore",
      "fs.hadoop.enabled": true,
      "hive.config.resources": conf("core-site.xml"),
      "hive.non-managed-table-writes-enabled": true,
      "hive.allow-register-partition-procedure": true,
      "hive.parquet.time-zone": "UTC",
    };
    const passwords = { "password-authenticator.name": "file", "file.password-file": this.key("users") };
    mkdirSync(conf("catalog"), { recursive: true });
    writeFileSync(conf("config.properties"), propertiesText(config));
    writeFileSync(conf("log.properties"), "io.trino=WARN\nio.airlift=WARN\norg=WARN\ncom=WARN\n");
    writeFileSync(conf("password-authenticator.properties"), propertiesText(passwords));
    for (const [name, security] of Object.entries({ lake: "sql-standard", frozen: "read-only" }))
      writeFileSync(
        conf(join("catalog", `${name}.properties`)),
        propertiesText({ ...hive, "hive.security": security }),
      );
  }

  async #command(): Promise<Command> {
    const { java, trino } = await prepareArtifacts(() => {});
    for (const folder of ["plugins", "tmp"]) mkdirSync(join(this.home, folder), { recursive: true });
    for (const place of ["plugin", "secured"])
      for (const plugin of readdirSync(join(trino, place)))
        symlinkSync(join(trino, place, plugin), join(this.home, "plugins", plugin));
    const options = readFileSync(join(settings.root, "compose", "trino", "jvm.config"), "utf8");
    const lines = [
      ...options.trim().split("\n"),
      "-Xmx600m",
      `-Djava.io.tmpdir=${join(this.home, "tmp")}`,
      `-Dconfig=${join(this.home, "conf", "config.properties")}`,
      `-Dlog.levels-file=${join(this.home, "conf", "log.properties")}`,
      "-cp",
      join(trino, "lib", "*"),
      "io.trino.server.TrinoServer",
    ];
    const file = join(this.home, "trino.args");
    writeFileSync(file, lines.map((line) => `"${line.replace(/[\\"]/g, "\\$&")}"\n`).join(""));
    const env = { ...javaEnvironment(), HADOOP_USER_NAME: settings.hdfsUser };
    return { file: java, args: [`@${file}`], cwd: this.home, env };
  }
}

/** The part of Trino's page that is used here. */
interface Page {
  nextUri?: string;
  data?: unknown[][];
  error?: { message: string };
}

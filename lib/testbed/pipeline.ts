/**
 * A pipeline of a drill's own on the running services: topic, HDFS folder, schema with tables; API and
 * streams as child processes, which can be killed, stopped and continued.
 *
 * The processes are the scripts that a user starts. They learn where they belong by the environment, so
 * nothing of the user's data is touched, and `close` takes all of it away again.
 */
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTables } from "../ask/tables.ts";
import { kafkaClient } from "../kafka.ts";
import { createTopic } from "../topic.ts";
import { WebHdfs } from "../webhdfs.ts";
import { runStatement } from "../services/plain-trino.ts";
import { HOST, settings } from "../settings.ts";
import { Line, type LineOptions } from "./proxy.ts";

/** What a user's environment may ask of an API, and a drill does not: its players have no keys and no patience. */
const UNASKED = {
  QUESTLOG_WRITE_KEYS: undefined,
  QUESTLOG_RATE_LIMIT: undefined,
  QUESTLOG_RETENTION: undefined,
  QUESTLOG_RECENT: undefined,
  QUESTLOG_SPOOL_MAX_MB: undefined,
};

const READY_LIMIT_MS = 60_000; // from the start of a process to its ready line
const MAX_LOG_LINES = 1_000;

/** What a process is given beside what the pipeline says. */
interface Extra {
  env?: NodeJS.ProcessEnv;
  args?: string[];
}

/** One of a pipeline's processes. */
export class Child {
  readonly name: string;
  readonly process: ChildProcess;
  readonly log: string[] = []; // the last 1,000 lines of both outputs
  readonly #ready: Promise<void>;

  constructor(name: string, { env, args = [] }: Extra) {
    this.name = name;
    this.process = spawn(process.execPath, [join("scripts", `${name}.ts`), ...args], {
      cwd: settings.root,
      env: { ...process.env, ...env },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.#ready = this.#awaitReady();
    this.#ready.catch(() => {}); // whoever calls ready() hears of it
  }

  get pid(): number {
    return this.process.pid!; // it was spawned
  }

  get isRunning(): boolean {
    return this.process.exitCode === null && this.process.signalCode === null;
  }

  /** Its resident memory, without what its own children have. */
  get rssBytes(): number {
    const status = `/proc/${this.pid}/status`;
    const kib = existsSync(status)
      ? /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(status, "utf8"))?.[1]
      : execFileSync("ps", ["-o", "rss=", "-p", String(this.pid)], { encoding: "utf8" });
    return Number(kib) * 1024;
  }

  /** Resolves at its ready line. @throws Error with its log if it ends before, or after 60 s. */
  ready(): Promise<void> {
    return this.#ready;
  }

  /** Resolves when it has ended. @throws Error with its log if it has not within `limitMs`. */
  async ended(limitMs: number): Promise<void> {
    if (!this.isRunning) return;
    await once(this.process, "exit", { signal: AbortSignal.timeout(limitMs) }).catch(() => {
      throw new Error(`${this.name} has not ended in ${limitMs} ms:\n${this.log.slice(-20).join("\n")}`);
    });
  }

  /** Sends a signal, and resolves once the process has ended; with SIGSTOP and SIGCONT at once. */
  async signal(signal: NodeJS.Signals): Promise<void> {
    if (!this.isRunning) return;
    const ends = signal !== "SIGSTOP" && signal !== "SIGCONT";
    const exited = ends ? once(this.process, "exit") : undefined;
    this.process.kill(signal);
    await exited;
  }

  async #awaitReady(): Promise<void> {
    const failed = (why: string) => new Error(`${this.name} ${why}:\n${this.log.slice(-20).join("\n")}`);
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(
        () => reject(failed(`was not ready after ${READY_LIMIT_MS / 1000} s`)),
        READY_LIMIT_MS,
      );
      this.process.once("exit", () => {
        clearTimeout(timer);
        reject(failed("ended before it was ready"));
      });
      for (const output of [this.process.stdout!, this.process.stderr!]) {
        let rest = "";
        output.setEncoding("utf8").on("data", (text: string) => {
          const lines = (rest + text).split("\n");
          rest = lines.pop()!;
          this.log.push(...lines);
          this.log.splice(0, this.log.length - MAX_LOG_LINES);
          if (!lines.some((line) => /^(stream: ready|api (is ready|listens) at)/.test(line))) return;
          clearTimeout(timer);
          resolve();
        });
      }
    });
  }
}

export class Pipeline {
  readonly id: string; // of topic, consumer group and schema
  readonly hdfsRoot: string;
  readonly home = mkdtempSync(join(tmpdir(), "questlog-drill-"));
  readonly hdfs = new WebHdfs({ url: settings.webhdfsUrl, user: settings.hdfsUser });
  readonly children: Child[] = [];
  readonly proxies: Line[] = [];
  apiPort = 0;
  #closed: Promise<void> | undefined;

  constructor(name: string) {
    this.id = `drill_${name.replaceAll("-", "_")}_${randomBytes(4).toString("hex")}`;
    this.hdfsRoot = `/drill/${this.id}`;
  }

  get topic(): string {
    return this.id;
  }

  get failedTopic(): string {
    return `${this.id}_failed`;
  }

  get apiUrl(): string {
    return `http://${HOST}:${this.apiPort}`;
  }

  /** What the pipeline's processes have in their environment. */
  get env(): NodeJS.ProcessEnv {
    return {
      ...UNASKED,
      QUESTLOG_TOPIC: this.topic,
      QUESTLOG_FAILED_TOPIC: this.failedTopic,
      QUESTLOG_CONSUMER_GROUP: this.id,
      QUESTLOG_HDFS_ROOT: this.hdfsRoot,
      QUESTLOG_SCHEMA: this.id,
      QUESTLOG_HOME: this.home,
      QUESTLOG_HISTORY: join(this.home, "history.jsonl"),
      QUESTLOG_API_PORT: String(this.apiPort),
      // Where the services are is the settings', whatever home the processes have.
      QUESTLOG_KAFKA_BROKERS: settings.kafkaBrokers.join(","),
      QUESTLOG_WEBHDFS_URL: settings.webhdfsUrl,
      QUESTLOG_TRINO_URL: settings.trinoUrl,
    };
  }

  /** Starts the API and resolves when it takes requests. */
  async startApi(env: NodeJS.ProcessEnv = {}, args: string[] = []): Promise<Child> {
    const child = this.#spawn("api", { env, args });
    await child.ready();
    return child;
  }

  /** Starts a stream and resolves when it reads all partitions that it has. */
  async startStream(env: NodeJS.ProcessEnv = {}): Promise<Child> {
    const child = await this.spawnStream(env);
    await child.ready();
    return child;
  }

  /** Starts a stream, which may never become ready. */
  async spawnStream(env: NodeJS.ProcessEnv = {}): Promise<Child> {
    return this.#spawn("stream", { env: { QUESTLOG_STREAM_PORT: String(await freePort()), ...env } });
  }

  /** The child of this name that was started last. */
  newest(name: "api" | "stream"): Child {
    const child = this.children.findLast((child) => child.name === name);
    if (!child) throw new Error(`pipeline: expected a process named ${name}, got none`);
    return child;
  }

  /** Opens a proxy, which is cut when the pipeline is closed. */
  async openProxy(to: LineOptions | Line): Promise<Line> {
    const proxy = to instanceof Line ? to : new Line(to);
    await proxy.open();
    this.proxies.push(proxy);
    return proxy;
  }

  /** Ends all processes, and deletes the topics, the files and the tables; once, however often it is called, unless it fails. */
  close(): Promise<void> {
    this.#closed ??= this.#close().catch((error: unknown) => {
      this.#closed = undefined;
      throw error;
    });
    return this.#closed;
  }

  async #close(): Promise<void> {
    for (const child of this.children) {
      if (child.isRunning) child.process.kill("SIGCONT");
      await child.signal("SIGKILL");
    }
    for (const proxy of this.proxies.splice(0)) await proxy.cut();
    const admin = kafkaClient(settings.kafkaBrokers).admin();
    await admin.connect();
    const topics = (await admin.listTopics()).filter((name) => name.startsWith(this.id));
    if (topics.length > 0) await admin.deleteTopics({ topics });
    await admin.disconnect();
    await runStatement(`DROP SCHEMA IF EXISTS ${this.id} CASCADE`);
    await this.hdfs.remove(this.hdfsRoot);
    this.hdfs.close();
    rmSync(this.home, { recursive: true, force: true });
    openPipelines.delete(this);
  }

  #spawn(name: string, { env, args }: Extra): Child {
    const child = new Child(name, { env: { ...this.env, ...env }, args });
    this.children.push(child);
    return child;
  }
}

const openPipelines = new Set<Pipeline>();

/** Closes what this process has opened and not closed: what an interrupted drill would leave. */
export async function closePipelines(): Promise<void> {
  await Promise.all([...openPipelines].map((pipeline) => pipeline.close()));
}

/** Makes the topics, the schema and the tables of a pipeline. */
export async function openPipeline(name: string): Promise<Pipeline> {
  const pipeline = new Pipeline(name);
  openPipelines.add(pipeline);
  const { id, hdfsRoot, topic, failedTopic } = pipeline;
  pipeline.apiPort = await freePort();
  await createTopic({ topic });
  await createTopic({ topic: failedTopic });
  await runStatement(`CREATE SCHEMA ${id} WITH (location = 'hdfs://${hdfsRoot}/schema')`);
  await createTables({ schema: id, hdfsRoot });
  return pipeline;
}

/** A port of this machine that nobody listens on at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, HOST);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

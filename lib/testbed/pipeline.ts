/**
 * A pipeline of a drill's own on the running services: topic, HDFS folder, schema with tables; API and
 * streams as child processes, which can be killed, stopped and continued.
 *
 * The processes are the scripts that a user starts. They learn where they belong by the environment, so
 * nothing of the user's data is touched, and `close` takes all of it away again.
 */
import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createTables } from "../ask/tables.ts";
import { kafkaClient } from "../kafka.ts";
import { createTopic } from "../topic.ts";
import { WebHdfs } from "../webhdfs.ts";
import { runStatement } from "../services/plain-trino.ts";
import { HOST, settings } from "../settings.ts";
import { Child, type ChildOptions, freePort } from "./child.ts";
import { Line, type LineOptions } from "./proxy.ts";

/** What a user's environment may ask of an API, and a drill does not: its players have no keys and no patience. */
const UNASKED = {
  QUESTLOG_WRITE_KEYS: undefined,
  QUESTLOG_RATE_LIMIT: undefined,
  QUESTLOG_RETENTION: undefined,
  QUESTLOG_RECENT: undefined,
  QUESTLOG_SPOOL_MAX_MB: undefined,
};

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

  #spawn(name: string, { env, args }: ChildOptions): Child {
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

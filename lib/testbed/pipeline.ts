/**
 * A new pipeline on the running services: topics, HDFS folder, tables, API and streams.
 *
 * API and streams are child processes, which a drill can kill, stop and continue. They run the
 * scripts that a user starts. Their environment names the pipeline's topics, folder and schema, so
 * the user's data stays as it is. `close` removes everything.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { HOST, settings } from "../settings.ts";
import { Child, type ChildOptions } from "./child.ts";
import { freePort } from "./free-port.ts";
import { Ground } from "./ground.ts";
import { FaultyProxy, type ProxyOptions } from "./proxy.ts";

/**
 * The user's settings of the API that would stop a drill's players, who have no key and no limit.
 */
const UNSET = {
  QUESTLOG_WRITE_KEYS: undefined,
  QUESTLOG_RATE_LIMIT: undefined,
  QUESTLOG_RETENTION: undefined,
  QUESTLOG_RECENT: undefined,
  QUESTLOG_SPOOL_MAX_MB: undefined,
};

export class Pipeline extends Ground {
  readonly home = mkdtempSync(join(tmpdir(), "questlog-drill-"));
  readonly children: Child[] = [];
  readonly proxies: FaultyProxy[] = [];
  apiPort = 0;
  #closed: Promise<void> | undefined;
  #isEnding = false;

  constructor(name: string) {
    super(`drill_${name.replaceAll("-", "_")}`);
  }

  get apiUrl(): string {
    return `http://${HOST}:${this.apiPort}`;
  }

  /** The environment of the pipeline's processes. */
  get env(): NodeJS.ProcessEnv {
    return {
      ...UNSET,
      QUESTLOG_TOPIC: this.topic,
      QUESTLOG_FAILED_TOPIC: this.failedTopic,
      QUESTLOG_CONSUMER_GROUP: this.name,
      QUESTLOG_HDFS_ROOT: this.root,
      QUESTLOG_SCHEMA: this.schema,
      QUESTLOG_HOME: this.home,
      QUESTLOG_HISTORY: join(this.home, "history.jsonl"),
      QUESTLOG_API_PORT: String(this.apiPort),
      // The processes have another home than the stack, so the services' addresses are passed on.
      QUESTLOG_KAFKA_BROKERS: settings.kafkaBrokers.join(","),
      QUESTLOG_WEBHDFS_URL: settings.webhdfsUrl,
      QUESTLOG_TRINO_URL: settings.trinoUrl,
    };
  }

  /** The environment of processes that rewrite days. @throws Error without a metastore */
  get rewritingEnv(): NodeJS.ProcessEnv {
    const { metastore } = settings;
    if (metastore === undefined) throw new Error("this drill: expected QUESTLOG_METASTORE, got none");
    return { ...this.env, QUESTLOG_METASTORE: `${metastore.host}:${metastore.port}` };
  }

  /** Starts the API and resolves when it takes requests. */
  async startApi(env: NodeJS.ProcessEnv = {}, args: string[] = []): Promise<Child> {
    const child = this.spawn("api", { env, args });
    await child.ready();
    return child;
  }

  /** Starts a stream and resolves when it reads all of its partitions. */
  async startStream(env: NodeJS.ProcessEnv = {}, args: string[] = []): Promise<Child> {
    const child = await this.spawnStream(env, args);
    await child.ready();
    return child;
  }

  /** Starts a stream, which may never become ready. */
  async spawnStream(env: NodeJS.ProcessEnv = {}, args: string[] = []): Promise<Child> {
    return this.spawn("stream", { env: { QUESTLOG_STREAM_PORT: String(await freePort()), ...env }, args });
  }

  /** The child of this name that was started last. */
  newest(name: "api" | "stream"): Child {
    const child = this.children.findLast((child) => child.name === name);
    if (!child) throw new Error(`pipeline: expected a process named ${name}, got none`);
    return child;
  }

  /** Opens a proxy; `close` cuts it. */
  async openProxy(to: ProxyOptions | FaultyProxy): Promise<FaultyProxy> {
    const proxy = to instanceof FaultyProxy ? to : new FaultyProxy(to);
    await proxy.open();
    this.proxies.push(proxy);
    return proxy;
  }

  /**
   * Ends all processes, and deletes topics, files and tables. A second call has the result of the
   * first one, or tries again if that one failed.
   */
  close(): Promise<void> {
    this.#isEnding = true;
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
    await this.remove();
    rmSync(this.home, { recursive: true, force: true });
    openPipelines.delete(this);
  }

  /** Starts a script; `close` ends it. @throws Error after `close`: nobody would end it */
  spawn(name: string, { env, args }: ChildOptions): Child {
    if (this.#isEnding) throw new Error(`${name}: not started, because its pipeline has ended`);
    const child = new Child(name, { env: { ...this.env, ...env }, args });
    this.children.push(child);
    return child;
  }
}

const openPipelines = new Set<Pipeline>();

/** Closes each open pipeline of this process: an interrupted drill leaves one open. */
export async function closePipelines(): Promise<void> {
  await Promise.all([...openPipelines].map((pipeline) => pipeline.close()));
}

/** Creates the topics, the schema and the tables of a new pipeline. */
export async function openPipeline(name: string, topics?: { partitions: number }): Promise<Pipeline> {
  const pipeline = new Pipeline(name);
  openPipelines.add(pipeline);
  pipeline.apiPort = await freePort();
  await pipeline.createTopics(topics);
  await pipeline.create();
  return pipeline;
}

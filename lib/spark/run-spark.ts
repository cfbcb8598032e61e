/**
 * Settings → Spark's driver as a child process: it lands both topics until a signal.
 *
 * This process claims the tables, serves the probes, and registers new days in Trino, as the stream
 * in TypeScript does. Spark's driver (stream.py) reads, stages and commits; it tells each commit in
 * a line of JSON. When this process dies, the driver's stdin ends, and so does the driver.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { events, loadedCatalogue } from "../events.ts";
import { TableClaim } from "../land/claim.ts";
import type { CommitRecord } from "../land/commits.ts";
import { DayRegistrar } from "../land/days.ts";
import { Outage } from "../land/outage.ts";
import { readiness, StreamMetrics } from "../land/stream-metrics.ts";
import { serveProbes } from "../probes.ts";
import { prepareSparkFiles } from "../services/artifacts.ts";
import { HOST, settings } from "../settings.ts";
import { HdfsError, WebHdfs } from "../webhdfs.ts";
import { hdfsOptions, kafkaOptions } from "./access.ts";
import { describeRules } from "./job.ts";
import { prepareSpark } from "./packages.ts";
import { SparkTopic } from "./spark-topic.ts";

export interface SparkRun {
  master: string; // "local[2]", "spark://host:port", "yarn", "k8s://…"
  signal: AbortSignal; // ends the work
  say: (line: string) => void; // gets one line when Spark reads
  log: (line: string) => void;
  registerDays: () => Promise<void>; // makes a table's new days visible in Trino
}

/** A line of the driver. */
type Told =
  | { event: "ready" | "lag"; partitions: { topic: string; partition: number; next: number; high: number }[] }
  | { event: "commit"; record: CommitRecord; failed: number }
  | { event: "failed" | "fatal"; message: string }
  | { event: "ended" };

const CODE = join(settings.root, "lib", "spark");
const MAX_OFFSETS = 500_000; // of one micro-batch
const TRIGGER = "2 seconds"; // between micro-batches, as the age of a batch of the stream in TypeScript
const DRIVER_MEMORY = "1g";
const STOP_MS = 40_000; // from the signal until the driver must have ended

/**
 * Lands both topics, and resolves after the signal aborts.
 * @throws Error if something that Spark needs is missing, or if events would be lost or doubled
 */
export async function runSpark(run: SparkRun): Promise<void> {
  const { signal, log, registerDays } = run;
  const topics = [settings.topic, settings.failedTopic].map((topic) => new SparkTopic(topic));
  const metrics = new StreamMetrics();
  const probes = {
    state: () => ({ ...readiness(topics), engine: "spark", catalogue: loadedCatalogue }),
    metrics: { contentType: metrics.contentType, text: () => metrics.text(topics) },
  };
  const access = {
    hdfs: hdfsOptions(settings),
    kafka: kafkaOptions(settings.kafkaBrokers, settings.kafkaAccess),
  };
  const command = await prepareCommand(run);
  const blocked = await claimTables(run);
  if (blocked === null) return;
  const server = await serveProbes(probes, settings.ports.stream, "stream");
  const days = new DayRegistrar(registerDays, { signal, log });
  mkdirSync(join(settings.home, "spark"), { recursive: true });
  const folder = mkdtempSync(join(settings.home, "spark", "job-"));
  const driver = spawnDriver(command.packages);
  try {
    driver.stdin!.write(`${JSON.stringify(describeJob(run, command, access, blocked, folder))}\n`);
    const stop = () => driver.stdin!.write("stop\n");
    signal.addEventListener("abort", stop, { once: true });
    if (signal.aborted) stop();
    await follow(driver, { run, topics, metrics, days, url: `http://${HOST}:${server.port}` });
  } finally {
    driver.kill("SIGKILL");
    server.close();
    rmSync(folder, { recursive: true, force: true });
    for (const topic of topics) log(topic.totals());
  }
}

interface Command {
  java: string;
  packages: string;
  jars: string[];
}

async function prepareCommand({ log }: SparkRun): Promise<Command> {
  return { packages: await prepareSpark(log), ...(await prepareSparkFiles(log)) };
}

/**
 * Adds the columns of the events to the tables' lists, as soon as HDFS answers. Null: the signal
 * came first.
 */
async function claimTables({ signal, log }: SparkRun): Promise<ReadonlyMap<string, string> | null> {
  const hdfs = new WebHdfs();
  try {
    const claim = new TableClaim(hdfs, settings.hdfsRoot, log);
    const passing = (error: unknown) => error instanceof HdfsError && error.passing;
    await new Outage("HDFS", log).outlast(() => claim.make(), { passing, signal });
    return claim.reasons;
  } catch (error) {
    if (signal.aborted) return null;
    throw error;
  } finally {
    hdfs.close();
  }
}

function spawnDriver(packages: string): ChildProcess {
  return spawn("python3", [join(CODE, "stream.py")], {
    cwd: settings.home,
    env: { ...process.env, PYTHONPATH: packages, PYTHONDONTWRITEBYTECODE: "1" },
    stdio: ["pipe", "pipe", "inherit"],
    detached: true, // Ctrl-C in a terminal reaches this process only, which then ends the driver
  });
}

function describeJob(
  { master }: SparkRun,
  { java, packages, jars }: Command,
  access: { hdfs: object; kafka: Record<string, string> },
  blocked: ReadonlyMap<string, string>,
  folder: string,
) {
  const isOnThisMachine = /^local\b|^spark:\/\/(127\.0\.0\.1|localhost):/.test(master);
  mkdirSync(join(settings.home, "logs"), { recursive: true });
  return {
    ...describeRules(events, blocked),
    master,
    java,
    packages,
    jars,
    folder,
    code: CODE,
    driver_memory: DRIVER_MEMORY,
    log_file: join(settings.home, "logs", "spark.log"),
    log_configuration: join(settings.root, "compose", "native", "logging", "spark.properties"),
    topic: settings.topic,
    failed_topic: settings.failedTopic,
    hdfs_root: settings.hdfsRoot,
    ...access,
    max_offsets: MAX_OFFSETS,
    trigger: TRIGGER,
    kill_at: settings.killAt?.point ?? null,
    kill_nth: settings.killAt?.nth ?? 0,
    conf: {
      "spark.app.name": "questlog",
      "spark.ui.enabled": "false",
      "spark.ui.showConsoleProgress": "false",
      "spark.sql.session.timeZone": "UTC",
      "spark.local.dir": folder,
      "spark.sql.warehouse.dir": join(folder, "warehouse"),
      "spark.jars": jars.join(","),
      "spark.executorEnv.PYTHONPATH": packages,
      ...(isOnThisMachine && { "spark.driver.host": HOST, "spark.driver.bindAddress": HOST }),
    },
  };
}

interface Followed {
  run: SparkRun;
  topics: SparkTopic[];
  metrics: StreamMetrics;
  days: DayRegistrar;
  url: string;
}

/** Handles the driver's lines until it ends. @throws Error unless it ends after the signal */
async function follow(driver: ChildProcess, followed: Followed): Promise<void> {
  const { signal } = followed.run;
  let fatal: string | undefined;
  createInterface({ input: driver.stdout! }).on("line", (line) => {
    const told = JSON.parse(line) as Told;
    if (told.event === "fatal") fatal = told.message;
    else handle(told, followed);
  });
  const ended = once(driver, "close") as Promise<[number | null, string | null]>;
  const late = once(signal, "abort").then(() => sleep(STOP_MS, undefined, { ref: false }));
  const end = await Promise.race([ended, late]);
  if (fatal !== undefined) throw new Error(fatal);
  if (!Array.isArray(end))
    throw new Error(`Spark's driver has not ended in ${STOP_MS / 1000} s: it was killed`);
  if (end[0] === 0 && signal.aborted) return;
  const log = join(settings.home, "logs", "spark.log");
  throw new Error(`Spark's driver ended with ${end[0] ?? end[1]}; the log of its Java: ${log}`);
}

function handle(
  told: Exclude<Told, { event: "fatal" }>,
  { run, topics, metrics, days, url }: Followed,
): void {
  if (told.event === "failed") {
    run.log(`Spark begins again from the last commits: ${told.message}`);
    for (const topic of topics) topic.isReading = false;
  } else if (told.event === "commit") {
    topics.find(({ topic }) => topic === told.record.topic)?.commit(told.record, told.failed);
    metrics.count(told.record, { failed: told.failed, timestamps: [] });
    days.onCommit(told.record);
  } else if (told.event === "ready" || told.event === "lag") {
    const isFirst = topics.every((topic) => !topic.wasReading);
    for (const topic of topics) topic.measured(told.partitions);
    if (isFirst) {
      const positions = topics.map((topic) => topic.positions()).join("; ");
      run.say(`stream: ready, ${positions}, to ${settings.hdfsRoot}, by Spark on ${run.master}, ${url}`);
    }
  }
}

/**
 * M4: a backlog of events → the speed and memory of both engines, on one core and on two.
 *
 * Each measure lands the same topic into a folder of its own. It starts the script that a user
 * starts, held to its cores by `taskset` (Linux). Kafka and HDFS share these cores, so only the
 * ratios within one run count. CPU and memory include all children of the process.
 *
 * `backlog` lands a larger topic in several rounds: by the stream in TypeScript, and by a plain
 * Spark job, which has no Python and no commit chain (plain.bench.py).
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { exampleParameters, widestEvent } from "../catalog.ts";
import type { Envelope } from "../envelope.ts";
import { events } from "../events.ts";
import { type Kafka, kafkaClient, Partitioners, PATIENT } from "../kafka.ts";
import { findLastCommit } from "../land/commits.ts";
import { prepareSparkFiles } from "../services/artifacts.ts";
import { HOST, settings } from "../settings.ts";
import {
  type Figure,
  inTurns,
  ratios,
  rounds,
  tell,
  tellMissing,
  tellText,
} from "../testbed/figures.bench.ts";
import { WebHdfs } from "../webhdfs.ts";
import { kafkaOptions } from "./access.ts";
import { describeRules } from "./job.ts";
import { hasSpark, prepareSpark } from "./packages.ts";
import { usageOf } from "./process-usage.bench.ts";

const BACKLOG = 400_000; // events, for both engines
const LARGE_BACKLOG = 1_000_000; // events, for the stream in TypeScript and the plain Spark job
const PARTITIONS = 4;
const MAX_BATCH = 5_000; // events of a request to Kafka
const POLL_MS = 200;
const SHORT_BACKLOG = 20_000;
const LIMIT_MS = 400_000; // of one measure
const IDLE_MS = 10_000; // after the backlog

interface Setup {
  name: string;
  cores: string; // of taskset
  processes: number;
  args: string[] | "plain Spark"; // of npm run stream
}

/** A topic with a backlog, and the HDFS to land it in. */
interface Ground {
  topic: string;
  backlog: number; // events
  hdfs: WebHdfs;
}

const spark = (master: string) => ["--engine", "spark", "--master", master];
const SETUPS: readonly Setup[] = [
  { name: "node, 1 core, 1 process", cores: "0", processes: 1, args: [] },
  { name: "spark, 1 core, local[1]", cores: "0", processes: 1, args: spark("local[1]") },
  { name: "node, 2 cores, 1 process", cores: "0,1", processes: 1, args: [] },
  { name: "node, 2 cores, 2 processes", cores: "0,1", processes: 2, args: [] },
  { name: "node, 2 cores, 4 processes", cores: "0,1", processes: 4, args: [] },
  { name: "spark, 2 cores, local[2]", cores: "0,1", processes: 1, args: spark("local[2]") },
];
const NODE: Setup = { name: "large, node, 2 cores", cores: "0,1", processes: 1, args: [] };
const PLAIN: Setup = {
  name: "large, plain Spark, local[2]",
  cores: "0,1",
  processes: 1,
  args: "plain Spark",
};

/** One landing of a backlog. */
interface Landing {
  perSecond: number; // rows, without the start
  micros: number; // of CPU, a row
  peakMb: number;
  seconds: number; // without the start
  startSeconds: number;
  startCpuSeconds: number;
}

/** Prints the figures of M4. It needs a running stack, and Spark in the cache folder. */
export async function benchBacklog(isShort: boolean): Promise<void> {
  const what = "backlog, stream over plain Spark";
  if (!(await hasSpark()))
    return tellMissing("M4", what, "npm run bench -- engines fetches Spark into the cache folder");
  await withBacklog(isShort ? SHORT_BACKLOG : LARGE_BACKLOG, async (ground) => {
    const sides = { node: () => measure(NODE, ground), spark: () => measure(PLAIN, ground) };
    const { node, spark } = await inTurns(rounds(isShort), sides);
    const whole = ({ seconds, startSeconds }: Landing) => seconds + startSeconds;
    const speed = ({ perSecond }: Landing) => perSecond;
    const four = { is: "at least", value: 4 } as const;
    const over = (values: number[], words: string, goal?: Figure["goal"]) =>
      tell({ id: "M4", what: `${what}, ${words}`, unit: "times", values, ...(goal && { goal }) });
    over(ratios(spark.map(whole), node.map(whole)), "with start", four);
    over(ratios(node.map(speed), spark.map(speed)), "steady", four);
    over(
      ratios(
        spark.map(({ micros }) => micros),
        node.map(({ micros }) => micros),
      ),
      "CPU of a row",
    );
    for (const [name, landings] of [["stream", node] as const, ["plain Spark", spark] as const]) {
      const line = (text: string, unit: string, value: (one: Landing) => number, goal?: Figure["goal"]) =>
        tell({
          id: "M4",
          what: `${name}, ${text}`,
          unit,
          values: landings.map(value),
          ...(goal && { goal }),
        });
      const isOurs = name === "stream";
      line("rows", "rows/s", speed, isOurs ? { is: "at least", value: 140_000 } : undefined);
      line("peak memory", "MB", ({ peakMb }) => peakMb, isOurs ? { is: "at most", value: 400 } : undefined);
      line("CPU of a row", "µs", ({ micros }) => micros);
      line("start", "s", ({ startSeconds }) => startSeconds);
    }
  });
}

/** Prints the figures of `engines`, one line for each setup. It needs a running stack. */
export async function benchEngines(): Promise<void> {
  await withBacklog(BACKLOG, async (ground) => {
    for (const setup of SETUPS) {
      const { perSecond, micros, peakMb, seconds, startSeconds, startCpuSeconds, idle } = await measure(
        setup,
        ground,
        true,
      );
      const facts = [
        `${Math.round(perSecond)} rows/s`,
        `${micros.toFixed(1)} µs CPU a row`,
        `${Math.round(peakMb)} MB`,
        `landing ${seconds.toFixed(1)} s`,
        `start ${startSeconds.toFixed(1)} s with ${startCpuSeconds.toFixed(1)} s CPU`,
        idle,
      ];
      tellText(`engines ${setup.name}: ${facts.join(", ")}`);
    }
  });
}

/** Makes a topic with a backlog for `work`, and deletes it. */
async function withBacklog(backlog: number, work: (ground: Ground) => Promise<void>): Promise<void> {
  const topic = `bench_${randomUUID()}`;
  const topics = [topic, `${topic}_failed`];
  const kafka = kafkaClient(settings.kafkaBrokers, { retries: PATIENT });
  const admin = kafka.admin();
  const hdfs = new WebHdfs();
  await admin.connect();
  try {
    const made = topics.map((one) => ({ topic: one, numPartitions: PARTITIONS }));
    await admin.createTopics({ topics: made, waitForLeaders: true });
    await produceBacklog(kafka, topic, backlog);
    await work({ topic, backlog, hdfs });
  } finally {
    await admin.deleteTopics({ topics });
    await admin.disconnect();
    hdfs.close();
  }
}

async function measure(setup: Setup, ground: Ground, withIdle = false): Promise<Landing & { idle: string }> {
  const root = `/bench-${randomUUID()}`;
  const home = mkdtempSync(join(tmpdir(), "questlog-bench-"));
  const job = setup.args === "plain Spark" ? await describePlainJob(ground.topic, root, home) : undefined;
  const started = performance.now();
  const children = job ? [startPlain(setup, job)] : startStreams(setup, { ...ground, root, home });
  const isEnd = job === undefined ? chainsCover(ground, root) : () => children[0]!.exitCode !== null;
  try {
    const pids = children.map(({ pid }) => pid!);
    const atReady = Promise.race(children.map(ready)).then((at) => ({ at, ...usageOf(pids) }));
    const { cpuSeconds, peakMb } = await untilLanded(pids, isEnd, started);
    const ended = performance.now();
    const { at: begun, cpuSeconds: startCpuSeconds } = await atReady;
    if (job && children[0]!.exitCode !== 0) throw new Error("bench: the plain Spark job failed");
    const seconds = (ended - begun) / 1000;
    return {
      perSecond: ground.backlog / seconds,
      micros: ((cpuSeconds - startCpuSeconds) / ground.backlog) * 1e6,
      peakMb,
      seconds,
      startSeconds: (begun - started) / 1000,
      startCpuSeconds,
      idle: withIdle ? await idleFacts(pids) : "",
    };
  } finally {
    for (const child of children) child.kill("SIGTERM");
    for (const child of children)
      if (child.exitCode === null && child.signalCode === null) await once(child, "close");
    await ground.hdfs.remove(root);
    rmSync(home, { recursive: true, force: true });
  }
}

function startStreams(
  { cores, processes, args }: Setup,
  { topic, root, home }: { topic: string; root: string; home: string },
): ChildProcess[] {
  const env = {
    ...process.env,
    QUESTLOG_TOPIC: topic,
    QUESTLOG_FAILED_TOPIC: `${topic}_failed`,
    QUESTLOG_CONSUMER_GROUP: root.slice(1),
    QUESTLOG_HDFS_ROOT: root,
    QUESTLOG_TRINO_URL: "http://127.0.0.1:1", // nobody listens: only landing is measured
    QUESTLOG_STREAM_PORT: "0",
    QUESTLOG_HISTORY: "/dev/null",
    QUESTLOG_HOME: home,
  };
  const command = ["-c", cores, process.execPath, join("scripts", "stream.ts"), ...args];
  return Array.from({ length: processes }, () =>
    spawn("taskset", command, { cwd: settings.root, env, stdio: ["ignore", "pipe", "ignore"] }),
  );
}

function startPlain({ cores }: Setup, job: { packages: string }): ChildProcess {
  const file = join(settings.root, "lib", "spark", "plain.bench.py");
  const env = { ...process.env, PYTHONPATH: job.packages, PYTHONDONTWRITEBYTECODE: "1" };
  const child = spawn("taskset", ["-c", cores, "python3", file], { env, stdio: ["pipe", "pipe", "inherit"] });
  child.stdin.write(`${JSON.stringify(job)}\n`);
  return child;
}

async function describePlainJob(topic: string, root: string, home: string) {
  const { java, jars } = await prepareSparkFiles(console.log);
  const event = widestEvent(events);
  const { columns, events: described } = describeRules(events);
  return {
    java,
    jars,
    packages: await prepareSpark(console.log),
    folder: home,
    driver_memory: "1g",
    log_file: join(home, "spark.log"),
    log_configuration: join(settings.root, "compose", "native", "logging", "spark.properties"),
    master: "local[2]",
    kafka: kafkaOptions(settings.kafkaBrokers, settings.kafkaAccess),
    topic,
    target: `hdfs://${HOST}:${settings.ports.namenode}${root}`,
    columns: columns[event.table],
    parameters: described.find(({ type }) => type === event.type)!.parameters,
    conf: {
      "spark.ui.enabled": "false",
      "spark.sql.session.timeZone": "UTC",
      "spark.sql.parquet.outputTimestampType": "TIMESTAMP_MILLIS",
      "spark.local.dir": home,
      "spark.jars": jars.join(","),
      "spark.driver.host": HOST,
      "spark.driver.bindAddress": HOST,
    },
  };
}

/** Resolves with the time of the ready line. */
async function ready(child: ChildProcess): Promise<number> {
  for await (const line of createInterface({ input: child.stdout! }))
    if (line.startsWith("stream: ready")) return performance.now();
  throw new Error("bench engines: expected a ready line, got the end of the stream");
}

/** Whether the chains of a topic cover its backlog. */
function chainsCover({ topic, backlog, hdfs }: Ground, root: string): () => Promise<boolean> {
  return async () => {
    const ends = await Promise.all(
      Array.from({ length: PARTITIONS }, (_, partition) => findLastCommit(hdfs, { root, topic, partition })),
    );
    return ends.reduce((sum, end) => sum + (end === null ? 0 : end.last + 1), 0) >= backlog;
  };
}

/** Waits for the end of the landing, and samples the children's CPU and memory. */
async function untilLanded(
  pids: readonly number[],
  isEnd: () => boolean | Promise<boolean>,
  started: number,
): Promise<{ cpuSeconds: number; peakMb: number }> {
  let [peakMb, cpuSeconds] = [0, 0];
  while (performance.now() - started < LIMIT_MS) {
    const usage = usageOf(pids);
    peakMb = Math.max(peakMb, usage.mb);
    cpuSeconds = Math.max(cpuSeconds, usage.cpuSeconds); // an ended process has none
    if (await isEnd()) return { cpuSeconds, peakMb };
    await sleep(POLL_MS);
  }
  throw new Error(`bench engines: the backlog is not landed after ${LIMIT_MS / 1000} s`);
}

/** CPU and memory of an engine that has nothing to do. */
async function idleFacts(pids: readonly number[]): Promise<string> {
  await sleep(IDLE_MS / 2); // the last batch is behind it
  const before = usageOf(pids).cpuSeconds;
  await sleep(IDLE_MS);
  const { cpuSeconds, mb } = usageOf(pids);
  const percent = ((cpuSeconds - before) / (IDLE_MS / 1000)) * 100;
  return `idle ${percent.toFixed(1)} % of a core, ${Math.round(mb)} MB`;
}

async function produceBacklog(kafka: Kafka, topic: string, backlog: number): Promise<void> {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  for (let sent = 0; sent < backlog; sent += MAX_BATCH) {
    const messages = Array.from({ length: MAX_BATCH }, (_, i) => ({
      value: eventText(sent + i),
      partition: (sent + i) % PARTITIONS,
    }));
    await producer.send({ topic, messages });
  }
  await producer.disconnect();
}

/** A message like the API's, of the event type with the most parameters. */
function eventText(i: number): string {
  const event = widestEvent(events);
  const envelope: Envelope = {
    event_id: randomUUID(),
    event_type: event.type,
    received_at: new Date().toISOString(),
    player: `user${i % 100}`,
    params: exampleParameters(event, i % 1_000),
    headers: { Accept: "*/*", Host: `user${i % 100}.att.com`, "User-Agent": "ab/2.3" },
    remote_addr: "127.0.0.1",
  };
  return JSON.stringify(envelope);
}

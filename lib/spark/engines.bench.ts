/**
 * A backlog of events → the speed and memory of both engines, on one core and on two.
 *
 * Each measure lands the same topic into a folder of its own. It starts the script that a user
 * starts, held to its cores by `taskset` (Linux). Kafka and HDFS share these cores, so only the
 * ratios within one run count. CPU and memory include all children of the process.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { exampleParameters, widestEvent } from "../catalog.ts";
import type { Envelope } from "../envelope.ts";
import { events } from "../events.ts";
import { type Kafka, kafkaClient, Partitioners, PATIENT } from "../kafka.ts";
import { findLastCommit } from "../land/commits.ts";
import { settings } from "../settings.ts";
import { WebHdfs } from "../webhdfs.ts";

const BACKLOG = 400_000; // events
const PARTITIONS = 4;
const MAX_BATCH = 5_000; // events of a request to Kafka
const POLL_MS = 200;
const LIMIT_MS = 300_000; // of one measure
const TICKS = 100; // of the kernel's clock in a second

interface Setup {
  name: string;
  cores: string; // of taskset
  processes: number;
  args: string[];
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

/** Prints the figures of `engines`, one line for each setup. It needs a running stack. */
export async function benchEngines(): Promise<void> {
  const topic = `bench_${randomUUID()}`;
  const topics = [topic, `${topic}_failed`];
  const kafka = kafkaClient(settings.kafkaBrokers, { retries: PATIENT });
  const admin = kafka.admin();
  const hdfs = new WebHdfs();
  await admin.connect();
  try {
    const made = topics.map((one) => ({ topic: one, numPartitions: PARTITIONS }));
    await admin.createTopics({ topics: made, waitForLeaders: true });
    await produceBacklog(kafka, topic);
    for (const setup of SETUPS) await measure(setup, { topic, hdfs });
  } finally {
    await admin.deleteTopics({ topics });
    await admin.disconnect();
    hdfs.close();
  }
}

async function measure(
  { name, cores, processes, args }: Setup,
  { topic, hdfs }: { topic: string; hdfs: WebHdfs },
): Promise<void> {
  const root = `/bench-${randomUUID()}`;
  const home = mkdtempSync(join(tmpdir(), "questlog-bench-"));
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
  const started = performance.now();
  const command = ["-c", cores, process.execPath, join("scripts", "stream.ts"), ...args];
  const children = Array.from({ length: processes }, () =>
    spawn("taskset", command, { cwd: settings.root, env, stdio: ["ignore", "pipe", "ignore"] }),
  );
  try {
    const pids = children.map(({ pid }) => pid!);
    const atReady = Promise.race(children.map(ready)).then((at) => ({ at, ...usageOf(pids) }));
    const { cpuSeconds, peakMb } = await untilLanded(pids, { root, topic, hdfs, started });
    const [{ at: begun, cpuSeconds: startSeconds }, ended] = [await atReady, performance.now()];
    const seconds = (ended - begun) / 1000;
    const facts = [
      `${Math.round(BACKLOG / seconds)} rows/s`,
      `${(((cpuSeconds - startSeconds) / BACKLOG) * 1e6).toFixed(1)} µs CPU a row`,
      `${Math.round(peakMb)} MB`,
      `landing ${seconds.toFixed(1)} s`,
      `start ${((begun - started) / 1000).toFixed(1)} s with ${startSeconds.toFixed(1)} s CPU`,
    ];
    console.log(`engines ${name}: ${facts.join(", ")}`);
  } finally {
    for (const child of children) child.kill("SIGTERM");
    for (const child of children) if (child.exitCode === null) await once(child, "close");
    await hdfs.remove(root);
    rmSync(home, { recursive: true, force: true });
  }
}

/** Resolves with the time of the ready line. */
async function ready(child: ChildProcess): Promise<number> {
  for await (const line of createInterface({ input: child.stdout! }))
    if (line.startsWith("stream: ready")) return performance.now();
  throw new Error("bench engines: expected a ready line, got the end of the stream");
}

/** Waits until the chains cover the backlog, and samples the children's CPU and memory. */
async function untilLanded(
  pids: readonly number[],
  { root, topic, hdfs, started }: { root: string; topic: string; hdfs: WebHdfs; started: number },
): Promise<{ cpuSeconds: number; peakMb: number }> {
  let peakMb = 0;
  while (performance.now() - started < LIMIT_MS) {
    const usage = usageOf(pids);
    peakMb = Math.max(peakMb, usage.mb);
    const ends = await Promise.all(
      Array.from({ length: PARTITIONS }, (_, partition) => findLastCommit(hdfs, { root, topic, partition })),
    );
    const landed = ends.reduce((sum, end) => sum + (end === null ? 0 : end.last + 1), 0);
    if (landed >= BACKLOG) return { cpuSeconds: usage.cpuSeconds, peakMb };
    await sleep(POLL_MS);
  }
  throw new Error(`bench engines: the backlog is not landed after ${LIMIT_MS / 1000} s`);
}

/** CPU time and memory of processes with all of their children, from /proc. */
function usageOf(roots: readonly number[]): { cpuSeconds: number; mb: number } {
  const processes = readdirSync("/proc")
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => readProcess(Number(name)));
  const wanted = new Set(roots);
  for (let before = 0; wanted.size > before;) {
    before = wanted.size;
    for (const { pid, parent } of processes) if (wanted.has(parent)) wanted.add(pid);
  }
  const own = processes.filter(({ pid }) => wanted.has(pid));
  return {
    cpuSeconds: own.reduce((sum, { ticks }) => sum + ticks, 0) / TICKS,
    mb: own.reduce((sum, { pid }) => sum + sharedKib(pid), 0) / 1024,
  };
}

/** A process in a list; an empty list: it has ended since the folder was listed. */
function readProcess(pid: number): { pid: number; parent: number; ticks: number }[] {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    const times = fields.slice(11, 15).map(Number); // own, and of ended children
    return [{ pid, parent: Number(fields[1]), ticks: times.reduce((sum, time) => sum + time) }];
  } catch {
    return [];
  }
}

/** A process's memory, in which a page that n processes share counts as 1/n. */
function sharedKib(pid: number): number {
  try {
    return Number(/^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))?.[1] ?? 0);
  } catch {
    return 0; // it has ended
  }
}

async function produceBacklog(kafka: Kafka, topic: string): Promise<void> {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  for (let sent = 0; sent < BACKLOG; sent += MAX_BATCH) {
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

/**
 * A backlog of events → landing speed: of the encoder alone, and of the whole stream.
 *
 * Each measure runs in its own process, so that peak memory belongs to it alone. CPU time stands
 * beside elapsed time, since it is meaningful on a busy machine too.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { exampleParameters, widestEvent } from "../catalog.ts";
import type { Envelope } from "../envelope.ts";
import { events } from "../events.ts";
import { type Kafka, kafkaClient, Partitioners, PATIENT } from "../kafka.ts";
import { settings } from "../settings.ts";
import { inTurns, rounds, tell } from "../testbed/figures.bench.ts";
import { BatchBuilder, type Message } from "./batch.ts";
import { Stream } from "./stream.ts";
import { WebHdfs } from "../webhdfs.ts";

const BACKLOG = 300_000; // events
const SHORT_BACKLOG = 20_000;
const PARTITIONS = 2;
const event = widestEvent(events);
const params = Array.from({ length: 1_000 }, (_, n) => exampleParameters(event, n));

/** The figures that a measuring process sends at its end. */
interface Measure {
  rows: number;
  seconds: number;
  cpu_seconds: number;
  peak_rss_mb: number;
}

/** Prints the figures of `land`. The stream's measure needs a running stack. */
export async function benchLand(isShort: boolean): Promise<void> {
  const backlog = isShort ? SHORT_BACKLOG : BACKLOG;
  const topic = `bench_${randomUUID()}`;
  const roots: string[] = [];
  const kafka = kafkaClient(settings.kafkaBrokers, { retries: PATIENT });
  const admin = kafka.admin();
  await admin.connect();
  try {
    await admin.createTopics({ topics: [{ topic, numPartitions: PARTITIONS }], waitForLeaders: true });
    await produceBacklog(kafka, topic, backlog);
    const sides = {
      encoder: () => measured("encoder", backlog),
      stream: () => {
        const root = `${topic}_${roots.length}`;
        roots.push(root);
        return measured("stream", backlog, topic, root);
      },
    };
    const measures = await inTurns(rounds(isShort), sides);
    report("encoder", measures.encoder);
    report("stream", measures.stream);
  } finally {
    await admin.deleteTopics({ topics: [topic] });
    await admin.deleteGroups(roots);
    await admin.disconnect();
    await withHdfs(async (hdfs) => {
      for (const root of roots) await hdfs.remove(`/${root}`);
    });
  }
}

/** Runs one measure in this process and sends it to the parent. */
export async function measure(measureName: string, count: number, topic = "", root = ""): Promise<void> {
  const started = { at: performance.now(), cpu: process.cpuUsage() };
  const rows = measureName === "encoder" ? encode(count) : await land(count, topic, root);
  const { user, system } = process.cpuUsage(started.cpu);
  const result: Measure = {
    rows,
    seconds: (performance.now() - started.at) / 1000,
    cpu_seconds: (user + system) / 1e6,
    peak_rss_mb: process.resourceUsage().maxRSS / 1024,
  };
  process.send!(result);
}

/** Messages → files in memory, in batches of the stream's size. */
function encode(count: number): number {
  const messages = Array.from({ length: 1_000 }, (_, i) => messageOf(i));
  let builder = new BatchBuilder("bench", 0);
  for (let i = 0; i < count; i++) {
    const { value, timestamp } = messages[i % messages.length]!;
    builder.push({ value, timestamp, offset: String(i) });
    if (!builder.full) continue;
    builder.finish();
    builder = new BatchBuilder("bench", 0);
  }
  builder.finish();
  return count;
}

/** The whole backlog through the real stream, from its start to the last commit. */
async function land(count: number, topic: string, root: string): Promise<number> {
  return withHdfs(async (hdfs) => {
    let rows = 0;
    await new Promise<void>((resolve, reject) => {
      const stream = new Stream({
        brokers: settings.kafkaBrokers,
        topic,
        group: root,
        hdfs,
        root: `/${root}`,
        onCommit: ({ files }) => {
          rows += files.reduce((sum, file) => sum + file.rows, 0);
          if (rows >= count) stream.stop().then(resolve, reject);
        },
        log: (line) => console.error(line),
      });
      stream.done.catch(reject);
    });
    return rows;
  });
}

async function produceBacklog(kafka: Kafka, topic: string, backlog: number): Promise<void> {
  const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
  await producer.connect();
  for (let sent = 0; sent < backlog; sent += 5_000) {
    const messages = Array.from({ length: 5_000 }, (_, i) => ({
      value: messageOf(sent + i).value,
      partition: (sent + i) % PARTITIONS,
    }));
    await producer.send({ topic, messages });
  }
  await producer.disconnect();
}

/** A message like the API's, of the event type with the most parameters; about 264 bytes. */
function messageOf(i: number): Message {
  const envelope: Envelope = {
    event_id: randomUUID(),
    event_type: event.type,
    received_at: new Date().toISOString(),
    player: `user${i % 100}`,
    params: params[i % params.length]!,
    headers: { Accept: "*/*", Host: `user${i % 100}.att.com`, "User-Agent": "ab/2.3" },
    remote_addr: "127.0.0.1",
  };
  return { offset: String(i), timestamp: String(Date.now()), value: Buffer.from(JSON.stringify(envelope)) };
}

async function measured(measureName: string, count: number, topic = "", root = ""): Promise<Measure> {
  const words = ["--measure", measureName, "--rows", String(count), topic, root];
  const child: ChildProcess = spawn(process.execPath, ["scripts/bench.ts", ...words], {
    cwd: settings.root,
    stdio: ["ignore", "inherit", "inherit", "ipc"],
  });
  const result = once(child, "message") as Promise<[Measure]>;
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`bench ${measureName}: the measuring process ended with ${code}`);
  return (await result)[0];
}

function report(name: string, measures: readonly Measure[]): void {
  const line = (what: string, unit: string, value: (one: Measure) => number) =>
    tell({ id: "land", what: `${name}, ${what}`, unit, values: measures.map(value) });
  line("throughput", "rows/s", ({ rows, seconds }) => rows / seconds);
  line("CPU of a row", "µs", ({ rows, cpu_seconds }) => (cpu_seconds / rows) * 1e6);
  line("peak memory", "MB", ({ peak_rss_mb }) => peak_rss_mb);
}

async function withHdfs<T>(work: (hdfs: WebHdfs) => Promise<T>): Promise<T> {
  const hdfs = new WebHdfs();
  try {
    return await work(hdfs);
  } finally {
    hdfs.close();
  }
}

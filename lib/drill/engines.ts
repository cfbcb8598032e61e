/**
 * Drill `engines`: the stream in TypeScript and Spark relieve each other under load.
 *
 * The next engine begins while the last one still lands, so both try to commit at the same offsets.
 * Then the last one is stopped, or killed; each fourth one is killed in the middle of a commit. In
 * the end the whole topic is landed once more, by the stream in TypeScript alone: both folders must
 * hold the same values.
 */
import { posix } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { findFiles } from "../audit/files.ts";
import { events } from "../events.ts";
import { COMMIT_POINTS } from "../kill-at.ts";
import { kafkaClient, type Message, Partitioners } from "../kafka.ts";
import { Stream } from "../land/stream.ts";
import { parseFileName } from "../layout.ts";
import { readFileColumns, footerBytes } from "../parquet-footer.ts";
import { readStoredRows } from "../rebuild/stored-values.ts";
import { settings } from "../settings.ts";
import type { Child } from "../testbed/child.ts";
import type { Pipeline } from "../testbed/pipeline.ts";
import { until } from "../until.ts";
import { underLoad } from "./drill.ts";
import { type Engine, ENGINE_ARGUMENTS, shiftUntilKilled } from "./shifts.ts";

const MAX_RUN_MS = 2_500; // longer than a batch is filled
const FIRST_COMMIT_LIMIT_MS = 60_000; // from the end of the last engine
const MIRROR_LIMIT_MS = 120_000;
const POLL_MS = 200;

export const engines = underLoad(
  {
    name: "engines",
    what: "the stream in TypeScript and Spark relieve each other, also by kill -9 in the middle of a commit: no message is lost or landed twice, and the values are the same",
    perSecond: 100,
  },
  async ({ pipeline, random, short, log, settled }) => {
    const switches = short ? 4 : 10;
    let killed = 0;
    let last = pipeline.newest("stream");
    for (let n = 1; n <= switches; n++) {
      await sendStrangeMessages(pipeline);
      const engine: Engine = n % 2 === 1 ? "Spark" : "TypeScript";
      if (n % 4 === 3) {
        await last.signal("SIGTERM");
        const point = COMMIT_POINTS[Math.floor(random() * COMMIT_POINTS.length)]!;
        await shiftUntilKilled(pipeline, engine, { point, nth: 1 + Math.floor(random() * 2) });
        last = pipeline.newest("stream");
        killed++;
        log(`switch ${n} of ${switches}: ${engine} was killed at ${point}`);
        continue;
      }
      const next = await pipeline.startStream({}, ENGINE_ARGUMENTS[engine]);
      await sleep(random() * MAX_RUN_MS);
      const way = n % 8 === 2 ? "SIGTERM" : "SIGKILL";
      if (last.isRunning && way === "SIGKILL") killed++;
      await last.signal(way);
      await untilCommits(next);
      log(`switch ${n} of ${switches}: ${engine} lands, after ${way} of the other engine`);
      last = next;
    }
    await settled();
    return { switches, kills: killed, ...(await compareWithOneEngine(pipeline)) };
  },
);

/** Waits until an engine has committed by itself. */
async function untilCommits(child: Child): Promise<void> {
  const url = /http:\S+$/.exec(await child.ready())![0];
  const ask = async () => {
    const state = (await (await fetch(`${url}/ready`)).json()) as { topics: { commits: number }[] };
    if (state.topics[0]!.commits > 0) return true;
    throw new Error(`no commit yet:\n${child.output}`);
  };
  await until("a commit of the new engine", ask, { limitMs: FIRST_COMMIT_LIMIT_MS, everyMs: POLL_MS });
}

/** Sends messages that the two engines could read in different ways. */
async function sendStrangeMessages({ topic }: Pipeline): Promise<void> {
  const { type } = events[0]!;
  const envelope = (fields: string) =>
    `{"event_type":${JSON.stringify(type)},"received_at":"2026-01-31T12:00:00.000Z","params":{},"headers":{},` +
    `"remote_addr":"127.0.0.1","event_id":"strange ${Math.random()}"${fields}}`;
  const values: Message["value"][] = [
    null,
    Buffer.from([0x22, 0xff, 0xe2, 0x82, 0x22]),
    "NaN",
    `{"2":1e400,"1":[-0,1E21,0.0000001,"😀${"x".repeat(99)}"]}`,
    envelope(',"player":"\\ud800"'),
    envelope(',"player":"\\ud83d\\ude00","player":"\\u0000"'),
    envelope(`,"session":{"2":1e400,"1":[-0,1E21,0.0000001,"${"x".repeat(71)}😀"]}`),
    envelope(',"occurred_at":"2024-02-29T23:59:59.999Z"'),
    envelope(',"occurred_at":"2026-02-29T23:59:59.999Z"'),
  ];
  const producer = kafkaClient(settings.kafkaBrokers).producer({
    createPartitioner: Partitioners.DefaultPartitioner,
  });
  await producer.connect();
  await producer
    .send({ topic, messages: values.map((value) => ({ value })) })
    .finally(() => producer.disconnect());
}

/**
 * Lands the topic again into another folder, and compares all values.
 * @throws Error with the first difference
 */
async function compareWithOneEngine({ hdfs, topic, root, name }: Pipeline): Promise<{ equal_rows: number }> {
  const other = `${root}_mirror`;
  const stream = new Stream({
    brokers: settings.kafkaBrokers,
    topic,
    group: `${name}_mirror`,
    hdfs,
    root: other,
  });
  try {
    await stream.ready;
    const ask = async () => {
      await stream.measureLag();
      const { partitions } = stream.state();
      if (partitions.every(({ lag }) => lag === 0)) return true;
      throw new Error(JSON.stringify(partitions));
    };
    await until("the topic is landed again", ask, { limitMs: MIRROR_LIMIT_MS, everyMs: POLL_MS });
    await stream.stop();
    const [switched, alone] = [await valuesIn(hdfs, root, topic), await valuesIn(hdfs, other, topic)];
    for (const [position, row] of alone)
      if (switched.get(position) !== row)
        throw new Error(
          `${position}: expected ${row}, as one engine landed it, got ${switched.get(position)}`,
        );
    if (switched.size !== alone.size) throw new Error(`expected ${alone.size} rows, got ${switched.size}`);
    return { equal_rows: alone.size };
  } finally {
    await stream.stop();
    await hdfs.remove(other);
  }
}

/** Table and position → the row's values with their columns, of all files of a topic. */
async function valuesIn(hdfs: Pipeline["hdfs"], root: string, topic: string): Promise<Map<string, string>> {
  const rows = new Map<string, string>();
  for (const { table, day, path } of await findFiles(hdfs, root)) {
    if (parseFileName(posix.basename(path))?.topic !== topic) continue;
    const bytes = (await hdfs.read(path))!;
    const columns = readFileColumns(bytes.subarray(bytes.length - footerBytes(bytes)));
    for await (const row of readStoredRows(bytes)) {
      const values = columns.map(({ name, type }) => [name, type, row.text(name)]);
      rows.set(`${table} of ${day}, partition ${row.partition} offset ${row.offset}`, JSON.stringify(values));
    }
  }
  return rows;
}

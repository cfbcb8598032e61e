/**
 * Drill `hdfs-down`: HDFS is killed again and again under load, then its disk is full. The stream
 * waits, and goes on when HDFS is ready and has room.
 *
 * The waiting stream's CPU time is read from /proc, so this drill needs Linux.
 */
import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { stagingFolder } from "../layout.ts";
import { HdfsError } from "../webhdfs.ts";
import { underLoad } from "./drill.ts";
import { countCommits, startReader, untilCommitted } from "../testbed/witness.ts";
import type { Pipeline } from "../testbed/pipeline.ts";
import { withFullDisk, withoutServices } from "../testbed/outages.ts";
import { until } from "../until.ts";

const MAX_CPU_PERCENT = 5; // of one core, while the stream waits
const SETTLE_MS = 1_000; // from the kill until the stream waits
const WARM_MS = 2_000; // under load before the first kill
const RESUME_LIMIT_MS = 20_000; // from ready HDFS to the next commits
const REFUSE_LIMIT_MS = 10_000; // for the NameNode to learn that its DataNode is full
const POLL_MS = 200;
const TICKS_PER_SECOND = 100; // of the CPU times in /proc, on every Linux

export const hdfsDown = underLoad(
  {
    name: "hdfs-down",
    what: "kill -9 ends NameNode and DataNode under load, then the disk is full: the stream waits without work, and Trino never shows half a file",
    perSecond: 100,
  },
  async ({ pipeline, short, log, settled }) => {
    const kills = short ? 1 : 5;
    const awayMs = short ? 5_000 : 15_000;
    const cpuPercents: number[] = [];
    const resumedMs: number[] = [];
    const resume = async () => resumedMs.push(await untilResumed(pipeline));
    await sleep(WARM_MS);
    for (let kill = 1; kill <= kills; kill++) {
      await withoutServices(["namenode", "datanode"], async () => {
        await sleep(SETTLE_MS);
        cpuPercents.push(await cpuPercent(pipeline.newest("stream").pid, awayMs));
      });
      await resume();
      log(`kill ${kill} of ${kills}: ${cpuPercents.at(-1)} % CPU, resumed after ${resumedMs.at(-1)} ms`);
    }
    const reader = startReader(pipeline);
    const refusal = await fillDisk(pipeline, awayMs);
    await resume();
    const { queries } = await reader.stop();
    log(`full disk: "${refusal}", resumed after ${resumedMs.at(-1)} ms`);
    await settled();
    const cpu_percent = Math.max(...cpuPercents);
    if (!short && cpu_percent >= MAX_CPU_PERCENT)
      throw new Error(`expected less than ${MAX_CPU_PERCENT} % CPU while waiting, got ${cpu_percent} %`);
    return {
      kills,
      cpu_percent,
      resumed_longest_ms: Math.max(...resumedMs),
      queries_of_full_disk: queries,
      staged_left: await countStaged(pipeline),
    };
  },
);

async function untilResumed(pipeline: Pipeline): Promise<number> {
  const before = await countCommits(pipeline);
  return untilCommitted(pipeline, { before, partitions: "every", limitMs: RESUME_LIMIT_MS });
}

/**
 * Keeps the DataNode's disk full for `ms`. Resolves with the error that a writer gets.
 * @throws Error if the stream lands meanwhile
 */
async function fillDisk(pipeline: Pipeline, ms: number): Promise<string> {
  let refusal = "";
  await withFullDisk(async () => {
    refusal = await untilRefused(pipeline);
    await sleep(POLL_MS); // batches staged before may still be committed
    const before = String(await countCommits(pipeline));
    await sleep(ms);
    const after = String(await countCommits(pipeline));
    if (after !== before) throw new Error(`full disk: expected no commit (still ${before}), got ${after}`);
  });
  return refusal;
}

/** Writes files until HDFS has no room for the next one. Resolves with the error. */
function untilRefused({ hdfs, root }: Pipeline): Promise<string> {
  let files = 0;
  const ask = async () => {
    try {
      await hdfs.create(`${root}/room/${files++}`, Buffer.from("x"));
    } catch (error) {
      if (!(error instanceof HdfsError) || error.exception === null) throw error;
      return error.message;
    }
  };
  return until("HDFS refuses a file: its disk is full", ask, { limitMs: REFUSE_LIMIT_MS, everyMs: POLL_MS });
}

/**
 * @throws Error if the staging folder has entries: leftovers of failed attempts, which take up room
 */
async function countStaged({ hdfs, root }: Pipeline): Promise<number> {
  const { entries } = await hdfs.list(stagingFolder(root));
  if (entries.length > 0)
    throw new Error(`staging: expected nothing, got ${entries.map(({ name }) => name).join(", ")}`);
  return entries.length;
}

/** The CPU time of a process during `ms`, in percent of one core. */
async function cpuPercent(pid: number, ms: number): Promise<number> {
  const before = cpuMs(pid);
  const since = performance.now();
  await sleep(ms);
  return Number(((100 * (cpuMs(pid) - before)) / (performance.now() - since)).toFixed(1));
}

/** The CPU time that a process has used, in user and system mode. */
function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" "); // the name before it can contain spaces
  return ((Number(fields[11]) + Number(fields[12])) * 1000) / TICKS_PER_SECOND;
}

/**
 * Drill `zombie`: one of two streams is stopped for longer than its session, then continued.
 *
 * Both reach HDFS through a slow proxy, so the stopped stream is mostly in the middle of a commit.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { settings } from "../settings.ts";
import { underLoad } from "./drill.ts";
import { countCommits, untilCommitted } from "../testbed/witness.ts";
import type { Child } from "../testbed/child.ts";
import type { Pipeline } from "../testbed/pipeline.ts";

const HDFS_LATENCY_MS = 150;
const MAX_RUN_MS = 2_500; // longer than a batch is filled
const STOPPED_MS = 7_000; // a session lasts 6 s
const TAKEN_LIMIT_MS = 20_000; // from the stop to commits of the other stream in every partition
const REJOIN_MS = 3_000; // two heartbeats, after which both streams have a partition again
const LOST_POSITION = /begins again from its last commit/;

export const zombie = underLoad(
  {
    name: "zombie",
    what: "one of two streams is stopped past its session's end, then continued: the other stream lands meanwhile, no message lands twice",
    perSecond: 300,
    start: startSlowStreams,
  },
  async ({ pipeline, random, short, log, settled }) => {
    const rounds = short ? 1 : 10;
    const streams = pipeline.children.filter(({ name }) => name === "stream");
    let longestMs = 0;
    for (let round = 1; round <= rounds; round++) {
      await sleep(REJOIN_MS + random() * MAX_RUN_MS);
      const stopped = streams[round % streams.length]!;
      await stopped.signal("SIGSTOP");
      const before = await countCommits(pipeline);
      const taken = untilCommitted(pipeline, { before, partitions: "every", limitMs: TAKEN_LIMIT_MS });
      const [takenMs] = await Promise.all([taken, sleep(STOPPED_MS)]);
      longestMs = Math.max(longestMs, takenMs);
      await stopped.signal("SIGCONT");
      log(`zombie ${round} of ${rounds}: the other stream landed its partition after ${takenMs} ms`);
    }
    await settled();
    for (const stream of streams) await leave(stream);
    const lines = streams.flatMap(({ log }) => log);
    return {
      zombies: rounds,
      taken_over_longest_ms: longestMs,
      positions_lost: lines.filter((line) => LOST_POSITION.test(line)).length,
    };
  },
);

/** Starts an API, and two streams that reach HDFS through a slow proxy. */
async function startSlowStreams(pipeline: Pipeline): Promise<void> {
  const proxy = await pipeline.openProxy({ to: new URL(settings.webhdfsUrl).host });
  proxy.latencyMs = HDFS_LATENCY_MS;
  const slow = { QUESTLOG_WEBHDFS_URL: `http://${proxy.address}` };
  await pipeline.startApi();
  await Promise.all([pipeline.startStream(slow), pipeline.startStream(slow)]);
}

/** Ends a stream. @throws Error with its log if it ended by itself before, or ends with an error */
async function leave(stream: Child): Promise<void> {
  const wasRunning = stream.isRunning;
  await stream.signal("SIGTERM");
  if (!wasRunning || stream.process.exitCode !== 0)
    throw new Error(`stream: expected to run, then to end with 0, got:\n${stream.log.slice(-20).join("\n")}`);
}

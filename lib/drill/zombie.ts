/**
 * The drill `zombie`: of two streams one is stopped for longer than its session lasts, then continued.
 *
 * Both see HDFS through a slow line, so that the one that is stopped is mostly in the middle of a commit.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { settings } from "../settings.ts";
import type { Drill } from "./drill.ts";
import { seeded } from "../testbed/seeded.ts";
import { countCommits, untilCommitted } from "../testbed/witness.ts";
import { startPlayers } from "../testbed/players.ts";
import { Line } from "../testbed/proxy.ts";
import { settle } from "../testbed/account.ts";
import { type Child, openPipeline } from "../testbed/pipeline.ts";

const PER_SECOND = 300;
const HDFS_LATENCY_MS = 150;
const MAX_RUN_MS = 2_500; // longer than a batch becomes old
const STOPPED_MS = 7_000; // a session lasts 6 s
const TAKEN_LIMIT_MS = 20_000; // from the stop to commits of the other stream in every partition
const REJOIN_MS = 3_000; // two heartbeats, after which both streams have a partition again
const LOST_PLACE = /begins again from its last commit/;

export const zombie: Drill = {
  name: "zombie",
  what: "of two streams one is stopped past its session's end, then continued: the other one lands meanwhile, nothing is landed twice",
  async run({ short, seed, say }) {
    const rounds = short ? 1 : 10;
    const random = seeded(seed);
    const pipeline = await openPipeline("zombie");
    const line = new Line({ to: new URL(settings.webhdfsUrl).host });
    await line.open();
    line.latencyMs = HDFS_LATENCY_MS;
    try {
      await pipeline.startApi();
      const slow = { QUESTLOG_WEBHDFS_URL: `http://${line.address}` };
      const streams = await Promise.all([pipeline.startStream(slow), pipeline.startStream(slow)]);
      const players = startPlayers({ url: () => pipeline.apiUrl, perSecond: PER_SECOND, random });
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
        say(`zombie ${round} of ${rounds}: its partition was landed by the other one after ${takenMs} ms`);
      }
      players.stop();
      const account = await settle(pipeline, await players.done);
      for (const stream of streams) await leave(stream);
      const lines = streams.flatMap(({ log }) => log);
      return {
        zombies: rounds,
        taken_over_longest_ms: longestMs,
        places_lost: lines.filter((line) => LOST_PLACE.test(line)).length,
        ...account,
      };
    } finally {
      await pipeline.close();
      await line.cut();
    }
  },
};

/** @throws Error with its log if the stream had ended by itself, or does not end well. */
async function leave(stream: Child): Promise<void> {
  const wasRunning = stream.isRunning;
  await stream.signal("SIGTERM");
  if (!wasRunning || stream.process.exitCode !== 0)
    throw new Error(`stream: expected to run, then to end with 0, got:\n${stream.log.slice(-20).join("\n")}`);
}

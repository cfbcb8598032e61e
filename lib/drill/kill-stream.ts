/**
 * Drill `kill-stream`: the stream is killed at random moments and at each point of a commit, while
 * Trino reads. A new stream is started at once.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { COMMIT_POINTS } from "../kill-at.ts";
import { underLoad } from "./drill.ts";
import { countCommits, startReader, untilCommitted } from "../testbed/witness.ts";
import type { Pipeline } from "../testbed/pipeline.ts";
import { until } from "../until.ts";

const EVENTS_PER_KILL = 1_000;
const ACCEPTED_LIMIT_MS = 600_000; // from the last kill until enough events are accepted
const MAX_RUN_MS = 2_500; // longer than a batch is filled
const RESUME_LIMIT_MS = 10_000; // from the kill to the next commit
const LANDING_LIMIT_MS = 60_000; // from the kill to the next commit, before the drill gives up
const POINT_LIMIT_MS = 30_000; // from the start of a stream to its end at the point
const MAX_NTH = 3; // the stream is killed when it reaches the point for the 1st to 3rd time

export const killStream = underLoad(
  {
    name: "kill-stream",
    what: "kill -9 ends the stream at random moments and at each point of a commit: it resumes within 10 s, and Trino can read each visible row",
    perSecond: 110, // about EVENTS_PER_KILL in the time of a kill
  },
  async ({ pipeline, players, random, short, log, settled }) => {
    const kills = short ? 1 : 100;
    const points = short ? [COMMIT_POINTS[Math.floor(random() * COMMIT_POINTS.length)]!] : COMMIT_POINTS;
    const resumedMs: number[] = [];
    const reader = startReader(pipeline);
    const replace = async (why: string) => {
      resumedMs.push(await resume(pipeline));
      log(`${why}: resumed after ${resumedMs.at(-1)} ms`);
    };
    for (const point of points) {
      const nth = 1 + Math.floor(random() * MAX_NTH);
      await killAtPoint(pipeline, `${point}:${nth}`);
      await replace(`killed at ${point}:${nth}`);
    }
    for (let kill = 1; kill <= kills; kill++) {
      await sleep(random() * MAX_RUN_MS);
      await pipeline.newest("stream").signal("SIGKILL");
      await replace(`kill ${kill} of ${kills}`);
    }
    const enough = () => players.ledger.accepted.size >= kills * EVENTS_PER_KILL || undefined;
    await until(`${kills * EVENTS_PER_KILL} accepted events`, enough, { limitMs: ACCEPTED_LIMIT_MS });
    await settled();
    const longestMs = Math.max(...resumedMs);
    if (!short && longestMs > RESUME_LIMIT_MS)
      throw new Error(`expected a commit within ${RESUME_LIMIT_MS} ms of each kill, got ${longestMs} ms`);
    return {
      kills,
      kills_at_points: points.length,
      resumed_median_ms: [...resumedMs].sort((a, b) => a - b)[Math.floor(resumedMs.length / 2)]!,
      resumed_longest_ms: longestMs,
      ...(await reader.stop()),
    };
  },
);

/** Ends all streams, and starts one that is killed at `point`. Resolves when it has ended. */
async function killAtPoint(pipeline: Pipeline, point: string): Promise<void> {
  for (const child of pipeline.children) if (child.name === "stream") await child.signal("SIGTERM");
  const victim = await pipeline.spawnStream({ QUESTLOG_KILL_AT: point });
  await victim.ended(POINT_LIMIT_MS);
  if (victim.process.signalCode !== "SIGKILL")
    throw new Error(`stream: expected to be killed at ${point}, got:\n${victim.log.join("\n")}`);
}

/**
 * Starts a stream instead of the killed one. Resolves with the milliseconds until its first commit.
 */
async function resume(pipeline: Pipeline): Promise<number> {
  const since = Date.now();
  const before = await countCommits(pipeline);
  await pipeline.spawnStream();
  await untilCommitted(pipeline, { before, partitions: "one", limitMs: LANDING_LIMIT_MS });
  return Date.now() - since;
}

/**
 * The drill `kill-stream`: the stream is killed at random moments and at each named point of a commit, while
 * Trino reads; a new one is started at once.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { COMMIT_POINTS } from "../land/commits.ts";
import type { Drill } from "./drill.ts";
import { seeded } from "../testbed/seeded.ts";
import { countCommits, startReader, untilCommitted } from "../testbed/witness.ts";
import { startPlayers } from "../testbed/players.ts";
import { settle } from "../testbed/account.ts";
import { type Child, openPipeline, type Pipeline } from "../testbed/pipeline.ts";
import { until } from "../until.ts";

const EVENTS_PER_KILL = 1_000;
const PER_SECOND = 110; // about as many events in the time of a kill
const ACCEPTED_LIMIT_MS = 600_000; // from the last kill to as many events as all kills need
const MAX_RUN_MS = 2_500; // longer than a batch becomes old
const RESUME_LIMIT_MS = 10_000; // from the kill to the next commit
const LANDING_LIMIT_MS = 60_000; // beyond this it will not come
const POINT_LIMIT_MS = 30_000; // from the start of a stream to the point at which it ends
const MAX_NTH = 3; // time that a point is reached

export const killStream: Drill = {
  name: "kill-stream",
  what: "kill -9 of the stream at random moments and at each point of a commit: it resumes within 10 s, and all that Trino sees is readable",
  async run({ short, seed, say }) {
    const kills = short ? 1 : 100;
    const random = seeded(seed);
    const points = short ? [COMMIT_POINTS[Math.floor(random() * COMMIT_POINTS.length)]!] : COMMIT_POINTS;
    const resumedMs: number[] = [];
    const pipeline = await openPipeline("kill-stream");
    try {
      await pipeline.startApi();
      const reader = startReader(pipeline);
      const players = startPlayers({ url: () => pipeline.apiUrl, perSecond: PER_SECOND, random });
      const replace = async (why: string) => {
        resumedMs.push(await resume(pipeline));
        say(`${why}: resumed after ${resumedMs.at(-1)} ms`);
      };
      for (const point of points) {
        await stopAll(pipeline);
        const nth = 1 + Math.floor(random() * MAX_NTH);
        const victim = await pipeline.spawnStream({ QUESTLOG_KILL_AT: `${point}:${nth}` });
        await victim.ended(POINT_LIMIT_MS);
        if (victim.process.signalCode !== "SIGKILL")
          throw new Error(`stream: expected to be killed at ${point}, got:\n${victim.log.join("\n")}`);
        await replace(`killed at ${point}:${nth}`);
      }
      for (let kill = 1; kill <= kills; kill++) {
        await sleep(random() * MAX_RUN_MS);
        await current(pipeline).signal("SIGKILL");
        await replace(`kill ${kill} of ${kills}`);
      }
      const enough = () => players.ledger.accepted.size >= kills * EVENTS_PER_KILL || undefined;
      await until(`${kills * EVENTS_PER_KILL} accepted events`, enough, { limitMs: ACCEPTED_LIMIT_MS });
      players.stop();
      const account = await settle(pipeline, await players.done);
      const figures = {
        kills,
        kills_at_points: points.length,
        resumed_median_ms: [...resumedMs].sort((a, b) => a - b)[Math.floor(resumedMs.length / 2)]!,
        resumed_longest_ms: Math.max(...resumedMs),
        ...(await reader.stop()),
        ...account,
      };
      if (!short && figures.resumed_longest_ms > RESUME_LIMIT_MS)
        throw new Error(
          `expected a commit within ${RESUME_LIMIT_MS} ms of each kill, got ${JSON.stringify(figures)}`,
        );
      return figures;
    } finally {
      await pipeline.close();
    }
  },
};

/** Starts a stream in the place of the killed one; resolves with the time until its first commit. */
async function resume(pipeline: Pipeline): Promise<number> {
  const since = Date.now();
  const before = await countCommits(pipeline);
  await pipeline.spawnStream();
  await untilCommitted(pipeline, { before, partitions: "one", limitMs: LANDING_LIMIT_MS });
  return Date.now() - since;
}

async function stopAll({ children }: Pipeline): Promise<void> {
  for (const child of children) if (child.name === "stream") await child.signal("SIGTERM");
}

function current({ children }: Pipeline): Child {
  return children.at(-1)!;
}

/**
 * The drill `rebalance`: streams join and leave every 2 s under load, half of them by `kill -9`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Drill } from "./drill.ts";
import { seeded } from "../testbed/seeded.ts";
import { startPlayers } from "../testbed/players.ts";
import { settle } from "../testbed/account.ts";
import { type Child, openPipeline } from "../testbed/pipeline.ts";

const PER_SECOND = 300;
const CHANGE_MS = 2_000;
const MIN_STREAMS = 1;
const MAX_STREAMS = 3; // one more than there are partitions
const LEAVE_LIMIT_MS = 30_000; // a stream drains for 20 s at most

export const rebalance: Drill = {
  name: "rebalance",
  what: "streams join and leave every 2 s under load, half of the leaving ones killed: nothing is lost or landed twice",
  async run({ short, seed, say }) {
    const changes = short ? 5 : 50;
    const random = seeded(seed);
    const count = { joined: 1, left: 0, killed: 0 };
    const pipeline = await openPipeline("rebalance");
    try {
      await pipeline.startApi();
      const running = [await pipeline.startStream()];
      const leaving: Child[] = [];
      const players = startPlayers({ url: () => pipeline.apiUrl, perSecond: PER_SECOND, random });
      for (let change = 1; change <= changes; change++) {
        const next = sleep(CHANGE_MS);
        const joins = running.length <= MIN_STREAMS || (running.length < MAX_STREAMS && random() < 0.5);
        if (joins) {
          running.push(await pipeline.spawnStream());
          count.joined++;
        } else {
          const [leaver] = running.splice(Math.floor(random() * running.length), 1);
          const isKilled = count.killed < count.left;
          if (isKilled) count.killed++;
          else count.left++;
          if (!isKilled) leaving.push(leaver!);
          leaver!.process.kill(isKilled ? "SIGKILL" : "SIGTERM");
        }
        say(`change ${change} of ${changes}: ${running.length} streams`);
        await next;
      }
      players.stop();
      const account = await settle(pipeline, await players.done);
      for (const child of leaving) await endWell(child);
      return { changes, ...count, ...account };
    } finally {
      await pipeline.close();
    }
  },
};

/** @throws Error with its log if a stream that was told to leave does not end, or ends otherwise than it should. */
async function endWell(child: Child): Promise<void> {
  await child.ended(LEAVE_LIMIT_MS);
  const { exitCode, signalCode } = child.process;
  const isYoung = signalCode === "SIGTERM" && child.log.length === 0; // it could not yet take the signal
  if (exitCode !== 0 && !isYoung)
    throw new Error(`stream: expected to end with 0, got ${exitCode}:\n${child.log.slice(-20).join("\n")}`);
}

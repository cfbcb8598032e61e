/**
 * Drill `rebalance`: streams join and leave every 2 s under load. Half of them leave by `kill -9`.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { underLoad } from "./drill.ts";
import type { Child } from "../testbed/child.ts";

const CHANGE_MS = 2_000;
const MIN_STREAMS = 1;
const MAX_STREAMS = 3; // one more than partitions
const LEAVE_LIMIT_MS = 30_000; // a stream drains for 20 s at most

export const rebalance = underLoad(
  {
    name: "rebalance",
    what: "streams join and leave every 2 s under load, half of them leave by kill -9: no message is lost or lands twice",
    perSecond: 300,
  },
  async ({ pipeline, random, short, log, settled }) => {
    const changes = short ? 5 : 50;
    const count = { joined: 1, left: 0, killed: 0 };
    const running = [pipeline.newest("stream")];
    const leaving: Child[] = [];
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
      log(`change ${change} of ${changes}: ${running.length} streams`);
      await next;
    }
    await settled();
    for (const child of leaving) await endWell(child);
    return { changes, ...count };
  },
);

/**
 * Waits for the end of a stream that got SIGTERM.
 * @throws Error with the stream's log if it does not end, or ends with an error
 */
async function endWell(child: Child): Promise<void> {
  await child.ended(LEAVE_LIMIT_MS);
  const { exitCode, signalCode } = child.process;
  const isYoung = signalCode === "SIGTERM" && child.log.length === 0; // SIGTERM came before its handler
  if (exitCode !== 0 && !isYoung)
    throw new Error(`stream: expected to end with 0, got ${exitCode}:\n${child.log.slice(-20).join("\n")}`);
}

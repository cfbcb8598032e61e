/**
 * Drill `kafka-down`: the broker is killed under load and stays away. Soon after its return, events
 * are accepted and committed again.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { underLoad } from "./drill.ts";
import { countCommits, untilCommitted } from "../testbed/witness.ts";
import type { Pipeline } from "../testbed/pipeline.ts";
import { awayFor } from "../testbed/outages.ts";
import { until } from "../until.ts";

const NORMAL_LIMIT_MS = 5_000; // from ready Kafka until it accepts an event, and until the next commits
const SHORT_LIMIT_MS = 30_000; // the same in the short form, which measures nothing
const WARM_MS = 2_000; // under load before the kill
const POLL_MS = 50;

export const kafkaDown = underLoad(
  {
    name: "kafka-down",
    what: "kill -9 ends the broker, which stays away, under 500 requests/s: no event is lost, and events land again within 5 s of its return",
    perSecond: 500,
  },
  async ({ pipeline, players, short, log }) => {
    await sleep(WARM_MS);
    const { killedAt, readyAt } = await awayFor(["kafka"], short ? 6_000 : 30_000);
    log(`Kafka was away for ${readyAt - killedAt} ms: ${players.ledger.accepted.size} events accepted`);
    const limitMs = short ? SHORT_LIMIT_MS : NORMAL_LIMIT_MS;
    const before = await countCommits(pipeline);
    const [acceptedMs, committedMs] = await Promise.all([
      untilAccepted(pipeline, limitMs),
      untilCommitted(pipeline, { before, partitions: "every", limitMs }),
    ]);
    log(`accepted by Kafka again after ${acceptedMs} ms, committed again after ${committedMs} ms`);
    return {
      away_ms: readyAt - killedAt,
      accepted_again_ms: acceptedMs,
      committed_again_ms: committedMs,
    };
  },
);

/**
 * Sends events until Kafka accepts one, instead of the API's spool. Resolves with the milliseconds.
 * @throws Error if that takes longer than `limitMs`
 */
function untilAccepted({ apiUrl }: Pipeline, limitMs: number): Promise<number> {
  const since = Date.now();
  const ask = async () => {
    const { status, headers } = await fetch(`${apiUrl}/?event_id=${randomUUID()}`);
    const isSpooled = headers.get("event-spooled") === "true";
    if (status === 200 && !isSpooled) return Date.now() - since;
    throw new Error(`status ${status}${isSpooled ? ", spooled" : ""}`);
  };
  return until("Kafka accepts an event after its return", ask, { limitMs, everyMs: POLL_MS });
}

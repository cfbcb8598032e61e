/**
 * Drill `kafka-down`: the broker is killed under load and stays away; afterwards all is soon as
 * before.
 */
import { randomUUID } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { underLoad } from "./drill.ts";
import { countCommits, untilCommitted } from "../testbed/witness.ts";
import type { Pipeline } from "../testbed/pipeline.ts";
import { awayFor } from "../testbed/outages.ts";
import { until } from "../until.ts";

const SHORT_LIMIT_MS = 30_000; // the same in the short form, which is a test and no measurement
const NORMAL_LIMIT_MS = 5_000; // from Kafka's being ready to an event accepted by it, and to the next commits
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
 * Asks until an event is accepted by Kafka, not by the API's spool; resolves with how long that
 * took.
 * @throws Error if it takes too long
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

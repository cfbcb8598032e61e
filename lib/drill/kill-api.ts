/**
 * Drill `kill-api`: the API is killed again and again under load. Clients without an answer send
 * again.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { underLoad } from "./drill.ts";

export const killApi = underLoad(
  {
    name: "kill-api",
    what: "kill -9 ends the API under 500 requests/s: no accepted event is lost, only retries make doubles, views remove them",
    perSecond: 500,
  },
  async ({ pipeline, players, random, short, log }) => {
    const kills = short ? 2 : 20;
    for (let kill = 1; kill <= kills; kill++) {
      await sleep(500 + random() * 1500);
      await pipeline.newest("api").signal("SIGKILL");
      await pipeline.startApi();
      log(`kill ${kill} of ${kills}: ${players.ledger.accepted.size} events accepted`);
    }
    await sleep(500);
    return { kills };
  },
);

/**
 * The drill `kill-api`: the API is killed again and again under load; clients send again what got no answer.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Drill } from "./drill.ts";
import { seeded } from "../testbed/seeded.ts";
import { startPlayers } from "../testbed/players.ts";
import { settle } from "../testbed/account.ts";
import { openPipeline } from "../testbed/pipeline.ts";

const PER_SECOND = 500;

export const killApi: Drill = {
  name: "kill-api",
  what: "kill -9 of the API under 500 requests/s: no accepted event is lost, doubles come from retries only and are removed",
  async run({ short, seed, say }) {
    const kills = short ? 2 : 20;
    const random = seeded(seed);
    const pipeline = await openPipeline("kill-api");
    try {
      await pipeline.startStream();
      let api = await pipeline.startApi();
      const players = startPlayers({ url: () => pipeline.apiUrl, perSecond: PER_SECOND, random });
      for (let kill = 1; kill <= kills; kill++) {
        await sleep(500 + random() * 1500);
        await api.signal("SIGKILL");
        api = await pipeline.startApi();
        say(`kill ${kill} of ${kills}: ${players.ledger.accepted.size} events accepted`);
      }
      await sleep(500);
      players.stop();
      const ledger = await players.done;
      return {
        kills,
        retries: ledger.retries,
        ...(await settle(pipeline, ledger)),
      };
    } finally {
      await pipeline.close();
    }
  },
};

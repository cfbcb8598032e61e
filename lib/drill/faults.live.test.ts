// The short forms of the drills that kill, stop, poison and slow down the stream and the API.
import { killApi } from "./kill-api.ts";
import { killStream } from "./kill-stream.ts";
import { poison } from "./poison.ts";
import { rebalance } from "./rebalance.ts";
import { slowNet } from "./slow-net.ts";
import { soak } from "./soak.ts";
import { zombie } from "./zombie.ts";

describe("drills of the API and the stream", function () {
  this.timeout(300_000);

  for (const drill of [killApi, killStream, zombie, rebalance, poison, slowNet, soak]) {
    it(`${drill.name}: ${drill.what}`, async () => {
      await drill.run({ short: true, seed: 1, log: () => {} });
    });
  }
});

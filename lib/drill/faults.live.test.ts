// The short forms of the drills that kill, stop, poison and slow down the stream and the API.
import { killApi } from "./kill-api.js";
import { killStream } from "./kill-stream.js";
import { poison } from "./poison.js";
import { rebalance } from "./rebalance.js";
import { slowNet } from "./slow-net.js";
import { soak } from "./soak.js";
import { zombie } from "./zombie.js";

describe("drills of the API and the stream", function () {
  this.timeout(300_000);

  for (const drill of [killApi, killStream, zombie, rebalance, poison, slowNet, soak]) {
    it(`${drill.name}: ${drill.what}`, async () => {
      await drill.run({ short: true, seed: 1, say: () => {} });
    });
  }
});

// The short form of the drill on a secured cluster, which the drill starts and stops by itself.
import { cluster } from "./cluster.ts";

describe("drill of a cluster", function () {
  this.timeout(300_000);

  it(`${cluster.name}: ${cluster.what}`, async () => {
    await cluster.run({ short: true, seed: 1, log: () => {} });
  });
});

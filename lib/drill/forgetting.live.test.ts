// The short form of the drill that forgets players under load.
import { forgetting } from "./forgetting.ts";

describe("the drill of forgetting", function () {
  this.timeout(300_000);

  it(`${forgetting.name}: ${forgetting.what}`, async () => {
    await forgetting.run({ short: true, seed: 1, log: () => {} });
  });
});

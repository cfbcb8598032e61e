// The short form of the drill that rewrites files under load.
import { compaction } from "./compaction.ts";

describe("the drill of compaction", function () {
  this.timeout(300_000);

  it(`${compaction.name}: ${compaction.what}`, async () => {
    await compaction.run({ short: true, seed: 1, log: () => {} });
  });
});

import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { Pipeline } from "./pipeline.ts";

describe("Pipeline", () => {
  it("asks for no key, and limits no player, also if the user's API does", () => {
    const pipeline = new Pipeline("test");
    rmSync(pipeline.home, { recursive: true });
    const env: NodeJS.ProcessEnv = {
      QUESTLOG_WRITE_KEYS: "keys.txt",
      QUESTLOG_RATE_LIMIT: "1",
      ...pipeline.env,
    };
    assert.deepEqual([env.QUESTLOG_WRITE_KEYS, env.QUESTLOG_RATE_LIMIT], [undefined, undefined]);
    assert.equal(env.QUESTLOG_TOPIC, pipeline.topic);
  });
});

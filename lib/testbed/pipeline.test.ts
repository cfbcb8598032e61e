import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { Pipeline } from "./pipeline.ts";

describe("Pipeline", () => {
  it("starts no process that nobody would end: an interrupted drill may go on for a while", async () => {
    const pipeline = new Pipeline("test");
    pipeline.remove = () => Promise.resolve();
    await pipeline.close();
    const message = "pipeline has ended";
    await assert.rejects(pipeline.startApi(), new RegExp(message));
    await assert.rejects(pipeline.spawnStream(), new RegExp(message));
    assert.throws(() => pipeline.spawn("compact", { env: {}, args: [] }), new RegExp(message));
    assert.deepEqual(pipeline.children, []);
  });

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

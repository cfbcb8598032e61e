// Streams as processes: of a pipeline, and of the stack that `settings` names.
import assert from "node:assert/strict";
import { findProcess } from "../services/process.ts";
import { startServices } from "../services/start.ts";
import { stopServices } from "../services/stop.ts";
import { settings } from "../settings.ts";
import { openPipeline } from "../testbed/pipeline.ts";
import { createTopic } from "../topic.ts";
import { refuseStreams, withoutStream } from "./pause-stream.ts";

describe("refuseStreams(group)", function () {
  this.timeout(120_000);

  it("names the streams of a consumer group, and accepts a group without any", async () => {
    const pipeline = await openPipeline("rebuild");
    try {
      await refuseStreams(pipeline.name, 1_000);
      const stream = await pipeline.startStream();
      await assert.rejects(
        refuseStreams(pipeline.name, 1_000),
        /no stream in the consumer group .*stop the streams first: questlog-stream at /,
      );
      await stream.signal("SIGTERM");
      await refuseStreams(pipeline.name);
    } finally {
      await pipeline.close();
    }
  });
});

describe("withoutStream(log, work)", function () {
  this.timeout(180_000);
  const isRunning = () => findProcess(settings.home, "stream") !== undefined;
  before(async () => {
    await createTopic();
    await createTopic({ topic: settings.failedTopic });
    await startServices({ names: ["stream"] });
  });
  after(() => stopServices({ names: ["stream"] }));

  it("stops the stack's stream for the work, and starts it again, also after an error", async () => {
    const log: string[] = [];
    const work = () => {
      assert.ok(!isRunning());
      throw new Error("the work fails");
    };
    await assert.rejects(
      withoutStream(
        (line) => log.push(line),
        async () => Promise.resolve(work()),
      ),
      { message: "the work fails" },
    );
    assert.ok(isRunning());
    assert.deepEqual(log, ["stream stopped; the API goes on collecting", "stream started again"]);
  });

  it("does not start a stream that did not run before", async () => {
    await stopServices({ names: ["stream"] });
    assert.equal(
      await withoutStream(
        () => {},
        () => Promise.resolve("done"),
      ),
      "done",
    );
    assert.ok(!isRunning());
  });
});

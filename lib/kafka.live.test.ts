import assert from "node:assert/strict";
import { performance } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { kafkaClient, PATIENT } from "./kafka.ts";
import { settings } from "./settings.ts";

describe("kafkajs with its fault mended", () => {
  it("does not wake the process while a connection is idle", async () => {
    const admin = kafkaClient(settings.kafkaBrokers, { retries: PATIENT }).admin();
    await admin.connect();
    try {
      await admin.listTopics();
      const before = performance.nodeTiming.uvMetricsInfo.loopCount;
      await sleep(1_000);
      const loops = performance.nodeTiming.uvMetricsInfo.loopCount - before;
      assert.ok(loops < 300, `${loops} turns of the event loop in a second`);
    } finally {
      await admin.disconnect();
    }
  });
});

import assert from "node:assert/strict";
import { Metrics } from "./api-metrics.ts";
import { whySpoolIsNotReady } from "./run-api.ts";

const empty = { messages: 0, bytes: 0, full: false, grownForMs: 0 };

describe("whySpoolIsNotReady(state)", () => {
  for (const [what, state, reason] of [
    ["an empty spool", empty, null],
    ["a spool that has just begun", { ...empty, messages: 9, bytes: 900, grownForMs: 2000 }, null],
    ["a shrinking spool", { ...empty, messages: 9, bytes: 900 }, null],
    [
      "a growing spool",
      { ...empty, messages: 9, bytes: 900, grownForMs: 2060 },
      "the spool has grown for 2.1 s: 9 messages, 900 bytes",
    ],
    [
      "a full spool",
      { messages: 9, bytes: 900, full: true, grownForMs: 0 },
      "the spool is full: 9 messages, 900 bytes",
    ],
  ] as const) {
    it(`returns ${reason === null ? "null" : "the reason"} for ${what}`, () => {
      assert.equal(whySpoolIsNotReady(state), reason);
    });
  }
});

describe("Metrics", () => {
  it("shows the present state of each topic's spool", async () => {
    const spools = { game_events: { ...empty, messages: 3, bytes: 300 }, failed_events: empty };
    const metrics = new Metrics(() => spools);
    spools.failed_events = { ...empty, messages: 1, bytes: 100 };
    const lines = (await metrics.text()).split("\n").filter((line) => line.startsWith("questlog_spool"));
    assert.deepEqual(lines, [
      'questlog_spool_messages{topic="game_events"} 3',
      'questlog_spool_messages{topic="failed_events"} 1',
      'questlog_spool_bytes{topic="game_events"} 300',
      'questlog_spool_bytes{topic="failed_events"} 100',
    ]);
  });
});

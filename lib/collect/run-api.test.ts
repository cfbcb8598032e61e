import assert from "node:assert/strict";
import { createMetrics } from "./api-metrics.ts";
import { whySpoolIsNotReady } from "./run-api.ts";

const empty = { messages: 0, bytes: 0, full: false, grownForMs: 0 };

describe("whySpoolIsNotReady(state)", () => {
  for (const [what, state, reason] of [
    ["an empty spool", empty, null],
    ["one that has just begun", { ...empty, messages: 9, bytes: 900, grownForMs: 2000 }, null],
    ["one that shrinks", { ...empty, messages: 9, bytes: 900 }, null],
    [
      "one that grows",
      { ...empty, messages: 9, bytes: 900, grownForMs: 2060 },
      "the spool has grown for 2.1 s: 9 messages, 900 bytes",
    ],
    [
      "a full one",
      { messages: 9, bytes: 900, full: true, grownForMs: 0 },
      "the spool is full: 9 messages, 900 bytes",
    ],
  ] as const) {
    it(`says ${reason === null ? "nothing" : "why"} of ${what}`, () => {
      assert.equal(whySpoolIsNotReady(state), reason);
    });
  }
});

describe("createMetrics(spools)", () => {
  it("says what is spooled at the moment it is asked, by topic", async () => {
    const spools = { game_events: { ...empty, messages: 3, bytes: 300 }, failed_events: empty };
    const { text } = createMetrics(() => spools);
    spools.failed_events = { ...empty, messages: 1, bytes: 100 };
    const lines = (await text()).split("\n").filter((line) => line.startsWith("questlog_spool"));
    assert.deepEqual(lines, [
      'questlog_spool_messages{topic="game_events"} 3',
      'questlog_spool_messages{topic="failed_events"} 1',
      'questlog_spool_bytes{topic="game_events"} 300',
      'questlog_spool_bytes{topic="failed_events"} 100',
    ]);
  });
});

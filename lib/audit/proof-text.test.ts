import assert from "node:assert/strict";
import { proofLines, provenText } from "./proof-text.ts";

const proof = {
  now: { messages: 1, audits: 1 },
  before: { messages: 1_503_719, audits: 84 },
  again: null,
  lost: [],
  newest: null,
  days: "all" as const,
  problems: [],
};

describe("proofLines(proof)", () => {
  it("says the messages that are proven now, and those that were proven before", () => {
    assert.deepEqual(proofLines(proof), [
      "proven now: 1 message, in 1 audit",
      "proven before: 1,503,719 messages, in 84 audits",
      "sums compared with the tables: all days",
    ]);
  });

  it("says which audits were repeated, the messages that were removed, and audits without the topic's", () => {
    const again = { messages: 20, audits: 2, removed: 0, without_topic: 0 };
    const repeated = (given: typeof again) => proofLines({ ...proof, again: given })[2];
    assert.equal(repeated(again), "audited again: 20 messages, in 2 audits");
    assert.equal(
      repeated({ ...again, removed: 1_026, without_topic: 1 }),
      "audited again: 20 messages, in 2 audits, 1,026 more were removed (npm run forget), 1 without the topic's messages",
    );
  });

  it("names the offsets that are never proven, the days of the sums, and the number of problems", () => {
    const lost = [
      { partition: 1, from: 0, to: 9, before: "audit" as const },
      { partition: 2, from: 3, to: 5, before: "landing" as const },
    ];
    const lines = proofLines({ ...proof, lost, days: ["2026-01-30", "2026-01-31"], problems: ["a", "b"] });
    assert.deepEqual(lines.slice(2), [
      "never proven: partition 1: Kafka deleted offsets [0, 9) before their audit",
      "never proven: partition 2: Kafka deleted offsets [3, 5) before they were landed",
      "sums compared with the tables: 2026-01-30, 2026-01-31",
      "not proven: 2 problems",
    ]);
    assert.equal(proofLines({ ...proof, problems: ["a"] }).at(-1), "not proven: 1 problem");
    assert.equal(proofLines({ ...proof, days: [] }).at(-1), "sums compared with the tables: no day");
  });
});

describe("provenText(proven)", () => {
  it("has the plural for 0", () => {
    assert.equal(provenText({ messages: 0, audits: 0 }), "0 messages, in 0 audits");
  });
});

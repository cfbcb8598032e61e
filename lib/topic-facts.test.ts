import assert from "node:assert/strict";
import { topicProblem } from "./topic-facts.ts";

describe("topicProblem(topic, facts)", () => {
  const rows: [replicas: number, inSync: number, minInSync: number | undefined, problem: RegExp | null][] = [
    [3, 3, 2, null],
    [3, 2, 2, null],
    [1, 1, 1, null],
    [1, 1, undefined, null], // the user may not read the topic's configuration
    [
      1,
      1,
      2,
      /^topic t: expected min\.insync\.replicas of at most 1, as the topic has replicas, got 2: .* each event$/,
    ],
    [3, 3, 4, /^topic t: expected min\.insync\.replicas of at most 3, as the topic has replicas, got 4: /],
    [3, 1, 2, /^topic t: expected 2 in-sync replicas \(min\.insync\.replicas\), got 1: .* broker is back$/],
  ];
  for (const [replicas, inSync, minInSync, problem] of rows) {
    const ends = problem === null ? "can store events" : "refuses events";
    it(`${ends} with ${inSync} of ${replicas} replicas in sync, of ${minInSync ?? "unknown"} demanded`, () => {
      const found = topicProblem("t", { replicas, inSync, minInSync });
      if (problem === null) assert.equal(found, null);
      else assert.match(found ?? "", problem);
    });
  }
});

import assert from "node:assert/strict";
import { collectFacts } from "./run-facts.ts";

describe("collectFacts(services)", () => {
  it("collects commit, machine, the services' answered versions, and the packages' versions", async () => {
    const facts = await collectFacts([
      { name: "kafka", given: false, askVersion: () => Promise.resolve("4.1") },
      { name: "trino", given: true, askVersion: () => Promise.resolve("476") },
      { name: "metastore", given: false, askVersion: () => Promise.reject(new Error("connection refused")) },
    ]);
    const [where, services, packages] = facts.map(({ rows }) => Object.fromEntries(rows));
    assert.match(where?.Commit ?? "", /^([0-9a-f]{7,}(, with changes)?|not a git checkout)$/);
    assert.equal(where?.Node, process.versions.node);
    assert.deepEqual(services, {
      kafka: "4.1",
      trino: "476, given by the environment",
      metastore: "no answer: connection refused",
    });
    assert.equal(packages?.tslab, "1.0.22");
  });
});

import assert from "node:assert/strict";
import { collectFacts } from "./run-facts.ts";

describe("collectFacts(services)", () => {
  it("tells commit, machine, and the versions of services and packages", async () => {
    const facts = await collectFacts([
      { name: "kafka", version: "4.1.0", given: false },
      { name: "trino", version: "476", given: true },
    ]);
    const [where, services, packages] = facts.map(({ rows }) => Object.fromEntries(rows));
    assert.match(where?.Commit ?? "", /^([0-9a-f]{7,}(, with changes)?|not a git checkout)$/);
    assert.equal(where?.Node, process.versions.node);
    assert.deepEqual(services, { kafka: "4.1.0", trino: "given by the environment" });
    assert.equal(packages?.tslab, "1.0.22");
  });
});

import assert from "node:assert/strict";
import { serverNames } from "./services.ts";
import { type ServiceRow, startServices } from "./start.ts";
import { stopServices } from "./stop.ts";

// Runs first of all live tests, and leaves the stack that `settings` names running for the others.
// What it started is stopped after the last of them: this hook, outside of describe, is the whole
// run's.
let started: ServiceRow[] = [];
after(async function () {
  this.timeout(300_000);
  await stopServices({ names: started.map(({ service }) => service) });
});

describe("startServices({ names })", function () {
  this.timeout(30 * 60_000); // with all downloads

  it("starts what does not run, and resolves when each service answers", async () => {
    const shown: string[] = [];
    const rows = await startServices({
      names: ["trino", "kafka"],
      onReady: ({ service }) => shown.push(service),
    });
    started = rows.filter(({ state }) => state === "started");
    assert.deepEqual(
      rows.map(({ service }) => service),
      serverNames,
    );
    assert.deepEqual(shown.toSorted(), [...serverNames].toSorted());
    assert.ok(
      shown.indexOf("metastore") < shown.indexOf("trino"),
      "Trino was asked before its metastore was ready",
    );
  });
});

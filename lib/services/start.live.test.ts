import assert from "node:assert/strict";
import { serverNames } from "./services.ts";
import { type ServiceRow, startServices } from "./start.ts";
import { stopServices } from "./stop.ts";

// This test runs before all other live tests, and starts the stack of `settings` for them. The hook
// stands outside of describe, so it stops these services after the last test of the whole run.
let started: ServiceRow[] = [];
after(async function () {
  this.timeout(300_000);
  await stopServices({ names: started.map(({ service }) => service) });
});

describe("startServices({ names })", function () {
  this.timeout(30 * 60_000); // with all downloads

  it("starts the services that do not run, and resolves when each one answers", async () => {
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

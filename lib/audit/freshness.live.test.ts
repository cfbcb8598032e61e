// Landed events in a topic, folder and schema of their own.
import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { measureFreshness } from "./freshness.ts";
import { LandedGround } from "../testbed/ground.fixture.ts";
import { eventsIn } from "../ask/counted.ts";
import { rangesBetween } from "./sightings.ts";

const WAIT_MS = 300;

describe("measureFreshness(selection, totals, samples, place)", () => {
  const ground = new LandedGround();
  before(() => ground.create());
  after(() => ground.remove());

  it("gives the players' own times first, then each hop with at least the time that it took", async () => {
    await ground.send(10);
    await sleep(WAIT_MS); // the events wait for their commit
    const offsets = await ground.land();
    const [time, rows] = [new Date(Date.now() + 1_000), 11]; // ten events, one of them twice
    const samples = [{ time, seconds: 1, event_type: "join_a_guild", rows }];
    const totals = { p50_ms: 1, p95_ms: 2, p99_ms: 3 };
    const hops = await measureFreshness(
      eventsIn(rangesBetween([], offsets), ground.place),
      totals,
      samples,
      ground.place,
    );
    assert.deepEqual(
      hops.map(({ hop }) => hop),
      ["accepted", "produced", "landed", "visible", "in all"],
    );
    const [accepted, produced, landed, visible, all] = hops;
    assert.deepEqual(accepted, { hop: "accepted", ...totals });
    assert.ok(produced!.p50_ms >= 0);
    assert.ok(landed!.p50_ms >= WAIT_MS);
    assert.ok(visible!.p50_ms >= 1_000);
    assert.ok(all!.p50_ms >= landed!.p50_ms + 1_000);
  });
});

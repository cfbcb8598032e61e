// The audit of a topic whose table was rebuilt: from the topic to the views, each event.
import assert from "node:assert/strict";
import { audit } from "../audit/audit.ts";
import { auditAgain } from "../audit/audit-again.ts";
import { conservation } from "../audit/conservation.ts";
import { collectSightings, rangesBetween } from "../audit/sightings.ts";
import { traceEvent } from "../audit/trace.ts";
import { defineEvents } from "../catalog.ts";
import { events } from "../events.ts";
import { LandedGround } from "../testbed/ground.fixture.ts";
import { game } from "../testbed/original.fixture.ts";
import { rebuildTable } from "./rebuild.ts";

const TYPE = "join_a_guild";

describe("the audit after a rebuild", function () {
  this.timeout(120_000);
  let ground: LandedGround;
  beforeEach(async () => {
    ground = new LandedGround();
    await ground.createTopics();
    await ground.create();
  });
  afterEach(() => ground.remove());

  const rebuild = (catalogue: typeof events) => {
    const target = { schema: ground.schema, hdfsRoot: ground.root };
    return rebuildTable("guild_joins", { target, catalogue, topic: ground.topic });
  };

  it("finds each event conserved when all of them fit", async () => {
    const sent = await ground.send(5);
    const offsets = await ground.land();
    await rebuild(events);
    const seen = await collectSightings(rangesBetween([], offsets), ground.place);
    const answers = { accepted: { [TYPE]: 5 }, event_ids: sent.map(({ eventId }) => eventId) };
    assert.deepEqual(conservation(answers, seen).discrepancies, []);
  });

  it("agrees with the ledger when all events fit: with its sums, with --all, and with the next audit", async () => {
    await ground.send(5);
    await ground.land();
    assert.deepEqual((await audit(ground.place)).now, { messages: 6, audits: 2 });
    await rebuild(events);
    const again = await auditAgain(ground.place);
    assert.deepEqual([again.messages, again.audits, again.problems], [6, 2, []]);
    await ground.send(2);
    await ground.land();
    const { now, before, problems } = await audit({ ...ground.place, days: "all" });
    assert.deepEqual([now.messages, before.messages, problems], [3, 6, []]);
    assert.deepEqual((await auditAgain(ground.place)).problems, []);
  });

  it("agrees with the ledger's sums when events moved to failed_events; --all names their records", async () => {
    await ground.send(5);
    await ground.land();
    await audit(ground.place);
    await rebuild(withIntegerRegion());
    assert.deepEqual((await audit({ ...ground.place, days: "all" })).problems, []);
    const { problems } = await auditAgain(ground.place);
    const named = problems.filter((one) => one.includes("/audits/")); // the others name messages
    assert.ok(named.length > 0, problems.join("\n"));
    for (const one of named) assert.match(one, /: (join_a_guild|failed_events) on .*: the record has \d/);
  });

  it("finds the failed events in failed_events, each commit with all of its rows", async () => {
    const sent = await ground.send(5);
    const offsets = await ground.land();
    await rebuild(withIntegerRegion());
    const seen = await collectSightings(rangesBetween([], offsets), ground.place);
    assert.equal(seen.files.length, 6);
    const answers = { accepted: { [TYPE]: 5 }, event_ids: sent.map(({ eventId }) => eventId) };
    const { discrepancies } = conservation(answers, seen);
    assert.deepEqual(
      discrepancies.filter(({ stage }) => stage === "commits" || stage === "tables"),
      [],
    );
    const { ways } = await traceEvent(sent[1]!.eventId, { ...ground.place, report: "/nothing.html" });
    assert.deepEqual(ways.length, 1);
    assert.match(ways[0]!.row?.counts ?? "", /params\.region: expected an integer/);
    assert.match(ways[0]!.files[0]?.path ?? "", /failed_events\/day=.*-guild_joins-.*\.parquet$/);
  });
});

/** The catalogue in which no event of this test fits. */
function withIntegerRegion() {
  const changed = game.map((entry) =>
    entry.type === TYPE ? { ...entry, parameters: { region: "integer" } as const } : entry,
  );
  return defineEvents(changed);
}

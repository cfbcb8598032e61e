// The audit of a topic whose table was rebuilt: from the topic to the views, each event.
import assert from "node:assert/strict";
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

  it("finds the failed events in failed_events, each commit with all of its rows", async () => {
    const sent = await ground.send(5);
    const offsets = await ground.land();
    const changed = game.map((entry) =>
      entry.type === TYPE ? { ...entry, parameters: { region: "integer" } as const } : entry,
    );
    await rebuild(defineEvents(changed));
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

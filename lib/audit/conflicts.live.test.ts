// Events under one id, as several clients could send them: copies, and others by mistake.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { countEvents, countTables } from "../ask/counts.ts";
import { countCopies } from "../ask/doubles.ts";
import { TopicWriter } from "../collect/publish.ts";
import { receive } from "../collect/receive.ts";
import { events } from "../events.ts";
import { dayFolder } from "../layout.ts";
import { LandedGround } from "../testbed/ground.fixture.ts";
import type { PartitionOffsets } from "../topic.ts";
import { query } from "../trino.ts";
import { conservation } from "./conservation.ts";
import { daysIn } from "./range-counts.ts";
import { collectSightings, rangesBetween } from "./sightings.ts";
import { traceEvent } from "./trace.ts";

describe("an id of two events", function () {
  this.timeout(60_000);
  const ground = new LandedGround();
  const { schema } = ground;
  const [id, other] = [randomUUID(), randomUUID()];
  let offsets: PartitionOffsets[];
  const zero = Object.fromEntries(events.map(({ type }) => [type, 0]));

  before(async () => {
    await ground.create();
    await ground.createTopics();
    const writer = await TopicWriter.open({ topic: ground.topic });
    const send = async (type: string, query: string, headers = {}) => {
      const event = events.find((one) => one.type === type)!;
      const { message } = receive(event, { query: `player=ann&${query}`, headers, remoteAddr: "::1" });
      await writer.publish(message, "ann"); // one key: all in one partition, in this order
    };
    await send("purchase_sword", `metal=gold&event_id=${id}`);
    await send("purchase_sword", `metal=gold&event_id=${id}`, { "user-agent": "sends it again" });
    await send("purchase_sword", `metal=iron&event_id=${id}`);
    await send("join_a_guild", `region=ny&event_id=${id}`);
    await send("join_a_guild", `region=ny&event_id=${other}`);
    await writer.close();
    offsets = await ground.land();
  });
  after(() => ground.remove());

  it("counts once in `events`, and each other event under it is counted as a conflict", async () => {
    assert.deepEqual(await countTables({ schema }), { ...zero, purchase_sword: 3, join_a_guild: 2 });
    assert.deepEqual(await countEvents({ schema }), { ...zero, purchase_sword: 1, join_a_guild: 1 });
    const ranges = rangesBetween([], offsets);
    const copies = await countCopies(ranges, { schema });
    const days = await daysIn(ranges, ground.place);
    assert.deepEqual(await countCopies(ranges, { schema, days: days }), copies);
    assert.deepEqual(
      copies.map(({ rows, repeated, conflicts, left_out }) => [rows, repeated, conflicts, left_out]),
      [
        [0, 0, 0, 0],
        [3, 2, 1, 2],
        [2, 1, 1, 1],
      ],
    );
    assert.deepEqual(await query("SELECT count(*) AS n FROM events", { schema }), [{ n: 2 }]);
  });

  it("is seen without a look at files of other days", async () => {
    const ranges = rangesBetween([], offsets);
    const folder = dayFolder(ground.root, "guild_joins", "2020-01-31");
    await ground.hdfs.create(`${folder}/old.parquet`, Buffer.from("these bytes are no Parquet"));
    const seen = await collectSightings(ranges, ground.place);
    assert.equal(seen.files.length, 5);
    await assert.rejects(collectSightings(ranges, { ...ground.place, days: "all" }), /parquet/i);
    await ground.hdfs.remove(folder);
  });

  it("is explained for each of its messages by trace", async () => {
    const { ways } = await traceEvent(id, { ...ground.place, report: "no such page" });
    const { partition, offset } = ways[0]!.message;
    const at = `partition ${partition}, offset ${offset}`;
    const conflict = `no, its id is that of another event (${at}), with other content`;
    assert.deepEqual(
      ways.map(({ row }) => [row?.table, row?.counts]),
      [
        ["sword_purchases", "yes"],
        ["sword_purchases", `no, it is a double of ${at}`],
        ["sword_purchases", conflict],
        ["guild_joins", conflict],
      ],
    );
    assert.deepEqual(
      (await traceEvent(other, { ...ground.place, report: "no such page" })).ways.map(
        ({ row }) => row?.counts,
      ),
      ["yes"],
    );
  });

  it("is a discrepancy of the conservation, in the ranges or with an event before them", async () => {
    const ranges = rangesBetween([], offsets);
    const answers = { accepted: { purchase_sword: 1, join_a_guild: 1 }, event_ids: [id, other] };
    const found = async (from: number) => {
      const later = ranges.map((range) => ({ ...range, from: Math.min(range.to, from) }));
      const { discrepancies } = conservation(answers, await collectSightings(later, ground.place));
      return discrepancies.filter(({ problem }) => problem === "conflict").map(({ position }) => position);
    };
    const { partition, to } = ranges.find((range) => range.to > 0)!;
    const conflicts = [to - 3, to - 2].map((offset) => `partition ${partition}, offset ${offset}`);
    assert.deepEqual(await found(0), conflicts);
    assert.deepEqual(await found(to - 3), conflicts);
    assert.deepEqual(await found(to - 2), conflicts.slice(1));
  });
});

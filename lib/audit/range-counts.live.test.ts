// Messages of all kinds, counted at each place: by Kafka's client, by files' bytes, by SQL.
import assert from "node:assert/strict";
import type { OffsetRange } from "../ask/counted.ts";
import { receive } from "../collect/receive.ts";
import { TopicWriter } from "../collect/publish.ts";
import { events } from "../events.ts";
import { LandedGround } from "../testbed/ground.fixture.ts";
import { readOffsets } from "../topic.ts";
import { countFileRows, countMessages, countOwn, countTableRows } from "./range-counts.ts";
import { rangesBetween } from "./sightings.ts";

const EACH = 3; // events of each type
const OTHERS = [
  "no JSON",
  "[]",
  '{"event_type":7}',
  '{"event_type":"sell_a_bow"}', // a type that the game does not have
  '{"event_type":"join_a_guild"}', // an event without its other fields
];

describe("the counts of a range of offsets", () => {
  const ground = new LandedGround();
  const { topic, place } = ground;
  const zero = Object.fromEntries(events.map(({ type }) => [type, 0]));
  const each = Object.fromEntries(events.map(({ type }) => [type, EACH]));
  const ids: string[] = [];
  let start: Awaited<ReturnType<typeof readOffsets>>;
  let ranges: OffsetRange[];

  before(async () => {
    await ground.create();
    await ground.createTopics();
    await ground.send(2); // before the range
    await ground.land();
    start = await readOffsets({ topic });
    const writer = await TopicWriter.open({ topic });
    for (const event of events) {
      for (let i = 0; i < EACH; i++) {
        const request = { query: `player=player-${i}`, headers: {}, remoteAddr: "127.0.0.1" };
        const { eventId, message, player } = receive(event, request);
        await writer.publish(message, player);
        ids.push(eventId);
      }
    }
    for (const text of OTHERS) await writer.publish(text, "ann");
    await writer.close();
    ranges = rangesBetween(start, await ground.land());
    await ground.send(1); // behind the range
    await ground.land();
  });
  after(() => ground.remove());

  it("has each message of the topic, by the type that the message names", async () => {
    const expected = { ...each, join_a_guild: EACH + 1, sell_a_bow: 1, not_an_event: 3 };
    assert.deepEqual(await countMessages(ranges, { topic }), expected);
  });

  it("has each row of the files, and refused messages apart from events", async () => {
    const failed = { ...zero, join_a_guild: 1, sell_a_bow: 1, not_an_event: 3 };
    assert.deepEqual(await countFileRows(ranges, place), { rows: each, failed });
  });

  it("has each row that Trino shows in the events' tables", async () => {
    assert.deepEqual(await countTableRows(ranges, place), each);
    assert.deepEqual(await countTableRows([], place), zero);
  });

  it("tells the own events behind an offset from those of others", async () => {
    const behind = 2; // one event, and its copy
    const own = await countOwn(ids, start, { topic });
    assert.deepEqual(own, { per_type: each, others: OTHERS.length + behind });
  });
});

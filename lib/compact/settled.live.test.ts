// Views over days that are compacted at random, while events, copies and conflicts come at random.
import assert from "node:assert/strict";
import { countCopies } from "../ask/doubles.ts";
import { isSettledName } from "../ask/settled.ts";
import { assertProven, audit } from "../audit/audit.ts";
import { listFiles } from "../audit/files.ts";
import { receive } from "../collect/receive.ts";
import { events } from "../events.ts";
import { tableFolder } from "../layout.ts";
import { isFull } from "../testbed/full.fixture.ts";
import { LandedGround } from "../testbed/ground.fixture.ts";
import { seeded } from "../testbed/seeded.ts";
import { query, type QueryStats } from "../trino.ts";
import { compactDays, type CompactWork } from "./compact-days.ts";
import { swapDay } from "./swap-day.ts";
import { trinoEngine } from "./trino-engine.ts";

const DAY_MS = 86_400_000;
const STEPS = isFull ? 40 : 8;
const types = ["join_a_guild", "default"];

describe("settled rows", function () {
  this.timeout(290_000);
  const ground = new LandedGround();
  const { hdfs, root, schema, place } = ground;
  const engine = trinoEngine({ hdfs, ...place });
  const work: CompactWork = { hdfs, root, schema, engine, untilWritersEnd: () => Promise.resolve() };
  const begin = Date.now() - 6 * DAY_MS;
  const nameOf = (day: number) => new Date(begin + day * DAY_MS).toISOString().slice(0, 10);
  const ids = new Set<string>();
  const days = new Set<number>();

  before(async () => {
    await ground.createTopics({ partitions: 2 });
    await ground.create();
  });
  after(() => ground.remove());

  const uuidOf = (name: string) =>
    `00000000-0000-4000-8000-${Buffer.from(name).toString("hex").padStart(12, "0")}`;

  interface Sent {
    id: string;
    day: number;
    type?: string;
    player?: string;
  }

  /** Sends events with the time of their days, and lands them. */
  async function send(...all: Sent[]): Promise<void> {
    const messages = all.map(({ id, day, type = types[0], player = "ann" }, i) => {
      const event = events.find((one) => one.type === type)!;
      const parts = {
        query: `event_id=${uuidOf(id)}&region=ny&player=${player}`,
        headers: {},
        remoteAddr: "127.0.0.1",
      };
      ids.add(id);
      days.add(day);
      const timestamp = String(begin + day * DAY_MS);
      return { value: receive(event, parts).message, partition: i % 2, timestamp };
    });
    await ground.sendAt(messages);
  }

  const compact = (day?: number) =>
    compactDays(work, {
      topics: [ground.topic, ground.failedTopic],
      graceMs: 0,
      ...(day !== undefined && { day: nameOf(day) }),
    });

  /** Each id counts once in `events`; views leave out the copies that countCopies finds. */
  async function eachOnce(): Promise<void> {
    const [found] = await query<{ n: number; ids: number }>(
      "SELECT count(*) AS n, count(DISTINCT event_id) AS ids FROM events",
      { schema },
    );
    assert.deepEqual(found, { n: ids.size, ids: ids.size });
    const to = Number.MAX_SAFE_INTEGER;
    const copies = await countCopies(
      [0, 1].map((partition) => ({ partition, from: 0, to })),
      { schema },
    );
    for (const { event_type, repeated, left_out } of copies) assert.equal(left_out, repeated, event_type);
  }

  async function settledDays(table = "guild_joins"): Promise<string[]> {
    const files = await listFiles({ hdfs, root, table });
    return files.filter(({ path }) => isSettledName(path.split("/").at(-1)!)).map(({ day }) => day);
  }

  it("are those of a compacted day without a copy elsewhere; a view reads them once", async () => {
    await send({ id: "a", day: 0 }, { id: "b", day: 0 }, { id: "c", day: 2 });
    await compact();
    assert.deepEqual(await settledDays(), [nameOf(0), nameOf(2)]);
    await eachOnce();
    let last: QueryStats | undefined;
    const onStatistics = (statistics: QueryStats) => (last = statistics);
    await query("SELECT event_id FROM unique_guild_joins", { schema, onStatistics });
    assert.ok(last!.processedRows <= 6, `${last!.processedRows} rows`);
  });

  it("count before a copy that comes on a later day, or late to an earlier day", async () => {
    await send({ id: "a", day: 4 }, { id: "c", day: 1 });
    await eachOnce();
    const days = await query("SELECT event_id AS id, CAST(day AS varchar) AS day FROM events ORDER BY 1", {
      schema,
    });
    const expected = [
      ["a", 0],
      ["b", 0],
      ["c", 2],
    ] as const;
    assert.deepEqual(
      days,
      expected.map(([id, day]) => ({ id: uuidOf(id), day: nameOf(day) })),
    );
    await compact();
    assert.deepEqual(await settledDays(), [nameOf(0), nameOf(2)], "days with a copy stay open");
    await eachOnce();
  });

  it("count before another event that has the same id, of any type", async () => {
    await send({ id: "b", day: 3, player: "bob" }, { id: "b", day: 0, type: "default" });
    await compact();
    assert.deepEqual(await settledDays("default_requests"), []);
    await eachOnce();
  });

  it("count the types that are no longer in the game: they can come back", async () => {
    await send({ id: "f", day: 1 }, { id: "g", day: 4, type: "default" });
    const folder = tableFolder(root, "former_joins");
    await query(
      `CREATE TABLE former_joins WITH (external_location = 'hdfs://${folder}', format = 'PARQUET')
       AS SELECT event_id, kafka_offset FROM guild_joins WHERE event_id = '${uuidOf("f")}'`,
      { schema },
    );
    await compact(1);
    await compact(4);
    assert.equal((await settledDays()).includes(nameOf(1)), false, "the former type has its id");
    assert.deepEqual(await settledDays("default_requests"), [nameOf(4)]);
    await query("DROP TABLE former_joins", { schema });
    await send({ id: "h", day: 4, type: "default" });
    await compact(4);
    assert.deepEqual(await settledDays("default_requests"), [], "nobody can ask the former type");
    await hdfs.remove(folder);
    await eachOnce();
  });

  it("have no id twice if two days with one id are compacted at once", async () => {
    await send({ id: "d", day: 1, player: "dan" }, { id: "d", day: 5, player: "eve" });
    const swap = (day: number) =>
      swapDay(work, { table: "guild_joins", day: nameOf(day), reason: "compaction" });
    await Promise.all([swap(1), swap(5)]);
    const settled = await settledDays();
    assert.deepEqual([settled.includes(nameOf(1)), settled.includes(nameOf(5))], [false, false]);
    await eachOnce();
  });

  it("leave each event once at every step of random ones", async () => {
    const random = seeded(7);
    const below = (n: number) => Math.floor(random() * n);
    for (let step = 0; step < STEPS; step++) {
      const chosen = below(6);
      if (below(2) === 0 && days.has(chosen)) await compact(chosen);
      else {
        const one = (): Sent => ({
          id: `r${below(12)}`,
          day: below(6),
          type: types[below(2)]!,
          player: below(3) === 0 ? "bob" : "ann",
        });
        await send(one(), one(), one());
      }
      await eachOnce();
    }
    assertProven(await audit({ ...place, days: "all" }));
  });
});

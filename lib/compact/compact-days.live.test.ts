// Events of a day that is over, in a topic that has the times of their senders; and all commands
// that read files by their commits, afterwards.
import assert from "node:assert/strict";
import { createTables, registerDays } from "../ask/tables.ts";
import { audit, assertProven } from "../audit/audit.ts";
import { auditAgain } from "../audit/audit-again.ts";
import { listFiles, listFilesOf } from "../audit/files.ts";
import { traceEvent } from "../audit/trace.ts";
import { receive } from "../collect/receive.ts";
import { events } from "../events.ts";
import { dayFolder } from "../layout.ts";
import { findDifferences } from "../rebuild/drift.ts";
import { rebuildTable } from "../rebuild/rebuild.ts";
import { LandedGround } from "../testbed/ground.fixture.ts";
import { query } from "../trino.ts";
import { compactDays, type CompactWork } from "./compact-days.ts";
import { keepCompact } from "./keep-compact.ts";
import { trinoEngine } from "./trino-engine.ts";

const TABLE = "guild_joins";
const DAY_MS = 86_400_000;
const guild = events.find(({ table }) => table === TABLE)!;

describe("compactDays(work, options)", function () {
  this.timeout(170_000);
  const ground = new LandedGround();
  const place = ground.place;
  const work: CompactWork = {
    hdfs: ground.hdfs,
    root: ground.root,
    schema: ground.schema,
    engine: trinoEngine({ hdfs: ground.hdfs, ...place }),
    untilWritersEnd: () => Promise.resolve(),
  };
  const old = Date.now() - 2 * DAY_MS;
  const day = new Date(old).toISOString().slice(0, 10);
  const compact = (graceMs = 0) => compactDays(work, { topics: [ground.topic, ground.failedTopic], graceMs });
  const received = (n: number) =>
    receive(guild, { query: `region=ny&player=player-${n}`, headers: {}, remoteAddr: "127.0.0.1" });
  const sent = Array.from({ length: 6 }, (_, n) => received(n));

  before(async () => {
    await ground.createTopics({ partitions: 2 });
    await ground.create();
    const double = sent[0]!;
    const other = { ...JSON.parse(sent[1]!.message), player: "somebody else" } as object;
    const texts = [...sent.map(({ message }) => message), double.message, JSON.stringify(other)];
    await send(texts.slice(0, 4), old);
    await send(texts.slice(4), old + 1);
    await send([received(9).message], Date.now());
  });
  after(() => ground.remove());

  async function send(texts: string[], timestamp: number): Promise<void> {
    const messages = texts.map((value, i) => ({ value, partition: i % 2, timestamp: String(timestamp) }));
    await ground.sendAt(messages);
  }

  async function rows(): Promise<string[]> {
    const found = await query(
      `SELECT * FROM ${TABLE} WHERE day = DATE '${day}' ORDER BY kafka_partition, kafka_offset`,
      {
        schema: ground.schema,
      },
    );
    return found.map((row) => JSON.stringify(row));
  }

  const filesOfDay = async () =>
    (await listFiles({ hdfs: ground.hdfs, root: ground.root, table: TABLE })).filter(
      (one) => one.day === day,
    );

  async function proven(): Promise<void> {
    assertProven(await audit({ ...place, days: "all" }));
    assert.deepEqual((await auditAgain(place)).problems, []);
    assert.deepEqual(await findDifferences({ schema: ground.schema, hdfsRoot: ground.root }), []);
  }

  it("rewrites a day that is over without its doubles, once, and leaves today as it is", async () => {
    await proven();
    const before = await rows();
    assert.ok((await filesOfDay()).length > 2);
    const { swaps, left } = await compact();
    assert.deepEqual(
      swaps.map(({ table, day, rows, removed }) => [table, day, rows, removed]),
      [[TABLE, day, 8, 1]],
    );
    assert.equal(left, 0);
    const after = await rows();
    assert.equal(after.length, 7, "the event with other content stays");
    assert.ok(after.every((row) => before.includes(row)));
    assert.equal((await filesOfDay()).length, 1);
    await proven();
    const again = await compact();
    assert.deepEqual([again.swaps.length, again.deleted > 0], [0, true], "nothing is due");
    assert.deepEqual(await rows(), after);
    await proven();
  });

  it("leaves a message's way and a commit's files to be found after its file is deleted", async () => {
    const { ways } = await traceEvent(sent[2]!.eventId, { ...place, report: "/nothing.html" });
    assert.match(ways[0]!.files[0]!.path, /\/compacted\/guild_joins\//);
    const files = await listFilesOf([{ partition: 0, first: 0 }], { hdfs: ground.hdfs, ...place });
    assert.deepEqual(
      files.map(({ table, rows }) => [table, rows]),
      [[TABLE, 2]],
    );
  });

  it("takes in the rows that come late to a day, with their own time", async () => {
    await send([received(7).message], old);
    assert.equal((await rows()).length, 8, "the stream has copied the file");
    await proven();
    const { swaps } = await compact();
    assert.deepEqual(
      swaps.map(({ number, rows, removed }) => [number, rows, removed]),
      [[2, 8, 0]],
    );
    await compact();
    assert.equal((await filesOfDay()).length, 1);
    await proven();
  });

  it("shows the rows of a new day, although another day of the table was rewritten", async () => {
    const next = new Date(old + DAY_MS).toISOString().slice(0, 10);
    await send([received(8).message], old + DAY_MS);
    const [found] = await query<{ n: number }>(
      `SELECT count(*) AS n FROM ${TABLE} WHERE day = DATE '${next}'`,
      { schema: ground.schema },
    );
    assert.equal(found?.n, 1);
    await proven();
    const swapped = [...(await compact()).swaps, ...(await compact()).swaps].map(({ day }) => day);
    assert.deepEqual(swapped.sort(), [day, next], "the next day could have had copies of the day's rows");
    assert.equal((await compact()).swaps.length, 0);
    await proven();
  });

  it("is followed by a table that is made anew", async () => {
    const before = await rows();
    await query(`DROP TABLE ${TABLE}`, { schema: ground.schema });
    await createTables({ schema: ground.schema, hdfsRoot: ground.root });
    assert.deepEqual(await rows(), before);
    await registerDays({ schema: ground.schema });
    assert.deepEqual(await rows(), before);
    await proven();
  });

  it("is taken back by a rebuild, which leaves as few files", async () => {
    const before = await rows();
    await rebuildTable(TABLE, {
      target: { schema: ground.schema, hdfsRoot: ground.root },
      topic: ground.topic,
    });
    assert.deepEqual(await rows(), before);
    const [file] = await filesOfDay();
    assert.ok(file!.path.startsWith(`${dayFolder(ground.root, TABLE, day)}/`));
    await proven();
    assert.deepEqual((await compact()).swaps, []);
    assert.equal((await filesOfDay()).length, 1);
    assert.deepEqual(await rows(), before);
    await proven();
  });

  it("leaves a young double where it is: a report that runs may count its message", async () => {
    const now = Date.now();
    const { message } = received(10);
    await send([message], now);
    await send([message], now + 1);
    const today = new Date(now).toISOString().slice(0, 10);
    const { swaps } = await compactDays(work, { topics: [ground.topic], graceMs: 0, day: today });
    assert.deepEqual(
      swaps.map(({ table, rows, removed }) => [table, rows, removed]),
      [[TABLE, 3, 0]],
    );
    await proven();
  });

  it("goes on beside a stream until its signal", async () => {
    const abort = new AbortController();
    const log = () => {};
    const ended = keepCompact({ signal: abort.signal, log, everyMs: 1_000 });
    setTimeout(() => abort.abort(), 3_000);
    await ended;
    assert.ok(abort.signal.aborted);
  });
});

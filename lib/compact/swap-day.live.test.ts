// The stack's own HDFS, metastore and Trino; each test has a ground of its own.
import assert from "node:assert/strict";
import { alterColumns } from "../ask/alter-table.ts";
import { audit, assertProven } from "../audit/audit.ts";
import { auditAgain } from "../audit/audit-again.ts";
import { findFiles, listFiles } from "../audit/files.ts";
import { readRow } from "../audit/read-back.ts";
import { receive } from "../collect/receive.ts";
import { events } from "../events.ts";
import { type SwapPoint, SWAP_POINTS } from "../kill-at.ts";
import { BatchBuilder } from "../land/batch.ts";
import { openChain } from "../land/commits.ts";
import { dayFolder } from "../layout.ts";
import { currentFolder, dataFiles, readSwaps } from "../swaps.ts";
import { LandedGround } from "../testbed/ground.fixture.ts";
import type { StoredColumn } from "../parquet-footer.ts";
import { storedType, wantedColumns } from "../stored-columns.ts";
import { query } from "../trino.ts";
import { clearSwaps, finishSwap, swapDay, SwapLostError, type SwapWork } from "./swap-day.ts";
import { trinoEngine } from "./trino-engine.ts";

const TABLE = "guild_joins";
const guild = events.find(({ table }) => table === TABLE)!;
const SENT = 6; // and one of them twice

describe("swapDay(work, request)", function () {
  this.timeout(170_000);
  let ground: LandedGround;
  let work: SwapWork;
  let day: string;
  beforeEach(async () => {
    ground = new LandedGround();
    await ground.createTopics();
    await ground.create();
    await ground.send(SENT);
    await ground.land();
    const { hdfs, root } = ground;
    const engine = trinoEngine({ hdfs, ...ground.place });
    work = { hdfs, root, engine, untilWritersEnd: () => Promise.resolve() };
    day = (await findFiles(ground.hdfs, ground.root, { table: TABLE }))[0]!.day;
  });
  afterEach(() => ground.remove());

  const request = (keep?: string) => ({
    table: TABLE,
    day,
    reason: "compaction" as const,
    ...(keep && { keep }),
  });
  const place = () => ({ root: ground.root, table: TABLE, day });

  async function rows(): Promise<unknown[]> {
    const found = await query(`SELECT * FROM ${TABLE} ORDER BY kafka_partition, kafka_offset`, {
      schema: ground.schema,
    });
    return found.map((row) => JSON.stringify(row));
  }

  async function proven(): Promise<void> {
    assertProven(await audit({ ...ground.place, days: "all" }));
    assert.deepEqual((await auditAgain(ground.place)).problems, []);
  }

  it("keeps each value of each row in one file, and the audit proves the same", async () => {
    const before = await rows();
    await proven();
    const record = (await swapDay(work, request()))!;
    assert.deepEqual([record.rows, record.removed, record.new_files.length], [SENT + 1, 0, 1]);
    assert.deepEqual(await rows(), before);
    const files = await listFiles({ hdfs: ground.hdfs, root: ground.root, table: TABLE });
    assert.deepEqual(
      files.map(({ path, rows }) => [path, rows]),
      [[`${record.folder}/${record.new_files[0]!.name}`, SENT + 1]],
    );
    await proven();
    assert.equal(await clearSwaps(work, place(), 60_000), 0, "the grace period goes on");
    assert.ok((await clearSwaps(work, place(), 0)) > 0);
    assert.deepEqual(await dataFiles(ground.hdfs, dayFolder(ground.root, TABLE, day)), []);
    assert.deepEqual(await rows(), before);
    await proven();
    const { row } = await readRow({ partition: 0, offset: 0 }, ground.place);
    assert.equal(Number(row.kafka_offset), 0, "a row of a replaced file is found in the new one");
  });

  it("leaves out the other rows, and the ledger still holds, before and after", async () => {
    await proven();
    const record = (await swapDay(work, request("player <> 'player-3'")))!;
    assert.deepEqual([record.rows, record.removed], [SENT + 1, 1]);
    assert.equal((await rows()).length, SENT);
    await proven();
    const again = (await swapDay(work, request("player <> 'player-4'")))!;
    assert.deepEqual([again.number, again.rows, again.removed], [2, SENT, 1]);
    await clearSwaps(work, place(), 0);
    assert.equal((await rows()).length, SENT - 1);
    await proven();
    await query(`DELETE FROM ${TABLE} WHERE day = DATE '${day}'`, { schema: ground.schema });
    const { problems } = await audit({ ...ground.place, days: "all" });
    assert.notDeepEqual(problems, [], "rows that no swap left out are missed");
  });

  it("shows readers the right count at each moment of 8 swaps", async () => {
    const ended = { swaps: false };
    const seen = new Map<string, number>();
    const read = async () => {
      while (!ended.swaps) {
        const [row] = await query<{ n: number; ids: number; folders: number }>(
          `SELECT count(*) AS n, count(DISTINCT event_id) AS ids,
             count(DISTINCT regexp_replace("$path", '/[^/]*$')) AS folders FROM ${TABLE}`,
          { schema: ground.schema },
        );
        const text = JSON.stringify(row);
        seen.set(text, (seen.get(text) ?? 0) + 1);
      }
    };
    const readers = [read(), read()];
    try {
      for (let i = 1; i <= 8; i++) assert.equal((await swapDay(work, request()))!.number, i);
    } finally {
      ended.swaps = true;
    }
    await Promise.all(readers);
    assert.deepEqual([...seen.keys()], [JSON.stringify({ n: SENT + 1, ids: SENT, folders: 1 })]);
  });

  it("never lets a count go down beside a writer and 4 swaps of the open day", async () => {
    const patient = { hdfs: work.hdfs, root: work.root, engine: work.engine };
    const ended = { swaps: false };
    const landed = writeUntil(ended);
    const counted = countUntil(ended);
    try {
      for (let i = 1; i <= 4; i++) assert.equal((await swapDay(patient, request()))!.number, i);
    } finally {
      ended.swaps = true;
    }
    const all = SENT + 1 + (await landed);
    assert.ok((await counted) > 4);
    assert.equal((await rows()).length, all);
    const swaps = await readSwaps(ground.hdfs, place());
    const own = await dataFiles(ground.hdfs, dayFolder(ground.root, TABLE, day));
    const [first, ...later] = swaps.records;
    assert.ok(own.length < all / 2, "after the first swap, files go to the newest folder");
    assert.ok(first!.files.length > 0 && later.every(({ files }) => files.length > 1));
  });

  /** Commits a row again and again, as the stream does. Resolves with the number of rows. */
  async function writeUntil(ended: { swaps: boolean }): Promise<number> {
    const { hdfs, root, topic } = ground;
    const chain = await openChain(hdfs, { root, topic, partition: 0 });
    let written = 0;
    for (; !ended.swaps; written++) {
      const { message } = receive(guild, {
        query: "region=ny&player=p",
        headers: {},
        remoteAddr: "127.0.0.1",
      });
      const builder = new BatchBuilder(topic, 0);
      const timestamp = String(Date.parse(day));
      builder.push({ offset: String(chain.next), timestamp, value: Buffer.from(message) });
      await chain.commit(builder.finish());
    }
    return written;
  }

  /** Counts the rows again and again. Resolves with the number of queries. */
  async function countUntil(ended: { swaps: boolean }): Promise<number> {
    let queries = 0;
    for (let most = 0; !ended.swaps; queries++) {
      const [row] = await query<{ n: number }>(`SELECT count(*) AS n FROM ${TABLE}`, {
        schema: ground.schema,
      });
      assert.ok(row!.n >= most, `expected at least the ${most} rows seen before, got ${row!.n}`);
      most = row!.n;
    }
    return queries;
  }

  it("lets one of two swaps at once win; the other changes nothing", async () => {
    const before = await rows();
    const both = await Promise.allSettled([swapDay(work, request()), swapDay(work, request())]);
    const lost = both.filter((one) => one.status === "rejected");
    for (const { reason } of lost) assert.ok(reason instanceof SwapLostError, String(reason));
    const { records } = await readSwaps(ground.hdfs, place());
    assert.equal(records.length, 2 - lost.length);
    assert.deepEqual(await rows(), before);
    assert.deepEqual(await query("SHOW TABLES LIKE 'swap%'", { schema: ground.schema }), []);
  });

  it("is whole again after a crash at each of its points", async () => {
    await proven();
    for (const [i, point] of SWAP_POINTS.entries()) {
      const crash = (at: SwapPoint) => {
        if (at === point) throw new Error(`crash at ${point}`);
      };
      const doomed = { ...work, at: crash };
      const run = async () => {
        await swapDay(doomed, request(`player <> 'player-${i}'`));
        await clearSwaps(doomed, place(), 0);
      };
      await assert.rejects(run(), { message: `crash at ${point}` });
      const shown = (await rows()).length;
      await finishSwap(work, place());
      const { records } = await readSwaps(ground.hdfs, place());
      const removed = records.reduce((sum, one) => sum + one.removed, 0);
      const wanted = SENT + 1 - removed;
      assert.ok(shown === wanted || shown === wanted + (i < SENT ? (i === 0 ? 2 : 1) : 0), point);
      assert.equal((await rows()).length, wanted, point);
      await clearSwaps(work, place(), 0);
      assert.equal((await rows()).length, wanted, point);
      await proven();
    }
  });

  it("shows the rows of a writer that starts after the swap", async () => {
    await swapDay(work, request());
    await ground.send(2);
    await ground.land();
    const all = SENT + 1 + 3;
    assert.equal((await rows()).length, all);
    await proven();
    await clearSwaps(work, place(), 0);
    assert.equal((await rows()).length, all);
    await swapDay(work, request());
    await clearSwaps(work, place(), 0);
    assert.equal((await rows()).length, all);
    const swaps = await readSwaps(ground.hdfs, place());
    assert.equal((await dataFiles(ground.hdfs, currentFolder(swaps))).length, 1);
    await proven();
  });

  it("gives a day the folder of its swap again when a change of columns has written the old one", async () => {
    const { columns } = wantedColumns(guild);
    const wanted: StoredColumn[] = columns.map(({ name, type }) => ({ name, type: storedType(type) }));
    const old = await work.engine.location(place());
    const { folder } = (await swapDay(work, request()))!;
    await work.engine.setLocation(place(), old);
    const to = { ...ground.place, table: TABLE };
    await alterColumns(ground.hdfs, to, [...wanted, { name: "added", type: "text" }]);
    assert.equal(await work.engine.location(place()), folder);
  });
});

// Tables with files, and then another catalogue. Each test has its own ground.
import assert from "node:assert/strict";
import { dayFolder, fileName, rebuildRecordPath, replacedFolder, tableFolder } from "../layout.ts";
import { columnsOf } from "../catalog.ts";
import { eventReader } from "../envelope.ts";
import { ParquetFile } from "../land/parquet.ts";
import { BuyGround, DAY, envelopeOf, type Game, gameOf, NOON } from "../testbed/buy.fixture.ts";
import { settings } from "../settings.ts";
import { query, QueryError } from "../trino.ts";
import { describeDifference, findDifferences } from "./drift.ts";
import { REBUILD_STEPS, type RebuildStep } from "./new-files.ts";
import type { RebuildRecord } from "./plan.ts";
import { previewRebuild, rebuildTable } from "./rebuild.ts";

const TEXT = gameOf({ n: "text" });
const INTEGER = gameOf({ n: "integer" });
const SWAPPING_MS = 20_000;
const TEN = ["1", "2", "x", "4", "5", "3.5", "7", "8", "", "10"].map((n) => ({ n }));

describe("rebuildTable(table, options)", function () {
  this.timeout(180_000);
  let ground: BuyGround;
  beforeEach(() => (ground = new BuyGround()));
  afterEach(() => ground.remove());

  const optionsOf = (catalogue: Game) => ({
    target: ground.target,
    catalogue,
    topic: ground.topic,
  });
  const rebuild = (catalogue: Game) => rebuildTable("buy", optionsOf(catalogue));
  const valuesOf = async (column = "n", source = "buy") =>
    (await ground.rows(`SELECT ${column} FROM ${source} ORDER BY kafka_offset`)).flat();
  const differences = async (game: Game) =>
    (await findDifferences(ground.target, game)).map(describeDifference);

  function sums({ files }: RebuildRecord): number[] {
    return (["rows", "kept", "unfit"] as const).map((column) =>
      files.reduce((sum, file) => sum + file[column], 0),
    );
  }

  it("changes text to integer: rows that no longer fit are failed events with the reason", async () => {
    await ground.apply(TEXT);
    await ground.land(TEXT, TEN.slice(0, 6));
    await ground.land(TEXT, TEN.slice(6), 1);
    const conflict = (await ground.apply(INTEGER)).problem;
    assert.match(conflict ?? "", /to rewrite it: npm run tables -- --rebuild buy$/);
    const preview = await previewRebuild("buy", optionsOf(INTEGER));
    assert.deepEqual([preview.rows, preview.kept, preview.unfit], [10, 7, 3]);
    assert.deepEqual(
      await valuesOf(),
      TEN.map(({ n }) => n),
      "the preview changes nothing",
    );

    const record = await rebuild(INTEGER);
    assert.deepEqual(sums(record), [10, 7, 3]);
    assert.deepEqual(await valuesOf(), [1, 2, 4, 5, 7, 8, 10]);
    assert.deepEqual(await valuesOf("n", "unique_buy"), [1, 2, 4, 5, 7, 8, 10]);
    assert.deepEqual(await ground.rows("SELECT count(*) FROM events"), [[7]]);
    const failed = await ground.rows(
      "SELECT topic, kafka_partition, kafka_offset, reason, CAST(day AS varchar) FROM failed_events ORDER BY kafka_offset",
    );
    const reason = (got: string) =>
      `params.n: expected an integer from -2147483648 to 2147483647, got "${got}"`;
    assert.deepEqual(failed, [
      [ground.topic, 0, 2, reason("x"), "2026-01-31"],
      [ground.topic, 0, 5, reason("3.5"), "2026-01-31"],
      [ground.topic, 0, 8, reason(""), "2026-02-01"],
    ]);
    assert.deepEqual(await differences(INTEGER), []);
    assert.equal((await ground.apply(INTEGER)).problem, null);
    assert.ok(await ground.hdfs.status(rebuildRecordPath(ground.root, record.id)));
    const old = `${replacedFolder(ground.root, record.id)}/day=${DAY}`;
    assert.equal((await ground.hdfs.list(old)).entries.length, 1);
  });

  it("changes boolean to text, as sent, and the stream's next rows fit", async () => {
    const [old, game] = [gameOf({ magical: "boolean" }), gameOf({ magical: "text" })];
    await ground.apply(old);
    await ground.land(old, [{ magical: "true" }, { magical: "FALSE" }, {}]);
    assert.deepEqual(sums(await rebuild(game)), [3, 3, 0]);
    await ground.land(game, [{ magical: "very" }]);
    for (const source of ["buy", "unique_buy"])
      assert.deepEqual(await valuesOf("magical", source), ["true", "FALSE", null, "very"]);
    assert.deepEqual(await differences(game), []);
  });

  it("renames a parameter to another type", async () => {
    const [old, game] = [gameOf({ cost: "text" }), gameOf({ price: { type: "decimal(9, 2)", was: "cost" } })];
    await ground.apply(old);
    await ground.land(old, [{ cost: "1.5" }, { cost: "much" }]);
    assert.deepEqual(sums(await rebuild(game)), [2, 1, 1]);
    assert.deepEqual(await valuesOf("price", "unique_buy"), ["1.50"]);
    assert.deepEqual(await differences(game), []);
  });

  it("rebuilds a table without files", async () => {
    await ground.apply(TEXT);
    assert.deepEqual(sums(await rebuild(INTEGER)), [0, 0, 0]);
    assert.deepEqual(await valuesOf(), []);
    await ground.land(INTEGER, [{ n: "1" }]);
    assert.deepEqual(await valuesOf(), [1]);
  });

  it("removes columns that no event has, and a wrong entry of the list", async () => {
    const old = gameOf({ n: "text", gone: "date" });
    await ground.apply(old);
    await ground.land(old, [{ n: "1", gone: "2026-01-31" }]);
    await rebuild(TEXT);
    const columns = await ground.rows("SHOW COLUMNS FROM buy");
    assert.ok(!columns.some(([name]) => name === "gone"));
    assert.deepEqual(await differences(TEXT), []);
  });

  it("takes a file that a late writer moved in after the new files were made", async () => {
    await ground.apply(TEXT);
    await ground.land(TEXT, [{ n: "1" }]);
    const at = async (step: RebuildStep) => {
      if (step !== "planned") return;
      const file = new ParquetFile(columnsOf(TEXT[0]!));
      const text = JSON.stringify(envelopeOf(TEXT[0]!, { n: "2" }, 1, NOON));
      file.append(eventReader(TEXT)(text, { timestamp: NOON, partition: 0, offset: 1 }).values);
      const name = fileName({ topic: ground.topic, partition: 0, first: 1 });
      await ground.hdfs.create(`${dayFolder(ground.root, "buy", DAY)}/${name}`, file.finish());
    };
    assert.deepEqual(sums(await rebuildTable("buy", { ...optionsOf(INTEGER), at })), [2, 2, 0]);
    assert.deepEqual(await valuesOf(), [1, 2]);
  });

  it("changes nothing when a file cannot be read", async () => {
    await ground.apply(TEXT);
    await ground.land(TEXT, [{ n: "1" }]);
    const broken = `${dayFolder(ground.root, "buy", DAY)}/broken.parquet`;
    await ground.hdfs.create(broken, Buffer.from("not a Parquet file"));
    await assert.rejects(rebuild(INTEGER), /expected it to end in PAR1/);
    await ground.hdfs.remove(broken);
    assert.deepEqual(await valuesOf(), ["1"]);
    assert.deepEqual(await differences(TEXT), []);
  });

  it("refuses a table that the catalogue does not have, and names its tables", async () => {
    await assert.rejects(rebuildTable("sell", optionsOf(TEXT)), {
      message: "expected a table of lib/game.ts (buy), got sell",
    });
  });

  describe("interrupted after any step, and called again", () => {
    it("has each row once, and no mixture before", async () => {
      await ground.apply(TEXT);
      for (const [i, step] of REBUILD_STEPS.entries()) {
        const [old, game] = i % 2 === 0 ? [TEXT, INTEGER] : [INTEGER, TEXT];
        await ground.land(old, i % 2 === 0 ? [{ n: "1" }, { n: "unfit" }] : [{ n: "2" }, {}], i % 3);
        const before = await valuesOf();
        await interruptAt(step, game);
        const seen = await valuesOf().catch((error: unknown) => {
          assert.ok(error instanceof QueryError && error.code === "HIVE_TABLE_READ_ONLY", String(error));
          return null;
        });
        if (!["opened", "cleared"].includes(step)) assert.deepEqual(seen ?? before, before, step);
        const { problem } = await ground.apply(game);
        // After the last step only the views are old, and any `npm run tables` makes them.
        if (step !== "cleared") assert.match(problem ?? "", /its rebuild is at work/, step);
        await rebuild(game);
        await assertOnce(step);
        assert.deepEqual(await differences(game), [], step);
      }
    });

    it("follows the catalogue of the second call", async () => {
      await ground.apply(TEXT);
      await ground.land(TEXT, [{ n: "1" }, { n: "true" }]);
      await interruptAt("moved_out", INTEGER);
      const game = gameOf({ n: "bigint" });
      await rebuild(game);
      assert.deepEqual(await valuesOf(), [1]);
      assert.deepEqual(await differences(game), []);
    });

    /** Runs a rebuild up to a step, and no further, as after a power failure. */
    async function interruptAt(last: RebuildStep, game: Game): Promise<void> {
      await new Promise<void>((resolve, reject) => {
        const at = (step: RebuildStep): Promise<void> | void => {
          if (step !== last) return;
          resolve();
          return new Promise<void>(() => {});
        };
        rebuildTable("buy", { ...optionsOf(game), at }).catch(reject);
      });
    }

    /** Each offset is once in the table or in failed_events. */
    async function assertOnce(step: RebuildStep): Promise<void> {
      const found = await ground.rows(
        "SELECT kafka_offset FROM (SELECT kafka_offset FROM buy UNION ALL SELECT kafka_offset FROM failed_events) ORDER BY 1",
      );
      assert.deepEqual(
        found.flat(),
        Array.from({ length: ground.sent }, (_, i) => i),
        step,
      );
    }
  });

  describe("while others read", () => {
    it("shows the old rows, the new rows or an error, and never anything else", async () => {
      const sent = (n: number) =>
        Array.from({ length: n }, (_, i) => ({ n: i % 10 < 3 ? "unfit" : String(i) }));
      await ground.apply(TEXT);
      for (let file = 0; file < 5; file++) await ground.land(TEXT, sent(2_000), file % 2);
      const right = new Set([10_000]);
      const stop = new AbortController();
      const readers = ["buy", "buy", "unique_buy", "events"].map((source) => countUntil(source, stop.signal));
      const end = Date.now() + SWAPPING_MS;
      let swaps = 0;
      for (let rows = 10_000; Date.now() < end; swaps += 2) {
        rows += 100;
        right.add(rows);
        await ground.land(TEXT, sent(100), swaps % 3);
        rows = sums(await rebuild(INTEGER))[1]!;
        right.add(rows);
        await rebuild(TEXT);
      }
      stop.abort();
      assert.ok(swaps >= 2, `${swaps} swaps`);
      for (const { counts, errors } of await Promise.all(readers)) {
        assert.deepEqual(
          [...counts].filter((count) => !right.has(count)),
          [],
          [...errors].join(),
        );
        assert.ok(counts.size >= 2, "the reader has seen a swap");
        // The last three: the metastore answers with a part of a definition that just changed.
        const allowed = [
          "HIVE_TABLE_READ_ONLY",
          "VIEW_IS_STALE",
          "INVALID_VIEW",
          "COLUMN_NOT_FOUND",
          "TABLE_NOT_FOUND",
        ];
        assert.deepEqual(
          [...errors].filter((code) => !allowed.includes(code)),
          [],
        );
      }
    });

    it("leaves the table as it was when a query does not end in time", async () => {
      await ground.apply(TEXT);
      await ground.land(TEXT, [{ n: "1" }]);
      const stop = new AbortController();
      const slow = query(
        `SELECT count(*) FROM buy, UNNEST(sequence(1, 10000)) a(x), UNNEST(sequence(1, 10000)) b(y), UNNEST(sequence(1, 1000)) c(z)
         WHERE (x * y + z) % 7 = 3`,
        { ...ground.target, signal: stop.signal },
      );
      const ended = assert.rejects(slow, { code: "ABORTED" });
      await untilRunning("UNNEST(sequence(1, 10000))");
      await assert.rejects(
        rebuildTable("buy", { ...optionsOf(INTEGER), maxWaitMs: 1_000 }),
        /^Error: table buy is as it was: expected within 1 s: the queries that read the old files end; last: query \S+ still runs: SELECT count.*; to end it: npm run query -- "CALL system.runtime.kill_query\('\w+', ''\)"$/s,
      );
      stop.abort();
      await ended;
      assert.deepEqual(await valuesOf(), ["1"]);
      assert.deepEqual(await differences(TEXT), []);
      assert.deepEqual(sums(await rebuild(INTEGER)), [1, 1, 0]);
      assert.ok(await ground.hdfs.status(tableFolder(ground.root, "buy")));
    });

    it("does not wait for a statement that reads no rows, and that its client has left", async () => {
      await ground.apply(TEXT);
      await ground.land(TEXT, [{ n: "1" }]);
      await leaveStatement(`SHOW CREATE TABLE ${ground.schema}.buy`);
      const record = await rebuildTable("buy", { ...optionsOf(INTEGER), maxWaitMs: 1_000 });
      assert.deepEqual(sums(record), [1, 1, 0]);
    });
  });

  /** Sends a statement, and asks for no page after it runs: as a killed process does. */
  async function leaveStatement(sql: string): Promise<void> {
    const headers = { "X-Trino-User": "test", "X-Trino-Catalog": settings.catalog };
    const sent = await fetch(`${settings.trinoUrl}/v1/statement`, { method: "POST", body: sql, headers });
    let page = (await sent.json()) as { nextUri?: string };
    while (page.nextUri?.includes("/queued/"))
      page = (await (await fetch(page.nextUri, { headers })).json()) as { nextUri?: string };
    assert.ok(page.nextUri, "the statement has not ended");
    await untilRunning(sql);
  }

  async function untilRunning(text: string): Promise<void> {
    for (;;) {
      const running = await query(
        `SELECT 1 FROM system.runtime.queries
         WHERE state = 'RUNNING' AND strpos(query, ?) > 0 AND query NOT LIKE '%system.runtime%'`,
        { parameters: [text] },
      );
      if (running.length > 0) return;
    }
  }

  async function countUntil(source: string, signal: AbortSignal) {
    const counts = new Set<number>();
    const errors = new Set<string>();
    for (let last = false; !last;) {
      last = signal.aborted; // one more count after the end
      try {
        const [row] = await ground.rows(`SELECT count(raw_event) FROM ${source}`);
        counts.add(Number(row![0]));
      } catch (error) {
        if (!(error instanceof QueryError)) throw error;
        errors.add(error.code);
      }
    }
    return { counts, errors };
  }
});

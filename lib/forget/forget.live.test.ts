// Three players on the real services: one is forgotten, two are kept, value by value.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { $ } from "zx";
import { assertProven, audit } from "../audit/audit.ts";
import { auditAgain } from "../audit/audit-again.ts";
import { TopicWriter } from "../collect/publish.ts";
import { createRetention } from "../collect/retention.ts";
import { receive } from "../collect/receive.ts";
import { swapDay } from "../compact/swap-day.ts";
import { trinoEngine } from "../compact/trino-engine.ts";
import { events } from "../events.ts";
import { entriesOf } from "../folders.ts";
import { removalPath } from "../layout.ts";
import { refusedRecord, writeRefused } from "../refused.ts";
import { settings } from "../settings.ts";
import { LandedGround, landRefused } from "../testbed/ground.fixture.ts";
import { query } from "../trino.ts";
import { findPlayer, finishRemoval, forgetPlayer } from "./forget.ts";
import type { ForgetPlace } from "./prove-first.ts";
import type { ForgetPoint } from "../kill-at.ts";
import { countLines, isEmpty } from "./print-forget.ts";

const GONE = `o"n'l 龍 \\ ann`;
const KEPT = ["ann", "anna"]; // one name is a part of the forgotten one, and of the other
const NAMES = [GONE, ...KEPT];

describe("forgetPlayer(place, players)", function () {
  this.timeout(180_000);
  const ground = new LandedGround();
  const { hdfs, root, schema, topic, failedTopic } = ground;
  const home = mkdtempSync(join(tmpdir(), "questlog forget "));
  const report = join(home, "report.html");
  const place: ForgetPlace = { hdfs, root, schema, topic, failedTopic, home, texts: [report] };
  const options = { log: () => {} };

  before(async () => {
    await ground.create();
    await ground.createTopics();
  });
  after(async () => {
    await ground.remove();
    rmSync(home, { recursive: true, force: true });
  });

  /** Sends events of each type for each player, and refused ones; then lands all. */
  async function play(names: readonly string[]): Promise<void> {
    const good = await TopicWriter.open({ topic });
    const bad = await TopicWriter.open({ topic: failedTopic });
    for (const player of names) {
      for (const event of events) {
        const query = new URLSearchParams({ player, metal: "gold", region: `of ${player}` }).toString();
        const received = receive(event, { query, headers: {}, remoteAddr: "127.0.0.1" });
        for (let copies = 0; copies < 2; copies++) await good.publish(received.message, received.player);
      }
      await good.publish(JSON.stringify({ event_type: "sell_a_bow", player }), player);
      await bad.publish(writeRefused(refusedRecord("no", JSON.stringify({ player, x: 1 }))), player);
      await bad.publish(writeRefused(refusedRecord("no", `{"player":${JSON.stringify(player)},`)), null);
    }
    await good.close();
    await bad.close();
    await ground.land();
    await landRefused(ground);
  }

  /** All columns of all rows, as text, without the rows of a player. */
  async function rowsWithout(player: string): Promise<string[]> {
    const rows: string[] = [];
    for (const table of [...events.map((event) => event.table), "failed_events"]) {
      const found = await query(`SELECT * FROM ${table}`, { schema });
      rows.push(...found.map((row) => JSON.stringify({ table, ...row })));
    }
    const inRow = JSON.stringify(JSON.stringify(player)).slice(1, -1);
    return rows.filter((row) => !row.includes(inRow.slice(2, -2))).sort();
  }

  async function proven(): Promise<void> {
    assertProven(await audit({ ...ground.place, hdfs, days: "all" }));
    assert.deepEqual((await auditAgain({ ...ground.place, hdfs })).problems, []);
  }

  it("removes the player from tables, topics and spool, keeps each value of the others, and audits hold", async () => {
    await play(NAMES);
    await proven();
    const spool = join(home, "spool", topic);
    const line = (player: string) =>
      `${JSON.stringify({ key: player, value: JSON.stringify({ player }) })}\n`;
    mkdirSync(spool, { recursive: true });
    writeFileSync(join(spool, "000000000001.ndjson"), NAMES.map(line).join(""));
    writeFileSync(join(spool, "set-aside.ndjson"), line(GONE));
    writeFileSync(report, "<td>o&#34;n&#39;l 龍 \\ ann</td>");
    const kept = await rowsWithout(GONE);
    assert.equal(kept.length, KEPT.length * (2 * events.length + 3));

    const found = await findPlayer(place, [GONE]);
    assert.deepEqual(found.texts, [{ path: report, isRead: true }]);
    const counts = countLines(found, null).join("\n");
    for (const { table } of events) assert.match(counts, new RegExp(`^table ${table}: 2 rows$`, "m"));
    assert.match(counts, /^table failed_events: 3 rows$/m);
    assert.match(counts, /^spool of the API: 2 lines$/m);
    assert.equal(
      found.messages.reduce((sum, one) => sum + one.messages, 0),
      2 * events.length + 3,
    );

    await forgetPlayer(place, [GONE], options);
    assert.ok(isEmpty(await findPlayer(place, [GONE])));
    assert.deepEqual(await rowsWithout(GONE), kept);
    assert.equal((await rowsWithout("no such player")).length, kept.length);
    assert.equal(readFileSync(join(spool, "000000000001.ndjson"), "utf8"), KEPT.map(line).join(""));
    await proven();
    rmSync(spool, { recursive: true });
  });

  it("holds no name in its record, and changes nothing when nothing names the player", async () => {
    const record = (await hdfs.read(removalPath(root, topic, 0)))!.toString("utf8");
    assert.doesNotMatch(record, /龍|\\u9f8d/);
    await forgetPlayer(place, ["nobody"], options);
    await forgetPlayer(place, [GONE], options);
    assert.equal(await hdfs.status(removalPath(root, topic, 1)), null);
    await proven();
  });

  it("removes a row without a player whose text names one, as it deletes the message", async () => {
    const writer = await TopicWriter.open({ topic });
    for (const player of ["params ann", "params anna"]) {
      const received = receive(events[0]!, { query: "metal=tin", headers: {}, remoteAddr: "" });
      const envelope = JSON.parse(received.message) as object;
      await writer.publish(JSON.stringify({ ...envelope, player: null, params: { player } }), null);
    }
    await writer.close();
    await ground.land();
    await proven();
    await forgetPlayer(place, ["params ann"], options);
    assert.ok(isEmpty(await findPlayer(place, ["params ann"])));
    const left = await query<{ raw_event: string }>(
      `SELECT raw_event FROM ${events[0]!.table} WHERE player IS NULL`,
      { schema },
    );
    assert.deepEqual(
      left.map(({ raw_event }) => /params ann\w*/.exec(raw_event)?.[0]),
      ["params anna"],
    );
    await proven();
  });

  /** The path and content of each file that is not Parquet, below a folder. */
  async function* textsIn(folder: string): AsyncGenerator<string> {
    for await (const { name, type } of entriesOf(hdfs, folder)) {
      const path = `${folder}/${name}`;
      if (type === "DIRECTORY") yield* textsIn(path);
      else if (!name.endsWith(".parquet")) yield `${path} ${(await hdfs.read(path))!.toString("utf8")}`;
    }
  }

  it("npm run forget removes name and hash with --yes, and leaves neither in history, records or plans", async () => {
    const player = "Zoë";
    const [overrides, secret] = ["player=hash", "a secret of sixteen characters"];
    const empty = { params: new Map(), headers: new Map(), remote_addr: "" };
    const hash = createRetention({ overrides, secret }).retain({ player, ...empty }).player;
    assert.match(hash, /^[0-9a-f]{32}$/);
    const historyFile = join(home, "history.jsonl");
    const env = {
      ...process.env,
      QUESTLOG_TOPIC: topic,
      QUESTLOG_FAILED_TOPIC: failedTopic,
      QUESTLOG_HDFS_ROOT: root,
      QUESTLOG_SCHEMA: schema,
      QUESTLOG_HOME: home,
      QUESTLOG_OUT: join(home, "out"),
      QUESTLOG_HISTORY: historyFile,
      QUESTLOG_RETENTION: overrides,
      QUESTLOG_RETENTION_SECRET: secret,
      QUESTLOG_KAFKA_BROKERS: settings.kafkaBrokers.join(","),
      QUESTLOG_WEBHDFS_URL: settings.webhdfsUrl,
      QUESTLOG_TRINO_URL: settings.trinoUrl,
    };
    const run = async (...args: string[]) => {
      const { exitCode, stdout, stderr } = await $({
        env,
        nothrow: true,
        quiet: true,
      })`npm run -s forget -- ${args}`;
      assert.equal(exitCode, 0, stderr);
      return { stdout, stderr };
    };
    await play([player, hash, "bob"]);
    const counted = await run("--player", player);
    assert.match(counted.stdout, /^table guild_joins: 4 rows$/m);
    assert.match(counted.stderr, /^nothing was changed; --yes removes the events$/m);
    const removed = await run("--player", player, "--yes");
    assert.match(removed.stdout, /^table guild_joins: 4 rows, 0 after$/m);
    assert.match(
      removed.stdout,
      new RegExp(`^topic ${topic}: ${2 * (2 * events.length + 1)} messages, 0 after$`, "m"),
    );
    assert.match((await run("--player", player)).stderr, /^nothing names this player$/m);
    assert.equal((await run()).stdout, "no removal was interrupted\n");
    assert.match(readFileSync(historyFile, "utf8"), /npm run forget -- --player .*\*\*\*/);
    const named = new RegExp(`Zo(ë|\\\\u00eb)|${hash}`);
    assert.doesNotMatch(readFileSync(historyFile, "utf8"), named);
    for await (const text of textsIn(root)) assert.doesNotMatch(text, named);
    await proven();
  });

  it("removes the player from compacted files, and from the files that they replaced", async () => {
    await play(NAMES);
    const kept = await rowsWithout(GONE);
    const engine = trinoEngine({ hdfs, root, schema, topic });
    const tables = ["sword_purchases", "failed_events"];
    for (const table of tables) {
      const days = await query<{ day: string }>(`SELECT DISTINCT CAST(day AS varchar) AS day FROM ${table}`, {
        schema,
      });
      for (const { day } of days) await swapDay({ hdfs, root, engine }, { table, day, reason: "compaction" });
    }
    const { files } = await findPlayer(place, [GONE]);
    const inOld = files.filter(({ table, path }) => table === null && path.startsWith(`${root}/tables/`));
    const inNew = files.filter(({ path }) => path.startsWith(`${root}/compacted/`));
    assert.deepEqual([...new Set(inNew.map(({ table }) => table))].sort(), tables.toSorted());
    assert.ok(inOld.length > 0);
    await forgetPlayer(place, [GONE], options);
    assert.ok(isEmpty(await findPlayer(place, [GONE])));
    assert.deepEqual(await rowsWithout(GONE), kept);
    await proven();
  });

  // removal-plan.test.ts ends a removal at each request.
  for (const step of ["file_replaced", "messages_deleted", "removal_recorded"] satisfies ForgetPoint[])
    it(`ends right when it was killed after the step ${step} and is called again`, async () => {
      await play(NAMES);
      const kept = await rowsWithout(GONE);
      const kill = (reached: ForgetPoint) => {
        if (reached === step) throw new Error("killed");
      };
      await assert.rejects(forgetPlayer(place, [GONE], { ...options, at: kill }), /^Error: killed$/);
      const isOver = step === "removal_recorded";
      const { problems } = await audit({ ...ground.place, hdfs, days: "all" });
      assert.equal(
        problems.some((one) => one.endsWith("npm run forget")),
        !isOver,
        problems.join("\n"),
      );
      assert.equal(await finishRemoval(place, options), "finished");
      assert.ok(isEmpty(await findPlayer(place, [GONE])));
      assert.deepEqual(await rowsWithout(GONE), kept);
      await proven();
    });
});

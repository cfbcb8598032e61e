// Events of several days on the real services: the old days go, and each other row stays.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { $ } from "zx";
import { assertProven, audit } from "../audit/audit.ts";
import { auditAgain } from "../audit/audit-again.ts";
import { receive } from "../collect/receive.ts";
import { swapDay } from "../compact/swap-day.ts";
import { trinoEngine } from "../compact/trino-engine.ts";
import { events } from "../events.ts";
import { kafkaClient, Partitioners } from "../kafka.ts";
import type { ForgetPoint } from "../kill-at.ts";
import { forgetPlanPath } from "../layout.ts";
import { refusedRecord, writeRefused } from "../refused.ts";
import { settings } from "../settings.ts";
import { LandedGround, landRefused } from "../testbed/ground.fixture.ts";
import { query } from "../trino.ts";
import { finishRemoval } from "./forget.ts";
import { findOlder, firstKeptDay, forgetOlder } from "./forget-older.ts";
import { parquetFiles } from "./find-rows.ts";
import type { ForgetPlace } from "./prove-first.ts";

const DAYS = 3;
const FEW = events.filter(({ table }) => table === "sword_purchases");

describe("forgetOlder(place, before)", function () {
  this.timeout(180_000);
  const ground = new LandedGround();
  const { hdfs, root, schema, topic, failedTopic } = ground;
  const home = mkdtempSync(join(tmpdir(), "questlog forget "));
  const out = join(home, "out");
  const place: ForgetPlace = { hdfs, root, schema, topic, failedTopic, home, texts: [out] };
  const options = { log: () => {} };
  const now = Date.now();
  const keptFrom = firstKeptDay(DAYS, now);

  before(async () => {
    await ground.create();
    await ground.createTopics();
  });
  after(async () => {
    await ground.remove();
    rmSync(home, { recursive: true, force: true });
  });

  /** Sends two events of each type and two refused ones for each of the days, and lands all. */
  async function play(daysAgo: readonly number[], types: typeof events = FEW): Promise<void> {
    const producer = kafkaClient(settings.kafkaBrokers).producer({
      createPartitioner: Partitioners.DefaultPartitioner,
    });
    await producer.connect();
    for (const ago of daysAgo) {
      const timestamp = String(Date.parse(firstKeptDay(ago, now)) + 1_000); // Kafka refuses times ahead
      const values = types.flatMap((event) => {
        const { message } = receive(event, { query: "metal=gold", headers: {}, remoteAddr: "127.0.0.1" });
        return [message, message];
      });
      values.push(JSON.stringify({ event_type: "sell_a_bow" }));
      const refused = writeRefused(refusedRecord("no", `{"ago":${ago},`));
      await producer.send({ topic, messages: values.map((value) => ({ value, timestamp })) });
      await producer.send({ topic: failedTopic, messages: [{ value: refused, timestamp }] });
    }
    await producer.disconnect();
    await ground.land();
    await landRefused(ground);
  }

  /** All columns of all rows of the days that stay, as text; and the number of the other rows. */
  async function rowsNow(): Promise<{ kept: string[]; old: number }> {
    const kept: string[] = [];
    let old = 0;
    for (const table of [...events.map((event) => event.table), "failed_events"])
      for (const row of await query(`SELECT *, CAST(day AS varchar) AS its_day FROM ${table}`, { schema })) {
        if (String(row.its_day) < keptFrom) old++;
        else kept.push(JSON.stringify({ table, ...row }));
      }
    return { kept: kept.sort(), old };
  }

  async function oldFiles(): Promise<string[]> {
    const paths: string[] = [];
    for await (const path of parquetFiles(hdfs, root, []))
      if ((/day=([^/]+)/.exec(path)?.[1] ?? "9") < keptFrom) paths.push(path);
    return paths;
  }

  async function proven(): Promise<void> {
    assertProven(await audit({ ...ground.place, hdfs, days: "all" }));
    assert.deepEqual((await auditAgain({ ...ground.place, hdfs })).problems, []);
  }

  async function compact(ago: number, table: string): Promise<void> {
    const engine = trinoEngine({ hdfs, root, schema, topic });
    const day = firstKeptDay(ago, now);
    const keep = "kafka_offset NOT IN (SELECT max(kafka_offset) FROM sword_purchases)";
    const left = table === "sword_purchases" ? { keep } : {};
    await swapDay({ hdfs, root, engine }, { table, day, reason: "compaction", ...left });
  }

  it("npm run forget -- --older-than counts first, and removes the old days with --yes", async () => {
    await play([9, 4, 3, 0], events);
    await proven();
    const spool = join(home, "spool", topic);
    const aside = join(spool, "set-aside.ndjson");
    const report = join(out, "report.html");
    const old = new Date(Date.parse(keptFrom) - 1);
    for (const folder of [spool, out]) mkdirSync(folder, { recursive: true });
    for (const file of [aside, report, join(spool, "000000000001.ndjson"), join(out, "new.html")])
      writeFileSync(file, "{}\n");
    for (const file of [aside, report]) utimesSync(file, old, old);
    const historyFile = join(home, "history.jsonl");
    const env = {
      ...process.env,
      QUESTLOG_TOPIC: topic,
      QUESTLOG_FAILED_TOPIC: failedTopic,
      QUESTLOG_HDFS_ROOT: root,
      QUESTLOG_SCHEMA: schema,
      QUESTLOG_HOME: home,
      QUESTLOG_OUT: out,
      QUESTLOG_HISTORY: historyFile,
      QUESTLOG_KAFKA_BROKERS: settings.kafkaBrokers.join(","),
      QUESTLOG_WEBHDFS_URL: settings.webhdfsUrl,
      QUESTLOG_TRINO_URL: settings.trinoUrl,
      QUESTLOG_METASTORE: `${settings.metastore!.host}:${settings.metastore!.port}`,
    };
    const call = (own: NodeJS.ProcessEnv, args: readonly string[]) => {
      const words = ["--older-than", String(DAYS), ...args];
      return $({ env: { ...env, ...own }, nothrow: true, quiet: true })`npm run -s forget -- ${words}`;
    };
    const run = async (...args: string[]) => {
      const { exitCode, stdout, stderr } = await call({}, args);
      assert.equal(exitCode, 0, stderr);
      return { stdout, stderr };
    };
    const { kept } = await rowsNow();
    assert.equal(kept.length, 2 * (2 * events.length + 2));

    const counted = await run();
    assert.match(counted.stderr, new RegExp(`^events of days before ${keptFrom} \\(UTC\\)$`, "m"));
    for (const { table } of events) assert.match(counted.stdout, new RegExp(`^table ${table}: 4 rows$`, "m"));
    assert.match(counted.stdout, /^table failed_events: 4 rows$/m);
    assert.match(counted.stdout, new RegExp(`^topic ${topic}: ${4 * events.length + 2} messages$`, "m"));
    assert.match(counted.stdout, /^spool of the API: 1 line$/m);
    assert.match(counted.stdout, /out\/report\.html$/m);
    assert.doesNotMatch(counted.stdout, /new\.html/);
    assert.match(counted.stderr, /^nothing was changed; --yes removes the events$/m);

    const refused = await call({ QUESTLOG_METASTORE: undefined }, ["--yes"]);
    assert.match(refused.stderr, /expected its address in QUESTLOG_METASTORE/);
    assert.equal(await hdfs.status(forgetPlanPath(root)), null);
    writeFileSync(aside, "{}\n"); // the refused call has emptied the spool
    utimesSync(aside, old, old);
    const removed = await run("--yes");
    for (const line of removed.stdout.split("\n").filter((one) => /^(table|topic|spool|files)/.test(one)))
      assert.match(line, /, 0 after$/);
    assert.deepEqual([await rowsNow(), await oldFiles()], [{ kept, old: 0 }, []]);
    assert.match((await run()).stderr, /^no event is older$/m);
    assert.match(readFileSync(historyFile, "utf8"), /npm run forget -- --older-than 3 --yes/);
    await proven();
  });

  it("removes compacted days, the files that they replaced, and doubles that were left out", async () => {
    await play([6, 2]);
    for (const table of ["sword_purchases", "failed_events"])
      for (const ago of [6, 2]) await compact(ago, table);
    const { kept } = await rowsNow();
    await forgetOlder(place, keptFrom, options);
    assert.deepEqual([await rowsNow(), await oldFiles()], [{ kept, old: 0 }, []]);
    await proven();
  });

  it("keeps old events that come after the audit, for the next call", async () => {
    await play([8]);
    const at = async (point: ForgetPoint) => {
      if (point === "plan_decided") await play([8]);
    };
    await forgetOlder(place, keptFrom, { ...options, at });
    assert.equal((await rowsNow()).old, 2 * FEW.length + 2);
    await proven();
  });

  // removal-plan.test.ts ends a removal at each request.
  const points = ["day_emptied", "messages_deleted"] as const;
  for (const point of points satisfies readonly ForgetPoint[])
    it(`ends right when it was killed after the step ${point} and is called again`, async () => {
      await play([7, 1]);
      await compact(7, "failed_events");
      const { kept } = await rowsNow();
      const kill = (reached: ForgetPoint) => {
        if (reached === point) throw new Error("killed");
      };
      await assert.rejects(forgetOlder(place, keptFrom, { ...options, at: kill }), /^Error: killed$/);
      assert.equal(await finishRemoval(place, options), "finished");
      assert.deepEqual([await rowsNow(), await oldFiles()], [{ kept, old: 0 }, []]);
      await proven();
    });

  it("finds nothing when no event is older", async () => {
    const { days, others, messages, spooled } = await findOlder(place, keptFrom);
    assert.deepEqual([days, others, messages, spooled], [[], [], [], 0]);
  });
});

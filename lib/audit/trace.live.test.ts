// Events that are accepted, landed and counted, or not yet, in a topic, folder and schema of their
// own.
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { $ } from "zx";
import { countBars, countBy, eventsIn, type OffsetRange, type SelectionOptions } from "../ask/counted.ts";
import { chartBundle } from "../ask/show.ts";
import { events } from "../events.ts";
import { TopicWriter } from "../collect/publish.ts";
import { readRefused, writeRefused } from "../refused.ts";
import { BatchBuilder, DEFAULT_LIMITS } from "../land/batch.ts";
import { openChain } from "../land/commits.ts";
import { readTopic } from "../topic.ts";
import type { ReceivedEvent } from "../collect/receive.ts";
import { listFiles } from "./files.ts";
import { settings } from "../settings.ts";
import { LandedGround } from "../testbed/ground.fixture.ts";
import { runOf } from "../testbed/notebook.fixture.ts";
import { recordPath, writeRecord } from "../report/record.ts";
import type { Run } from "../report/run.ts";
import { describeTrace, traceEvent } from "./trace.ts";

const REFUSED_ID = randomUUID();
const CUT_ID = randomUUID(); // in a text that is no JSON object
const REASON = "metal: expected text, got 7";
const YEAR_S = 366 * 24 * 3600;

describe("traceEvent(eventId, options)", () => {
  const ground = new LandedGround();
  const { failedTopic } = ground;
  let folder: string;
  let report: string; // path of a page that some tests write
  let sent: ReceivedEvent[];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "questlog-trace-"));
    report = join(folder, "report.html");
    await ground.create();
    sent = await ground.send(3);
    await refuse(
      JSON.stringify({ event_id: REFUSED_ID, params: { metal: 7 } }),
      JSON.stringify({ event_id: randomUUID(), params: { friend: REFUSED_ID } }),
      `{"event_id":"${CUT_ID.toUpperCase()}","params":{"metal":7`,
    );
  });
  after(async () => {
    await rm(folder, { recursive: true });
    await ground.remove();
  });

  /** Traces an event on the test's ground. */
  function trace(eventId: string) {
    return traceEvent(eventId, { ...ground.place, failedTopic, report });
  }

  it("follows an event that has not landed by the topic, to its position", async () => {
    const { ways, looked_in } = await trace(sent[1]!.eventId);
    assert.equal(looked_in.length, 3);
    assert.equal(ways.length, 1);
    const { request, message, commit, files, row, bars } = ways[0]!;
    assert.deepEqual([request?.route, request?.player], ["/join_a_guild", "player-1"]);
    assert.equal(message.topic, ground.name);
    assert.deepEqual([commit, files, row, bars], [null, [], null, []]);
  });

  it("follows a landed event to its row in a file and its row in a table", async () => {
    await ground.land();
    const { ways } = await trace(sent[1]!.eventId);
    assert.equal(ways.length, 1);
    const { request, message, commit, files, row } = ways[0]!;
    assert.deepEqual(JSON.parse(request!.params), { region: "ny", player: "player-1" });
    assert.match(commit!.path, new RegExp(`^${ground.root}/commits/${ground.name}/\\d/0{20}\\.json$`));
    assert.ok(commit!.first <= message.offset && message.offset <= commit!.last);
    const landed = await listFiles({ hdfs: ground.hdfs, root: ground.root });
    const file = landed.find(({ path }) => path === files[0]?.path);
    assert.deepEqual([files.length, files[0]!.row], [1, message.offset + 1]); // one table, one commit
    assert.deepEqual(row, { table: "guild_joins", day: file!.day, counts: "yes" });
  });

  it("follows both messages of an event that was sent twice, and says which one counts", async () => {
    const traced = await trace(sent[0]!.eventId);
    const [first, second] = traced.ways;
    assert.equal(traced.ways.length, 2);
    assert.equal(first!.row!.counts, "yes");
    const { partition, offset } = first!.message;
    assert.equal(second!.row!.counts, `no, it is a double of partition ${partition}, offset ${offset}`);
    assert.match(
      describeTrace(traced),
      /\n {2}row {6}table guild_joins, day \S+; counts: no, it is a double of/,
    );
  });

  it("follows an event that the API refused to the topic, commit and file of refused events", async () => {
    const [way, ...others] = (await trace(REFUSED_ID)).ways;
    assert.deepEqual([way!.message.topic, others], [failedTopic, []]);
    assert.match(way!.commit!.path, new RegExp(`^${ground.root}/commits/${failedTopic}/0/0{20}\\.json$`));
    assert.match(way!.files[0]!.path, new RegExp(`/${failedTopic}-0-0{20}\\.parquet$`));
    assert.equal(way!.row!.counts, `no, ${REASON}`);
    assert.deepEqual([way!.bars, way!.uncounted], [[], "this message does not count"]);
  });

  it("finds a refused text that is no JSON object by any part of it", async () => {
    const [way, ...others] = (await trace(CUT_ID)).ways;
    assert.deepEqual([way!.message.topic, way!.message.offset, others], [failedTopic, 2, []]);
    assert.deepEqual([way!.request, way!.files[0]!.row], [null, 3]);
  });

  it("finds a refused event that has not landed, as when the stream is down, with the reason", async () => {
    const event_id = randomUUID();
    const [sword] = events.filter(({ parameters }) => parameters.length > 0);
    const envelope = {
      event_id,
      event_type: sword!.type,
      received_at: "2026-01-31T12:00:00.000Z",
      player: null,
      params: { power_level: "abc" },
      headers: {},
      remote_addr: "::1",
    };
    await publishRefused(JSON.stringify(envelope), JSON.stringify({ params: { friend: event_id } }));
    const traced = await trace(event_id);
    const [way, ...others] = traced.ways;
    const { topic, partition, offset } = way!.message;
    assert.deepEqual([topic, partition, offset, others], [failedTopic, 0, 3, []]);
    assert.deepEqual([way!.commit, way!.row, way!.uncounted], [null, null, `it failed: ${REASON}`]);
    assert.match(describeTrace(traced), new RegExp(`received .*, ${sword!.route} .*, no player, from ::1`));
  });

  describe("and a report", () => {
    let whole: OffsetRange[];
    before(async () => {
      const offsets = await readTopic({ topic: ground.name, onMessage: () => {} });
      whole = offsets.map(({ partition, high }) => ({ partition, from: 0, to: high }));
    });

    /**
     * Writes the page and the record of a report that has counted the events of `ranges` by region.
     */
    async function write(ranges: OffsetRange[], options: SelectionOptions = {}, change: Partial<Run> = {}) {
      const selection = eventsIn(ranges, { ...ground.place, type: "join_a_guild", ...options });
      const data = chartBundle(countBars(await countBy("region", selection), "Guilds, by region"));
      const run = runOf([[{ output_type: "display_data", data: data as never, metadata: {} }]]);
      const record = await writeRecord(
        { ...run, startedAt: new Date("2026-11-26T16:28:03Z"), seconds: 10 * YEAR_S, ...change },
        report,
        ground.root,
      );
      await writeFile(report, JSON.stringify(record));
    }

    /** The lines about bars in the trace of an event. */
    async function said(event: ReceivedEvent): Promise<string[]> {
      const lines = describeTrace(await trace(event.eventId)).split("\n");
      return lines.flatMap((line) => /^ {2}bars {5}(.*)/.exec(line)?.[1] ?? []);
    }

    const bar = "report of 2026-11-26 16:28: bar ny of Guilds, by region";
    const others = "no report has counted it: the report of 2026-11-26 16:28 counted other events";

    it("names the bar that counts the event, and no bar for its double", async () => {
      await write(whole);
      assert.deepEqual(await said(sent[1]!), [bar]);
      assert.deepEqual(await said(sent[0]!), [bar, "no report has counted it: this message does not count"]);
    });

    it("names no bar for an event outside of the offsets, or of another condition", async () => {
      const [way] = (await trace(sent[1]!.eventId)).ways;
      const { partition, offset } = way!.message;
      const before = whole.map((range) => (range.partition === partition ? { ...range, to: offset } : range));
      await write(before);
      assert.deepEqual(await said(sent[1]!), [others]);
      await write(whole, { where: { player: "player-2" } });
      assert.deepEqual([await said(sent[1]!), await said(sent[2]!)], [[others], [bar]]);
    });

    it("names no bar of a report on another topic, schema or folder, or of other types", async () => {
      await write(whole, { topic: "other" });
      assert.deepEqual(await said(sent[1]!), [others]);
      await write(whole);
      const moved = (await readFile(recordPath(report), "utf8")).replaceAll(`"${ground.root}"`, '"/other"');
      await forge(moved);
      assert.deepEqual(await said(sent[1]!), [others]);
      await write(whole);
      const text = await readFile(recordPath(report), "utf8");
      await forge(text.replaceAll('"join_a_guild"', '"purchase_sword"'));
      assert.deepEqual(await said(sent[1]!), [others]);
      await forge(text.replaceAll(`"schema": "${ground.name}"`, '"schema": "default"'));
      assert.deepEqual(await said(sent[1]!), [others]);
    });

    it("names no bar of a report that ended before the event came, as after down -- --wipe", async () => {
      await write(whole, {}, { seconds: -10 * YEAR_S });
      assert.deepEqual(await said(sent[1]!), [others]);
    });

    it("says so when the report failed, was edited, or is not there", async () => {
      const none = "no report has counted it:";
      await write(whole, {}, { status: "failed" });
      assert.deepEqual(await said(sent[1]!), [`${none} the report of 2026-11-26 16:28 failed`]);
      await write(whole);
      await writeFile(recordPath(report), (await readFile(recordPath(report), "utf8")).replace("ny", "cali"));
      const edited = "report.json is not the record of report.html: its SHA-256 is not in that page";
      assert.deepEqual(await said(sent[1]!), [`${none} ${edited}`]);
      await rm(recordPath(report));
      assert.deepEqual(await said(sent[1]!), [`${none} there is no report.json`]);
    });

    /** Writes a record of another text, and a page that belongs to it. */
    async function forge(text: string): Promise<void> {
      await writeFile(recordPath(report), text);
      await writeFile(report, createHash("sha256").update(text).digest("hex"));
    }
  });

  it("says where it looked for an event that it does not find", async () => {
    const id = randomUUID();
    const traced = await trace(id);
    assert.deepEqual(traced.ways, []);
    assert.equal(
      describeTrace(traced),
      `event ${id} was not found; looked in tables default_requests, sword_purchases, guild_joins, failed_events ` +
        `of schema ${ground.name}, and in topic ${ground.name}, from its beginning to its end, ` +
        `and in topic ${failedTopic}, from its beginning to its end`,
    );
  });

  it("is a command that refuses anything but a UUID", async () => {
    const npm = $({ quiet: true, nothrow: true, cwd: settings.root });
    const { exitCode, stderr } = await npm`npm run --silent trace -- 17`;
    assert.equal(exitCode, 2);
    assert.match(stderr, /^trace: expected one event_id, a UUID, got "17"; try: npm run trace -- EVENT_ID/);
  });

  /** Publishes texts that the API refused, and lands them as the stream does. */
  async function refuse(...raws: string[]): Promise<void> {
    const builder = new BatchBuilder(failedTopic, 0, DEFAULT_LIMITS, readRefused);
    for (const [i, value] of (await publishRefused(...raws)).entries())
      builder.push({ offset: String(i), timestamp: String(Date.now()), value: Buffer.from(value) });
    const chain = await openChain(ground.hdfs, { root: ground.root, topic: failedTopic, partition: 0 });
    await chain.commit({ ...builder.finish(), last: raws.length - 1 });
  }

  async function publishRefused(...raws: string[]): Promise<string[]> {
    const values = raws.map((raw) => writeRefused({ reason: REASON, raw }));
    const topic = await TopicWriter.open({ topic: failedTopic, partitions: 1 });
    for (const value of values) await topic.publish(value, "player-1");
    await topic.close();
    return values;
  }
});

// Events that are accepted, landed and counted, or not yet, in a topic, folder and schema of their own.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { $ } from "zx";
import type { ReceivedEvent } from "../collect/receive.ts";
import { listFiles } from "./files.ts";
import { settings } from "../settings.ts";
import { Ground } from "../testbed/ground.fixture.ts";
import { type Notebook, readNotebook } from "../report/notebook.ts";
import { describeTrace, traceEvent } from "./trace.ts";

describe("traceEvent(eventId, report, place)", () => {
  const ground = new Ground();
  let report: Notebook;
  let sent: ReceivedEvent[];

  before(async () => {
    report = await readNotebook(join(settings.root, "notebooks", "5-report.ipynb"));
    await ground.create();
    sent = await ground.send(3);
  });
  after(() => ground.remove());

  it("follows an event that has not landed by the topic, to where it is", async () => {
    const { ways, looked_in } = await traceEvent(sent[1]!.eventId, report, ground.place);
    assert.equal(looked_in.length, 2);
    assert.equal(ways.length, 1);
    const { request, message, commit, files, row, bars } = ways[0]!;
    assert.deepEqual([request?.route, request?.player], ["/join_a_guild", "player-1"]);
    assert.equal(message.topic, ground.name);
    assert.deepEqual([commit, files, row, bars], [null, [], null, []]);
  });

  it("follows a landed event to its row in a file, its row in a table, and its bars", async () => {
    await ground.land();
    const { ways } = await traceEvent(sent[1]!.eventId, report, ground.place);
    assert.equal(ways.length, 1);
    const { request, message, commit, files, row, bars } = ways[0]!;
    assert.deepEqual(JSON.parse(request!.params), { region: "ny", player: "player-1" });
    assert.match(commit!.path, new RegExp(`^${ground.root}/commits/${ground.name}/\\d/0{20}\\.json$`));
    assert.ok(commit!.first <= message.offset && message.offset <= commit!.last);
    const landed = await listFiles({ hdfs: ground.hdfs, root: ground.root });
    const file = landed.find(({ path }) => path === files[0]?.path);
    assert.deepEqual([files.length, files[0]!.row], [1, message.offset + 1]); // one table, one commit
    assert.deepEqual(row, { table: "guild_joins", day: file!.day, counts: "yes" });
    assert.deepEqual(bars, ["Events by type: join_a_guild", "Guilds joined, by region: ny"]);
  });

  it("follows both messages of an event that is there twice, and says which counts", async () => {
    const trace = await traceEvent(sent[0]!.eventId, report, ground.place);
    const [first, second] = trace.ways;
    assert.equal(trace.ways.length, 2);
    assert.equal(first!.row!.counts, "yes");
    const { partition, offset } = first!.message;
    assert.equal(second!.row!.counts, `no, it is a double of partition ${partition}, offset ${offset}`);
    assert.deepEqual(second!.bars, []);
    assert.match(
      describeTrace(trace),
      /\n {2}row {6}table guild_joins, day \S+; counts: no, it is a double of/,
    );
  });

  it("says where it looked for what it does not find", async () => {
    const id = randomUUID();
    const trace = await traceEvent(id, report, ground.place);
    assert.deepEqual(trace.ways, []);
    assert.equal(
      describeTrace(trace),
      `event ${id} was not found; looked in tables default_requests, sword_purchases, guild_joins, failed_events ` +
        `of schema ${ground.name}, and in topic ${ground.name}, from its beginning to its end`,
    );
  });

  it("is a command, which refuses what is no id", async () => {
    const npm = $({ quiet: true, nothrow: true, cwd: settings.root });
    const { exitCode, stderr } = await npm`npm run --silent trace -- 17`;
    assert.equal(exitCode, 2);
    assert.match(stderr, /^trace: expected one event_id, a UUID, got "17"; try: npm run trace -- EVENT_ID/);
  });
});

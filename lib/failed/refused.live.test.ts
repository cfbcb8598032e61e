// Requests that the API refuses, from the API to their rows: the scripts that a user starts.
import assert from "node:assert/strict";
import { registerDays } from "../ask/tables.ts";
import { untilLanded } from "../audit/landed.ts";
import { traceEvent } from "../audit/trace.ts";
import { TopicWriter } from "../collect/publish.ts";
import { receive } from "../collect/receive.ts";
import { events } from "../events.ts";
import { writeRefused } from "../refused.ts";
import { openPipeline, type Pipeline } from "../testbed/pipeline.ts";
import { readOffsets } from "../topic.ts";
import { until } from "../until.ts";
import { WAITING } from "../waiting.ts";
import { assess } from "./assess.ts";
import { listFailed } from "./list.ts";

const ID = "0190b1c2-7e5f-7abc-8def-0123456789ac";
const BODIES = [
  '{"event_type":"default","colour":"red"}',
  '{"event_type":"default","params":[1]}',
  '{"event_type":"default","event_id":"7"}',
  "null",
  "[[1]]",
  "{",
];

describe("an event that the API refuses", function () {
  this.timeout(120_000);
  let pipeline: Pipeline;

  before(async () => {
    pipeline = await openPipeline("refused");
    await pipeline.startApi();
    await pipeline.startStream();
    const { apiUrl, topic, failedTopic, root, schema } = pipeline;
    assert.equal((await fetch(`${apiUrl}/join_a_guild?region=ny`)).status, 200);
    assert.equal((await fetch(`${apiUrl}/purchase_sword?power_level=abc&event_id=${ID}`)).status, 400);
    for (const body of [...BODIES, Buffer.from('{"event_type":"\xff"}', "latin1")]) {
      const headers = { "content-type": "application/json" };
      await fetch(`${apiUrl}/events`, { method: "POST", body, headers });
    }
    for (const name of [topic, failedTopic])
      await untilLanded(await readOffsets({ topic: name }), { topic: name, root });
    await registerDays({ schema });
  });
  after(() => pipeline.close());

  it("is open, and is explained by the reason for which it was refused", async () => {
    const { schema, failedTopic } = pipeline;
    const listed = await listFailed({ schema, failedTopic });
    assert.equal(listed.length, BODIES.length + 2);
    for (const failed of listed)
      assert.deepEqual(assess(failed, { failedTopic }), { fits: false, why: failed.reason });
  });

  it("is traced to its own message, commit and file, not to those of an accepted event", async () => {
    const { topic, failedTopic, root, schema } = pipeline;
    const { ways } = await traceEvent(ID, { topic, failedTopic, root, schema, report: "no such page" });
    const [{ message, commit, files, row } = {}, ...others] = ways;
    assert.deepEqual([message?.topic, row?.table, others], [failedTopic, "failed_events", []]);
    assert.ok(commit?.path.startsWith(`${root}/commits/${failedTopic}/`), String(commit?.path));
    assert.ok(files?.length === 1 && files[0]!.path.includes("/failed_events/"), String(files?.[0]?.path));
    assert.match(row!.counts, /^no, power_level: expected an integer .*, got "abc"$/);
  });

  it("is sent again, if its reason says that it waits, by the next stream that starts", async () => {
    const { topic, failedTopic, root, schema } = pipeline;
    const { eventId, message } = receive(events[0]!, { query: "", headers: {}, remoteAddr: "::1" });
    const writer = await TopicWriter.open({ topic: failedTopic });
    await writer.publish(writeRefused({ reason: `${WAITING}for a test`, raw: message }), null);
    await writer.close();
    await untilLanded(await readOffsets({ topic: failedTopic }), { topic: failedTopic, root });
    await pipeline.newest("stream").signal("SIGTERM");
    const stream = await pipeline.startStream();
    const said = () => stream.log.find((line) => line.includes("events that waited")) ?? undefined;
    assert.match(await until("the stream replays", said, { limitMs: 60_000 }), /1 sent again, 0 still wait$/);
    await untilLanded(await readOffsets({ topic }), { topic, root });
    await registerDays({ schema });
    const { ways } = await traceEvent(eventId, { topic, failedTopic, root, schema, report: "no such page" });
    assert.deepEqual(ways.map(({ row }) => row?.counts).sort(), [`no, ${WAITING}for a test`, "yes"]);
  });
});

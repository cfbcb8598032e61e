// A stream with an older list of events, and then the right one, on a ground of the test.
import assert from "node:assert/strict";
import { registerDays } from "../ask/tables.ts";
import { untilLanded } from "../audit/landed.ts";
import type { EventDefinition } from "../catalog.ts";
import { TopicWriter } from "../collect/publish.ts";
import { receive } from "../collect/receive.ts";
import { events } from "../events.ts";
import { withAdmin } from "../kafka.ts";
import { TableClaim } from "../land/claim.ts";
import { Stream } from "../land/stream.ts";
import { settings } from "../settings.ts";
import { Ground } from "../testbed/ground.ts";
import { readOffsets } from "../topic.ts";
import { query } from "../trino.ts";
import { listFailed } from "./list.ts";
import { replayWaiting } from "./replay-waiting.ts";

describe("replayWaiting(options)", function () {
  this.timeout(120_000);
  const ground = new Ground();
  const { schema, root, topic, failedTopic, hdfs } = ground;
  const [known, ...later] = events;
  const added = later.at(-1)!;
  let log: string[];

  before(async () => {
    await ground.createTopics();
    await ground.create();
  });
  beforeEach(() => (log = []));
  after(async () => {
    await withAdmin(settings.kafkaBrokers, (admin) => admin.deleteGroups([topic]));
    await ground.remove();
  });

  /** Runs a stream with a list of events until it has landed all messages after `work`. */
  async function during(catalogue: readonly EventDefinition[], work: () => Promise<void>): Promise<void> {
    const claim = new TableClaim(hdfs, root, (line) => log.push(line), catalogue);
    const stream = new Stream({
      brokers: settings.kafkaBrokers,
      topic,
      group: topic,
      hdfs,
      root,
      parse: claim.parse,
      prepare: () => claim.make(),
    });
    try {
      await work();
      await untilLanded(await readOffsets({ topic }), { topic, root });
      await registerDays({ schema });
    } finally {
      await stream.stop();
    }
  }

  const rows = async (table: string) => {
    const [{ n } = { n: -1 }] = await query<{ n: number }>(`SELECT count(*) AS n FROM ${table}`, { schema });
    return n;
  };
  const { signal } = new AbortController();
  const replayAll = () =>
    replayWaiting({ signal, log: (line) => log.push(line), schema, topic, failedTopic, root });

  it("lands each event that an older stream did not know, once, when the right stream runs", async () => {
    const sent = [known!, added, added].map((event, i) =>
      receive(event, { query: `player=player-${i}`, headers: {}, remoteAddr: "127.0.0.1" }),
    );
    await during([known!], async () => {
      const writer = await TopicWriter.open({ topic });
      for (const { message, player } of sent) await writer.publish(message, player);
      await writer.close();
    });
    assert.deepEqual(
      [await rows(known!.table), await rows(added.table), await rows("failed_events")],
      [1, 0, 2],
    );
    assert.equal(log.length, 1);
    assert.match(
      log[0]!,
      new RegExp(`event_type: expected one of ${known!.type}, got "${added.type}"; its events wait`),
    );
    assert.equal((await listFailed({ schema, failedTopic })).length, 2);

    await during(events, replayAll);
    await during(events, replayAll); // as after another start
    assert.deepEqual(
      [await rows(known!.table), await rows(added.table), await rows("failed_events")],
      [1, 2, 2],
    );
    assert.deepEqual(log.slice(1), ["events that waited: 2 sent again, 0 still wait"]);
    assert.deepEqual(await listFailed({ schema, failedTopic }), []);
  });

  it("says once that it cannot replay, and ends with its signal", async () => {
    const stop = new AbortController();
    const said = (line: string) => {
      log.push(line);
      stop.abort();
    };
    await replayWaiting({ signal: stop.signal, log: said, schema, topic: `${topic}_missing`, root });
    assert.match(log.join("\n"), /^cannot replay the events that wait, and tries again: .*_missing/);
  });

  it("waits in silence for tables that do not exist yet, until its signal", async () => {
    const signal = AbortSignal.timeout(500);
    await replayWaiting({ signal, log: (line) => log.push(line), schema: "missing" });
    assert.ok(signal.aborted);
    assert.deepEqual(log, []);
  });
});

// The ledger of landed events on the real services; each fault is made, named, and mended.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { createHash, randomUUID } from "node:crypto";
import { registerDays } from "../ask/tables.ts";
import { TopicWriter } from "../collect/publish.ts";
import { receive } from "../collect/receive.ts";
import { events } from "../events.ts";
import { withAdmin } from "../kafka.ts";
import { auditPath, dayFolder } from "../layout.ts";
import { settings } from "../settings.ts";
import { LandedGround } from "../testbed/ground.fixture.ts";
import { readOffsets } from "../topic.ts";
import { assertProven, audit } from "./audit.ts";
import { auditAgain } from "./audit-again.ts";
import { describeDiscrepancies, earlierIds, findDiscrepancies } from "./discrepancies.ts";
import { findFiles } from "./files.ts";
import { auditedEnds, type AuditRecord } from "./ledger.ts";
import { collectSightings, rangesBetween } from "./sightings.ts";

const EVENTS = 21; // 20 events, and one of them again

describe("an audit", function () {
  this.timeout(180_000);
  const ground = new LandedGround();
  const { hdfs, root, topic, place } = ground;
  const all = () => audit({ ...place, days: "all" });
  const again = () => auditAgain(place);

  before(async () => {
    await ground.create();
    await ground.createTopics();
    await ground.send(20);
    const writer = await TopicWriter.open({ topic });
    for (const text of ["no JSON", '{"event_type":"sell_a_bow"}']) await writer.publish(text, "ann");
    await writer.close();
    await ground.land();
  });
  after(() => ground.remove());

  it("proves all that has landed, in portions, and refused messages too; the next one proves the new ones", async () => {
    const first = await audit({ ...place, days: "all", maxOffsets: 4 });
    assert.deepEqual(first.problems, []);
    assert.equal(first.now.messages, EVENTS + 2);
    assert.deepEqual(first.before, { messages: 0, audits: 0 });
    await ground.send(4);
    await ground.land();
    const second = await all();
    assertProven(second);
    assert.equal(second.now.messages, 5);
    assert.deepEqual(second.before, first.now);
    const third = await audit(place);
    assertProven(third);
    assert.deepEqual(third.now, { messages: 0, audits: 0 });
    assert.equal(third.before.messages, EVENTS + 7);
    const offsets = await readOffsets({ topic });
    assert.deepEqual(await auditedEnds(offsets, { hdfs, root, topic }), offsets);
    const { messages, without_topic, problems } = await again();
    assert.deepEqual([messages, without_topic, problems], [EVENTS + 7, 0, []]);
  });

  it("proves an event that is refused for its time alone, and finds no difference beside it", async () => {
    const before = await readOffsets({ topic });
    const { message: value } = receive(events[0]!, { query: "player=ann", headers: {}, remoteAddr: "" });
    await ground.sendAt(["-1", "0"].map((timestamp) => ({ value, partition: 0, timestamp })));
    const proof = await all();
    assertProven(proof);
    assert.equal(proof.now.messages, 2);
    const ranges = rangesBetween(before, await readOffsets({ topic }));
    const seen = await collectSightings(ranges, { ...place, days: "all" });
    const nobody = { accepted: {}, event_ids: [], session: "" };
    assert.deepEqual(describeDiscrepancies(findDiscrepancies(nobody, seen, earlierIds(seen))), []);
  });

  it("fails for --since a day behind all messages, and repeats the audits of an earlier one", () => {
    const { topic, root, schema } = place;
    const names = { QUESTLOG_TOPIC: topic, QUESTLOG_HDFS_ROOT: root, QUESTLOG_SCHEMA: schema };
    const since = (day: string) =>
      spawnSync(process.execPath, ["scripts/audit.ts", "--since", day], {
        cwd: settings.root,
        env: { ...process.env, QUESTLOG_HISTORY: "/dev/null", ...names },
        encoding: "utf8",
      });
    const early = since("2020-01-31");
    assert.equal(early.status, 0, early.stderr);
    const late = since("2999-01-31");
    assert.equal(late.status, 1, late.stdout);
    assert.match(
      late.stderr,
      /audit: --since 2999-01-31: expected messages of that day or later, the newest are of \d{4}-/,
    );
  });

  it("names the type, the day and the numbers when a file is deleted after its audit, or copied to another day", async () => {
    const [file] = await findFiles(hdfs, root, { table: "guild_joins" });
    const bytes = (await hdfs.read(file!.path))!;
    await hdfs.remove(file!.path);
    const { problems } = await audit(place);
    const named = new RegExp(
      `^join_a_guild on ${file!.day}: the ledger has \\d+ messages, Trino shows \\d+ rows$`,
    );
    assert.match(problems[0] ?? "", named);
    assert.match((await again()).problems.join("\n"), /audits\/.*json: join_a_guild on .*: the record has/);
    await hdfs.create(file!.path, bytes);
    const copy = `${dayFolder(root, "guild_joins", "2026-01-31")}/${randomUUID()}.parquet`;
    await hdfs.create(copy, bytes);
    await registerDays({ schema: ground.schema });
    assert.match(
      (await all()).problems.join(),
      /^join_a_guild on 2026-01-31: the ledger has 0 messages, Trino/,
    );
    await hdfs.remove(copy);
    assertProven(await all());
  });

  it("finds a last record that was forged whole: its counts by the sums, its digests by --all", async () => {
    const offsets = await readOffsets({ topic });
    const { partition } = offsets.find(({ high }) => high > 0)!;
    const folder = `${root}/audits/${topic}/${partition}`;
    const last = (await hdfs.list(folder)).entries.at(-1)!.name;
    const path = `${folder}/${last}`;
    const original = (await hdfs.read(path))!;
    const forge = async (change: (record: AuditRecord) => void) => {
      const record = JSON.parse(original.toString()) as Partial<AuditRecord>;
      delete record.sha256;
      change(record as AuditRecord);
      const sha256 = createHash("sha256").update(JSON.stringify(record)).digest("hex");
      await hdfs.remove(path);
      await hdfs.create(path, Buffer.from(JSON.stringify({ ...record, sha256 })));
    };
    try {
      await forge(({ counts }) => {
        Object.assign(counts[0]!, { in_topic: 1_000, in_files: 1_000, in_tables: 1_000 });
      });
      assert.match((await audit(place)).problems.join(), /the ledger has \d+ messages, Trino shows \d+ rows/);
      await forge(({ digests }) => {
        for (const name of ["topic", "files", "tables"] as const) digests[name] = ["1", "2"];
      });
      assert.deepEqual((await audit(place)).problems, []);
      const { problems } = await again();
      assert.match(problems.join("\n"), /the topic have as many messages as the record, but other ones/);
    } finally {
      await hdfs.remove(path);
      await hdfs.create(path, original);
    }
  });

  it("names a message that is lost in the files before its audit, and writes no record for it", async () => {
    const sent = await ground.send(3);
    await ground.land();
    const files = await findFiles(hdfs, root, { table: "guild_joins" });
    const newest = files.toSorted((a, b) => b.written_at.getTime() - a.written_at.getTime())[0]!;
    const bytes = (await hdfs.read(newest.path))!;
    await hdfs.remove(newest.path);
    const { problems, now } = await audit(place);
    assert.match(
      problems[0] ?? "",
      /^partition \d, offsets \[\d+, \d+\): \d messages in the topic, 0 rows in files/,
    );
    assert.ok(
      sent.some(({ eventId }) => problems.join("\n").includes(`${eventId} at partition`)),
      problems.join("\n"),
    );
    assert.ok(now.messages < 4);
    await hdfs.create(newest.path, bytes);
    const mended = await audit(place);
    assertProven(mended);
    assert.equal(mended.now.messages + now.messages, 4);
  });

  it("goes on when Kafka deletes messages after their audit; names those that it deletes before", async () => {
    await deleteAll();
    assertProven(await all());
    const repeated = await again();
    assert.deepEqual(repeated.problems, []);
    assert.equal(repeated.without_topic, repeated.audits);
    await ground.send(2);
    await ground.land();
    await deleteAll();
    const { problems, now, lost } = await audit(place);
    assert.equal(now.messages, 3);
    for (const problem of problems)
      assert.match(problem, /Kafka deleted offsets \[\d+, \d+\) before their audit/);
    assert.deepEqual([problems.length > 0, lost.length], [true, problems.length]);
    const later = await audit(place);
    assertProven(later);
    assert.deepEqual(later.lost, lost);
  });

  it("names the damaged record, and writes none behind it", async () => {
    const offsets = await readOffsets({ topic });
    const { partition } = offsets.find(({ high }) => high > 0)!;
    const path = auditPath({ root, topic, partition }, 0);
    const original = (await hdfs.read(path))!;
    await hdfs.remove(path);
    await hdfs.create(path, original.subarray(0, 100));
    const { problems, now } = await audit(place);
    assert.ok(
      problems.some((one) => one.startsWith(`${path}: expected a record in JSON`)),
      problems.join("\n"),
    );
    assert.equal(now.messages, 0);
    await hdfs.remove(path);
    await hdfs.create(path, original);
    assertProven(await audit(place));
  });

  /** Deletes all messages of the topic, as Kafka's retention does. */
  async function deleteAll(): Promise<void> {
    await withAdmin(settings.kafkaBrokers, async (admin) => {
      const offsets = await admin.fetchTopicOffsets(topic); // kafkajs needs the topic's metadata
      const partitions = offsets.map(({ partition, high }) => ({ partition, offset: high }));
      await admin.deleteTopicRecords({ topic, partitions });
    });
  }
});

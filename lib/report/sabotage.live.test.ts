// The chain of proofs, broken on purpose: each test lands the same events, breaks one thing, and expects the
// claim to fail and to name what was broken. (A number changed in a notebook's prose: run.test.ts.)
import assert from "node:assert/strict";
import type { PartitionOffsets, TopicMessage } from "../collect/topic.js";
import { listFiles } from "../land/files.js";
import { type Accepted, assertConserved, type Conservation, conservation } from "./conservation.js";
import { Ground } from "./ground.test.js";
import { collectSightings, stretchesBetween } from "./sightings.js";

const GUILDS = 20;

describe("assertConserved, after a sabotage", () => {
  let ground: Ground;
  let told: Accepted;

  beforeEach(async () => {
    ground = new Ground();
    await ground.create();
    const sent = await ground.send(GUILDS);
    told = { accepted: { join_a_guild: GUILDS }, event_ids: sent.map(({ eventId }) => eventId) };
  });
  afterEach(() => ground.remove());

  /** What the report does at its end; `offsets` are those at the topic's end. */
  async function look(offsets: PartitionOffsets[]): Promise<Conservation> {
    return conservation(told, await collectSightings(stretchesBetween([], offsets), ground.place));
  }

  /** The first file of the tables; there is one for each partition. */
  async function someFile() {
    const [file] = await listFiles({ hdfs: ground.hdfs, root: ground.root });
    return file!;
  }

  it("holds when nothing is broken, with a message that is there twice", async () => {
    const conserved = await look(await ground.land());
    assertConserved(conserved);
    const [row] = conserved.rows;
    assert.deepEqual([row?.messages_in_topic, row?.doubles_dropped, row?.events_counted], [21, 1, 20]);
  });

  it("names the messages of a file that was deleted, and the file", async () => {
    const offsets = await ground.land();
    const { path, rows } = await someFile();
    await ground.hdfs.remove(path);
    const broken = await look(offsets);
    assert.throws(
      () => assertConserved(broken),
      ({ message }: Error) => {
        assert.match(message, new RegExp(`^not conserved:\n {2}join_a_guild: ${rows} lost from messages`));
        assert.match(message, new RegExp(`\n {2}files: missing ${rows}\n`));
        const where = `topic ${ground.name}, partition \\d, offset \\d+`;
        const named = new RegExp(
          `\n {4}(\\S{36}): ${where}: the commit of offsets 0 to \\d+ put it into ${path}\n`,
        );
        assert.ok(told.event_ids.includes(named.exec(message)?.[1] ?? ""), message);
        return true;
      },
    );
  });

  it("names the rows of a file that was copied under another name, and both files", async () => {
    const offsets = await ground.land();
    const { path, rows } = await someFile();
    const copy = path.replace(/\d{20}\.parquet$/, "00000000000000000007.parquet");
    await ground.hdfs.create(copy, (await ground.hdfs.read(path))!);
    const broken = await look(offsets);
    assert.throws(
      () => assertConserved(broken),
      ({ message }: Error) => {
        assert.match(message, new RegExp(`\n {2}files: double ${rows}\n`));
        for (const file of [path, copy]) assert.ok(message.includes(`${file}, row 1`), message);
        assert.match(message, /\n {2}counted: double \d+\n/);
        return true;
      },
    );
  });

  it("names the one message that a commit covers without holding it", async () => {
    let skipped: TopicMessage | undefined;
    const offsets = await ground.land((message) => {
      if (message.partition === 0 && message.offset === 1) skipped = message;
      return message === skipped;
    });
    const { event_id } = JSON.parse(skipped!.value!) as { event_id: string };
    const broken = await look(offsets);
    const where = `topic ${ground.name}, partition 0, offset 1: the commit of offsets 0 to`;
    assert.throws(
      () => assertConserved(broken),
      new RegExp(`\n {2}files: missing 1\n {4}${event_id}: ${where}`),
    );
  });
});

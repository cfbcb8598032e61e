// Rows are removed after their audit, with a record of it. The ledgers and records are in an HDFS
// in memory; topic, files and tables are lists of rows.
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { commitPath, forgetPlanPath, removalPath } from "../layout.ts";
import { HdfsModel } from "../testbed/hdfs-model.fixture.ts";
import { audit } from "./audit.ts";
import { auditAgain } from "./audit-again.ts";
import { isIn } from "./coverage.ts";
import { appendRemoval, type Removal, type RemovalRecord } from "./removals.ts";
import { Tally } from "./tally.ts";
import type { Witnesses } from "./witnesses.ts";

const place = { topic: "t", root: "/q", schema: "s" };
const day = "2026-01-31";
const partition = 0;

interface Row {
  offset: number;
  type: string;
  id: string;
}

class World {
  readonly hdfs = new HdfsModel({ pageSize: 1000 });
  sent: Row[] = [];
  files: Row[] = [];
  low = 0; // of the topic

  get options() {
    return { ...place, hdfs: this.hdfs, witnesses: this.witnesses, days: "all" as const };
  }

  get witnesses(): Witnesses {
    const tally = (rows: readonly Row[], ranges: Parameters<Witnesses["files"]>[0]) => {
      const found = new Tally();
      for (const { offset, type, id } of rows)
        if (isIn(ranges, partition, offset)) found.add(type, day, { partition, offset }, id);
      return Promise.resolve(new Map([[partition, found]]));
    };
    return {
      lows: () => Promise.resolve(new Map([[partition, this.low]])),
      topic: (ranges) =>
        tally(
          this.sent.filter(({ offset }) => offset >= this.low),
          ranges,
        ),
      files: async (ranges) => ({ tallies: await tally(this.files, ranges), refused: new Set() }),
      tables: (ranges) => tally(this.files, ranges),
      counts: () => Promise.resolve(this.files.map(({ type }) => ({ type, day, messages: 1 }))),
      rebuiltTypes: () => Promise.resolve([]),
      explain: () => Promise.resolve([]),
    };
  }

  /** Commits 4 rows, and audits them. */
  async land(): Promise<void> {
    const first = this.sent.length;
    const rows = [0, 1, 2, 3].map((i): Row => {
      return { offset: first + i, type: i === 0 ? "buy" : "sell", id: `id-${first + i}` };
    });
    this.sent.push(...rows);
    this.files.push(...rows);
    const record = { ...place, writer: "w", partition, first, last: first + 3, files: [{ day }] };
    await this.hdfs.create(commitPath({ ...place, partition }, first), Buffer.from(JSON.stringify(record)));
    assert.deepEqual((await audit(this.options)).problems, []);
  }

  /** Removes rows from files and topic, and returns the content of the record. */
  remove(offsets: readonly number[], to = Math.max(...offsets) + 1): Removal {
    const ranges = [0, 4].filter((from) => offsets.some((one) => one >= from && one < from + 4));
    const removed = ranges.map((from) => {
      const tally = new Tally();
      for (const { offset, type, id } of this.files)
        if (offsets.includes(offset) && offset >= from && offset < from + 4)
          tally.add(type, day, { partition, offset }, id);
      return { partition, from, to: from + 4, counts: tally.counts, digest: tally.digest };
    });
    this.files = this.files.filter(({ offset }) => !offsets.includes(offset));
    this.low = to;
    const began_at = "2026-02-01T00:00:00.000Z";
    return { id: randomUUID(), topic: "t", began_at, removed, deleted: [{ partition, offset: to }] };
  }

  async problems(): Promise<string[]> {
    const again = await auditAgain(this.options);
    const now = await audit(this.options);
    return [...new Set([...again.problems, ...now.problems])];
  }

  /** Changes the record with a right hash, as a forger does. */
  async forge(number: number, change: (record: RemovalRecord) => void): Promise<void> {
    const path = removalPath(place.root, place.topic, number);
    const record = JSON.parse((await this.hdfs.read(path))!.toString()) as Partial<RemovalRecord>;
    delete record.sha256;
    change(record as RemovalRecord);
    const sha256 = createHash("sha256").update(JSON.stringify(record)).digest("hex");
    await this.hdfs.remove(path);
    await this.hdfs.create(path, Buffer.from(JSON.stringify({ ...record, sha256 })));
  }
}

/** A world of 8 rows, of which those at 1 and 5 were removed, and later the one at 6. */
async function removedWorld(): Promise<World> {
  const world = new World();
  for (let i = 0; i < 2; i++) await world.land();
  await appendRemoval(world.hdfs, place.root, world.remove([1, 5]));
  await appendRemoval(world.hdfs, place.root, world.remove([6]));
  return world;
}

describe("removals", () => {
  it("keep the audits right: of the sums, and of each record again, and of later messages", async () => {
    const world = await removedWorld();
    assert.deepEqual(await world.problems(), []);
    await world.land();
    const { messages, audits, problems } = await auditAgain(world.options);
    assert.deepEqual([messages, audits, problems], [12 - 3, 3, []]);
  });

  it("are recorded once, also if the command writes its record again", async () => {
    const world = new World();
    for (let i = 0; i < 2; i++) await world.land();
    const removal = world.remove([1]);
    for (let i = 0; i < 2; i++) await appendRemoval(world.hdfs, place.root, removal);
    assert.deepEqual(await world.problems(), []);
    assert.equal(await world.hdfs.status(removalPath(place.root, "t", 1)), null);
  });

  it("are a problem of each audit while one is at work, or was interrupted", async () => {
    const world = await removedWorld();
    const plan = { ...world.remove([7]), files: [] };
    await world.hdfs.create(forgetPlanPath(place.root), Buffer.from(JSON.stringify(plan)));
    const told = /^a removal that began at 2026-02-01T00:00:00.000Z has not ended; .*npm run forget$/;
    assert.ok((await world.problems()).some((one) => told.test(one)));
    await appendRemoval(world.hdfs, place.root, plan);
    assert.deepEqual(await world.problems(), []);
  });

  type Forgery = [what: string, found: RegExp, forge: (world: World) => Promise<void>];
  const path = removalPath(place.root, place.topic, 0);
  const FORGERIES: Forgery[] = [
    [
      "a row that is lost without a record",
      /the ledger has \d messages, Trino shows \d rows/,
      (world) => {
        world.remove([7]);
        return Promise.resolve();
      },
    ],
    [
      "an edited record",
      /expected content of the hash/,
      async ({ hdfs }) => {
        const text = (await hdfs.read(path))!.toString();
        await hdfs.remove(path);
        await hdfs.create(path, Buffer.from(text.replace('"sell"', '"buy"')));
      },
    ],
    ["a removed record", /expected the removal number 0/, ({ hdfs }) => hdfs.remove(path)],
    [
      "a cut record",
      /expected a record in JSON/,
      async ({ hdfs }) => {
        await hdfs.remove(path);
        await hdfs.create(path, Buffer.from("{"));
      },
    ],
    [
      "a forged record in front of another one",
      /expected the hash .* of the record before/,
      (world) =>
        world.forge(0, (record) => {
          record.removed.pop();
        }),
    ],
    [
      "a last record of more rows than are gone",
      /the ledger has \d messages, Trino shows \d rows/,
      (world) =>
        world.forge(1, ({ removed }) => {
          removed[0]!.counts[0]!.messages = 2;
        }),
    ],
    [
      "a last record of more rows than there were",
      /expected at most as many removed rows as the ledger counts/,
      (world) =>
        world.forge(1, ({ removed }) => {
          removed[0]!.counts[0]!.messages = 9;
        }),
    ],
    [
      "a last record with another digest",
      /as many messages as the record, but other ones/,
      (world) =>
        world.forge(1, ({ removed }) => {
          removed[0]!.digest = ["1", "2"];
        }),
    ],
    [
      "a last record of offsets that no audit has",
      /expected a record of the ledger for partition 0, offsets \[4, 7\), found none/,
      (world) =>
        world.forge(1, ({ removed }) => {
          removed[0]!.to = 7;
        }),
    ],
    [
      "a record of rows whose messages the topic still has",
      /expected partition 0 to begin at offset 8 or behind, got 7/,
      async (world) => {
        await appendRemoval(world.hdfs, place.root, world.remove([7]));
        world.low = 7;
      },
    ],
    [
      "a record that names no deletion from the topic",
      /expected their messages to be deleted from the topic/,
      (world) =>
        world.forge(1, (record) => {
          record.deleted = [];
        }),
    ],
  ];
  for (const [what, found, forge] of FORGERIES)
    it(`do not hide ${what}`, async () => {
      const world = await removedWorld();
      await forge(world);
      assert.match((await world.problems()).join("\n"), found);
    });
});

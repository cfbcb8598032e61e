// A ledger in an HDFS in memory; each damage changes its files as a person with an editor could.
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { auditFolder, auditPath } from "../layout.ts";
import { HdfsModel } from "../testbed/hdfs-model.fixture.ts";
import { appendRecord, auditOf, type AuditRecord, endOf, type Ledger, readLedger } from "./ledger.ts";

const root = "/q";
const topic = "game_events";
const keyOf = (partition: number) => ({ root, topic, partition });
const ENDS = [10, 25, 30, 50]; // offsets behind the records

describe("the ledger of a partition", () => {
  let hdfs: HdfsModel;
  let ledger: Ledger;

  beforeEach(async () => {
    hdfs = new HdfsModel();
    ledger = await written(0);
  });

  /** Writes the records of a partition. */
  async function written(partition: number): Promise<Ledger> {
    const one = await readLedger(hdfs, keyOf(partition));
    for (const to of ENDS) assert.ok(await appendRecord(hdfs, one, auditUpTo(one, to)));
    return one;
  }

  const pathOf = (i: number) => auditPath(keyOf(0), ledger.records[i]!.from);
  const textOf = (i: number) => hdfs.nodes.get(pathOf(i)) as Buffer;
  const recordAt = (i: number) => JSON.parse(textOf(i).toString()) as AuditRecord;
  const write = (path: string, content: object | string | Buffer) =>
    hdfs.nodes.set(
      path,
      Buffer.isBuffer(content)
        ? content
        : Buffer.from(typeof content === "string" ? content : JSON.stringify(content)),
    );
  const problems = async () => (await readLedger(hdfs, keyOf(0))).problems;

  it("is read back whole, from offset 0 to the end of the last audit, and leaves no staged file", async () => {
    const { records, problems } = await readLedger(hdfs, keyOf(0));
    assert.deepEqual(problems, []);
    assert.deepEqual(records, ledger.records);
    assert.equal(endOf({ records }), 50);
    assert.deepEqual(hdfs.files(`${root}/staging`), []);
  });

  it("finds every field of a record that is changed, alone or together with the record's hash", async () => {
    for (const i of [0, 1, 3]) {
      const paths = leavesOf(recordAt(i));
      assert.ok(paths.length > 20, "the record has fields");
      const original = textOf(i);
      for (const path of paths)
        for (const isHashed of [false, true]) {
          const changed = changedAt(recordAt(i), path);
          write(pathOf(i), isHashed ? rehashed(changed) : changed);
          const found = await problems();
          const isPlausible = isHashed && (path[0] === "sha256" || (i === 3 && PLAUSIBLE.includes(path[0]!)));
          if (!isPlausible) assert.equal(found.length, 1, `record ${i}, ${path.join(".")}`);
          write(pathOf(i), original);
        }
    }
  });

  const damages: [name: string, damage: () => void, named: number, reason: RegExp][] = [
    [
      "a record is removed",
      () => hdfs.nodes.delete(pathOf(1)),
      2,
      /expected a record from offset 10, behind/,
    ],
    ["the first record is removed", () => hdfs.nodes.delete(pathOf(0)), 1, /from offset 0, behind/],
    [
      "a record is cut off",
      () => write(pathOf(2), textOf(2).subarray(0, 99)),
      2,
      /99 bytes that are not JSON/,
    ],
    ["a record is empty", () => write(pathOf(2), ""), 2, /0 bytes that are not JSON/],
    ["a record is another document", () => write(pathOf(2), [1]), 2, /expected a record of version 1/],
    [
      "a record of another partition takes its place",
      () => write(pathOf(1), JSON.stringify(recordOf(1, 1))),
      1,
      /expected a record of topic game_events, partition 0, got topic game_events, partition 1/,
    ],
    [
      "two records are swapped",
      () => {
        const [one, two] = [textOf(1), textOf(2)];
        write(pathOf(1), two);
        write(pathOf(2), one);
      },
      1,
      /expected a record under the name of its offset 25/,
    ],
    [
      "the records of another ledger follow, from the same offset",
      () => {
        for (const i of [2, 3]) write(pathOf(i), recordOf(0, i, "another ledger"));
      },
      2,
      /expected the hash \w+ of the record before, got/,
    ],
  ];
  const cases = damages.flatMap((one) => [false, true].map((isPacked) => ({ one, isPacked })));
  for (const {
    one: [name, damage, named, reason],
    isPacked,
  } of cases)
    it(`names the record, and the reason, when ${name}${isPacked ? ", of a ledger with packs" : ""}`, async () => {
      await written(1);
      if (isPacked) await lengthen(120);
      const path = pathOf(named);
      damage();
      const [problem = "", ...others] = await problems();
      assert.ok(problem.startsWith(`${path}: `), problem);
      assert.match(problem, reason);
      assert.match(
        problem,
        /; remove this record and the ones behind it, and npm run audit makes them again$/,
      );
      assert.deepEqual(others, []);
    });

  it("names a record that stands under a second name too", async () => {
    const copy = auditPath(keyOf(0), 11);
    write(copy, textOf(1));
    assert.match((await problems())[0]!, new RegExp(`^${copy}: expected a record under the name of its`));
  });

  it("takes the record of one of two audits at once; the other one has that record then", async () => {
    const other = await readLedger(hdfs, keyOf(0));
    const won = await appendRecord(hdfs, ledger, auditUpTo(ledger, 80));
    const lost = await appendRecord(hdfs, other, auditUpTo(other, 60));
    assert.equal(won?.to, 80);
    assert.equal(lost, null);
    assert.deepEqual(other.records, ledger.records);
    assert.deepEqual(hdfs.files(`${root}/staging`), []);
    await assert.rejects(appendRecord(hdfs, other, auditUpTo({ ...other, records: [] }, 90)), {
      message: "ledger: expected a record from 80, got 0",
    });
  });

  it("takes its own record after an answer that was lost", async () => {
    const rename = hdfs.rename.bind(hdfs);
    hdfs.rename = async (from, to) => {
      await rename(from, to);
      return Promise.reject(new Error("socket hang up"));
    };
    assert.equal((await appendRecord(hdfs, ledger, auditUpTo(ledger, 70)))?.to, 70);
    assert.deepEqual(await problems(), []);
  });

  /** Appends records until there are `count`, and reads the ledger, which makes packs. */
  async function lengthen(count: number): Promise<void> {
    while (ledger.records.length < count)
      await appendRecord(hdfs, ledger, auditUpTo(ledger, endOf(ledger) + 10));
    await readLedger(hdfs, keyOf(0));
  }

  /** The files that a reading of the ledger reads. */
  async function filesRead(options = {}): Promise<string[]> {
    const read: string[] = [];
    const readOne = hdfs.read.bind(hdfs);
    hdfs.read = (path) => {
      read.push(path);
      return readOne(path);
    };
    assert.deepEqual(await readLedger(hdfs, keyOf(0), options), ledger);
    hdfs.read = readOne;
    return read;
  }

  it("is read in one file for 100 records, and one for each other record; whole with packs off", async () => {
    await lengthen(350);
    const read = await filesRead();
    assert.equal(read.length, 3 + 50);
    assert.equal((await filesRead({ packs: false })).length, 350);
  });

  it("finds a packed record that was edited to another text of the same length", async () => {
    await lengthen(120);
    write(pathOf(1), textOf(1).toString().replace("2026-01-31", "2026-01-30"));
    assert.match((await problems())[0]!, /^\/q\/audits\/.*: expected content of the hash/);
  });

  const packs = () => hdfs.files(`${root}/audit_packs`);
  for (const [name, damage] of [
    ["is cut off", (bytes: Buffer) => bytes.subarray(0, 999)],
    ["is empty", () => Buffer.alloc(0)],
    ["is another document", () => Buffer.from("{}")],
    ["has records without text", () => Buffer.from("[{}, 1, null]")],
  ] as const)
    it(`is whole if a pack ${name}, and the pack is written again`, async () => {
      await lengthen(120);
      const whole = packs();
      assert.equal(whole.length, 1);
      for (const [path, bytes] of whole) write(path, damage(bytes));
      assert.equal((await filesRead()).length, 1 + 120);
      assert.deepEqual(packs(), whole);
      assert.equal((await filesRead()).length, 1 + 20);
    });

  it("believes a forged pack only where `npm run audit -- --all` does not", async () => {
    await lengthen(120);
    for (const [path, bytes] of packs()) write(path, bytes.toString().replaceAll("2026-01-31", "2026-01-30"));
    assert.equal((await readLedger(hdfs, keyOf(0))).problems.length, 1);
    assert.deepEqual((await readLedger(hdfs, keyOf(0), { packs: false })).problems, []);
  });

  /** The record `i` of a ledger that was written elsewhere. */
  function recordOf(partition: number, i: number, writer = "w"): AuditRecord {
    const key = keyOf(partition);
    const records: AuditRecord[] = [];
    for (const to of ENDS.slice(0, i + 1)) {
      const audit = auditUpTo({ key, records, problems: [] }, to);
      const previous = records.at(-1)?.sha256 ?? null;
      records.push(
        rehashed({ version: 1, ...audit, made_at: "2026-01-31", writer, previous } as AuditRecord),
      );
    }
    return records[i]!;
  }

  it("is empty before the first audit", async () => {
    const empty = await readLedger(hdfs, keyOf(7));
    assert.deepEqual([empty.records, empty.problems, endOf(empty)], [[], [], 0]);
    assert.deepEqual(await hdfs.status(auditFolder(keyOf(7))), null);
  });
});

/** Fields of the last record that only the sums over the ledger, or `--all`, can check. */
const PLAUSIBLE = ["made_at", "writer", "to", "lost", "counts", "digests"];

function auditUpTo(ledger: Ledger, to: number) {
  const { topic, partition } = ledger.key;
  const from = endOf(ledger);
  const lost = [{ from, to, before: "landing" as const }];
  const counts = [
    { type: "join_a_guild", day: "2026-01-31", messages: to - from },
    { type: "default", day: "2026-02-01", messages: 1 },
  ];
  return auditOf({ topic, partition, from, to, lost }, counts, ["-12", "345"], true);
}

function rehashed(record: AuditRecord): AuditRecord {
  const content: Partial<AuditRecord> = { ...record };
  delete content.sha256;
  return { ...record, sha256: createHash("sha256").update(JSON.stringify(content)).digest("hex") };
}

/** The paths to all texts and numbers of a record. */
function leavesOf(value: unknown, path: string[] = []): string[][] {
  if (typeof value !== "object" || value === null) return [path];
  return Object.entries(value).flatMap(([name, one]) => leavesOf(one, [...path, name]));
}

/** The record with one other text or number. */
function changedAt<T>(value: T, [name, ...rest]: string[]): T {
  if (name !== undefined) {
    const copy = (Array.isArray(value) ? [...value] : { ...value }) as Record<string, unknown>;
    copy[name] = changedAt(copy[name], rest);
    return copy as T;
  }
  return (typeof value === "number" ? value + 1 : `${value as string}1`) as T;
}

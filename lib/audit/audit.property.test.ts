// Random histories of commits, audits, crashes and tampering. The ledger never vouches for a
// message that was lost, doubled or changed. The files and tables are lists of rows; the ledger and
// the commit records are in an HDFS in memory.
import assert from "node:assert/strict";
import fc from "fast-check";
import { commitPath } from "../layout.ts";
import { HdfsModel } from "../testbed/hdfs-model.fixture.ts";
import type { Hdfs } from "../webhdfs.ts";
import { audit, type Proof } from "./audit.ts";
import { isIn } from "./coverage.ts";
import { type AuditRecord, readLedger } from "./ledger.ts";
import { Tally } from "./tally.ts";
import type { Witnesses } from "./witnesses.ts";

const place = { topic: "t", root: "/q", schema: "s" };
const PARTITIONS = [0, 1];
const PORTION = 4; // offsets

interface Row {
  partition: number;
  offset: number;
  type: string;
  day: string;
  id: string;
}

const step = fc.oneof(
  { weight: 4, arbitrary: fc.record({ do: fc.constant("commit" as const), n: fc.nat(3), at: fc.nat() }) },
  { weight: 3, arbitrary: fc.record({ do: fc.constant("audit" as const), n: fc.nat(0), at: fc.nat() }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("crash" as const), n: fc.nat(25), at: fc.nat() }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("retention" as const), n: fc.nat(9), at: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constantFrom("lose" as const, "double" as const, "change" as const, "lose in tables" as const),
      n: fc.nat(0),
      at: fc.nat(),
    }),
  },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class World {
  readonly hdfs = new HdfsModel({ pageSize: 1000 });
  readonly sent: Row[] = []; // the truth
  files: Row[] = [];
  hidden = new Set<Row>(); // rows of files that no table shows
  readonly lows = new Map(PARTITIONS.map((partition) => [partition, 0]));
  /** Positions at which somebody tampered before an audit, and after it. */
  readonly tampered = new Set<string>();
  tamperings = 0;
  countChanged = false; // of audited rows, by the last tampering
  readonly vouched = new Set<string>(); // positions in records, without the lost ones

  get witnesses(): Witnesses {
    const tally = (rows: Row[], ranges: Parameters<Witnesses["files"]>[0]) => {
      const tallies = new Map(ranges.map(({ partition }) => [partition, new Tally()]));
      for (const row of rows)
        if (isIn(ranges, row.partition, row.offset))
          tallies.get(row.partition)!.add(row.type, row.day, row, row.id);
      return Promise.resolve(tallies);
    };
    const inTables = () => this.files.filter((row) => !this.hidden.has(row));
    return {
      lows: () => Promise.resolve(this.lows),
      topic: (ranges) =>
        tally(
          this.sent.filter(({ partition, offset }) => offset >= this.lows.get(partition)!),
          ranges,
        ),
      files: async (ranges) => ({ tallies: await tally(this.files, ranges), refused: new Set() }),
      tables: (ranges) => tally(inTables(), ranges),
      counts: (ends) =>
        Promise.resolve(
          inTables()
            .filter(({ partition, offset }) => offset < (ends.get(partition) ?? Infinity))
            .map(({ type, day }) => ({ type, day, messages: 1 })),
        ),
      rebuiltTypes: () => Promise.resolve([]),
      explain: () => Promise.resolve([]),
    };
  }

  async commit(n: number, at: number): Promise<void> {
    const partition = at % PARTITIONS.length;
    const first = this.sent.filter((row) => row.partition === partition).length;
    const rows = Array.from({ length: n + 1 }, (_, i): Row => {
      const offset = first + i;
      return {
        partition,
        offset,
        type: "a",
        day: `2026-01-0${1 + (offset % 3)}`,
        id: `${partition}-${offset}`,
      };
    });
    this.sent.push(...rows);
    this.files.push(...rows.map((row) => ({ ...row })));
    const record = { writer: "w", ...place, partition, first, last: first + n, files: rows };
    await this.hdfs.create(commitPath({ ...place, partition }, first), Buffer.from(JSON.stringify(record)));
  }

  tamper(kind: Step["do"], at: number): void {
    const row = this.files[at % this.files.length];
    if (row === undefined || this.hidden.has(row)) return;
    const isAudited = this.vouched.has(keyOf(row));
    this.tampered.add(keyOf(row));
    this.tamperings++;
    if (kind === "lose") this.files = this.files.filter((one) => one !== row);
    if (kind === "double") this.files.push({ ...row });
    if (kind === "lose in tables") this.hidden.add(row);
    if (kind === "change") row.id = "another";
    this.countChanged ||= isAudited && kind !== "change";
  }

  /** Whether files and tables have the message once, as it was sent. */
  isTrue(key: string): boolean {
    const [row, ...others] = this.files.filter((one) => keyOf(one) === key);
    if (row === undefined || others.length > 0 || this.hidden.has(row)) return false;
    return row.id === this.sent.find((one) => keyOf(one) === key)!.id;
  }

  audit(hdfs: Hdfs = this.hdfs): Promise<Proof> {
    return audit({ ...place, hdfs, witnesses: this.witnesses, maxOffsets: PORTION, days: "all" });
  }

  async records(): Promise<AuditRecord[]> {
    const ledgers = PARTITIONS.map((partition) => readLedger(this.hdfs, { ...place, partition }));
    const read = await Promise.all(ledgers);
    for (const { problems } of read) assert.deepEqual(problems, []);
    return read.flatMap(({ records }) => records);
  }
}

describe("the ledger, for every history", () => {
  it("vouches for no message that was lost, doubled or changed before its audit, or lost from the topic", async () => {
    let vouched = 0;
    let refused = 0;
    let crashed = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 25 }), async (steps) => {
        const world = new World();
        for (const { do: verb, n, at } of steps) {
          if (verb === "commit") await world.commit(n, at);
          else if (verb === "retention") retain(world, n, at);
          else if (verb === "audit") await world.audit();
          else if (verb === "crash") crashed += await crashedAudit(world, n);
          else world.tamper(verb, at);
          for (const record of await world.records()) {
            for (const key of positionsOf(record)) {
              if (world.vouched.has(key)) continue;
              assert.ok(world.isTrue(key), `${key} was tampered with before its audit`);
              world.vouched.add(key);
              vouched++;
            }
          }
        }
        const { problems, now, before, lost } = await world.audit();
        const all = await world.records();
        const said = all.flatMap(({ counts }) => counts).reduce((sum, { in_tables }) => sum + in_tables, 0);
        assert.equal(now.messages + before.messages, said);
        if (world.countChanged && world.tamperings === 1) assert.notDeepEqual(problems, []);
        if (world.tampered.size === 0) {
          assert.equal(said, world.sent.length);
          assert.equal(lost.length > 0 || problems.length === 0, true, problems.join("\n"));
        } else refused += problems.length > 0 ? 1 : 0;
      }),
      { numRuns: 1_500 },
    );
    assert.ok(vouched > 5_000 && refused > 100 && crashed > 100, `${vouched}, ${refused}, ${crashed}`);
  });
});

/** Runs an audit whose HDFS goes away after `n` calls; 1 if that ended it. */
async function crashedAudit(world: World, n: number): Promise<number> {
  let left = n;
  const hdfs = new Proxy(world.hdfs, {
    get(target, name: keyof Hdfs) {
      return (...args: never[]) => {
        if (left-- <= 0) return Promise.reject(new Error("crash"));
        return (target[name] as (...args: never[]) => unknown).call(target, ...args);
      };
    },
  });
  try {
    await world.audit(hdfs);
    return 0;
  } catch (error) {
    assert.equal((error as Error).message, "crash");
    return 1;
  }
}

function retain({ lows, sent }: World, n: number, at: number): void {
  const partition = at % PARTITIONS.length;
  const high = sent.filter((row) => row.partition === partition).length;
  lows.set(partition, Math.min(high, lows.get(partition)! + n));
}

/** The positions that a record vouches for. */
function positionsOf({ partition, from, to, lost }: AuditRecord): string[] {
  const offsets = Array.from({ length: to - from }, (_, i) => from + i);
  return offsets
    .filter((offset) => !lost.some((one) => offset >= one.from && offset < one.to))
    .map((offset) => `${partition}/${offset}`);
}

function keyOf({ partition, offset }: Row): string {
  return `${partition}/${offset}`;
}

// Days of several tables in an HDFS in memory, with an engine that cannot rewrite some of them.
import assert from "node:assert/strict";
import { setImmediate } from "node:timers/promises";
import { tables } from "../ask/tables.ts";
import { DayFolders } from "../day-folders.ts";
import { compactedFolder, dayFolder } from "../layout.ts";
import { HdfsModel } from "../testbed/hdfs-model.fixture.ts";
import { readSwaps } from "../swaps.ts";
import { compactDays, type CompactOptions, type CompactWork, finishNewest } from "./compact-days.ts";
import type { SwapEngine } from "./swap-day.ts";

const root = "/q";
const day = "2026-01-31";

type Work = CompactWork & { hdfs: HdfsModel; tried: string[] };

/** Days of each table; the engine fails at `broken`. */
async function newWork(broken: readonly string[] = [], days = [day]): Promise<Work> {
  const hdfs = new HdfsModel({ pageSize: 1_000 });
  const locations = new Map<string, string>();
  for (const { table } of tables)
    for (const one of days) await hdfs.create(`${dayFolder(root, table, one)}/a.parquet`, Buffer.from("a"));
  const tried: string[] = [];
  const engine: SwapEngine = {
    location: ({ table, day }) =>
      Promise.resolve(locations.get(`${table}/${day}`) ?? dayFolder(root, table, day)),
    setLocation: ({ table, day }, folder) => {
      locations.set(`${table}/${day}`, folder);
      return Promise.resolve();
    },
    rewrite: async ({ table, reason }, { id, folder, from, before }) => {
      tried.push(table);
      if (broken.includes(table)) throw new Error(`table ${table}: a file is broken`);
      const name = `${id}.parquet`;
      await hdfs.create(`${folder}/${name}`, Buffer.from("a"));
      const files = before.map(({ name, bytes }) => ({ name, bytes, rows: 1 }));
      const new_files = [{ name, bytes: 1, rows: 1 }];
      return {
        reason,
        made_at: new Date().toISOString(),
        from,
        files,
        folder,
        new_files,
        rows: 1,
        removed: 0,
        kept: [],
      };
    },
    removeStaged: () => Promise.resolve(),
  };
  return { hdfs, root, schema: "default", engine, tried, untilWritersEnd: () => Promise.resolve() };
}

describe("compactDays(work, options)", () => {
  const names = tables.map(({ table }) => table);

  it("rewrites the other days when one cannot be rewritten, and then fails with its reason", async () => {
    const work = await newWork([names[0]!]);
    const lines: string[] = [];
    const options = { topics: [], graceMs: 0, day, log: (line: string) => lines.push(line) };
    await assert.rejects(compactDays(work, options), { message: `table ${names[0]}: a file is broken` });
    assert.deepEqual(
      lines.map((line) => line.split(" ")[0]),
      names.slice(1),
    );
  });

  it("stops at the third day that cannot be rewritten: then a server may be away", async () => {
    const work = await newWork(names);
    await assert.rejects(
      compactDays(work, { topics: [], graceMs: 0, day }),
      /a file is broken; 2 more days failed/,
    );
    assert.deepEqual(work.tried, names.slice(0, 3));
  });

  it("fails for a day of which no table has files; none fails for a day without due files", async () => {
    const work = await newWork([]);
    const one = (only?: string) => compactDays(work, { topics: [], graceMs: 0, day: only });
    await assert.rejects(one("2031-01-31"), {
      message: "expected files of the day 2031-01-31, found none in any table",
    });
    await one();
    assert.deepEqual((await one(day)).swaps, []);
  });

  /** The days that a call rewrites, of the first table; and the number of its requests to HDFS. */
  async function call(work: Work, options: Partial<CompactOptions> = {}) {
    let requests = 0;
    const hdfs = new Proxy(work.hdfs, {
      get: (of, name) => {
        const member = Reflect.get(of, name) as unknown;
        if (typeof member !== "function") return member;
        return (...args: unknown[]) => {
          requests++;
          return (member as (...all: unknown[]) => unknown).apply(of, args);
        };
      },
    });
    const { swaps } = await compactDays({ ...work, hdfs }, { topics: [], graceMs: 0, ...options });
    return { days: swaps.filter(({ table }) => table === names[0]).map((swap) => swap.day), requests };
  }

  it("rewrites several days of a table at once, and never two neighbours", async () => {
    const days = Array.from({ length: 9 }, (_, i) => `2026-01-0${i + 1}`);
    const work = await newWork([], days);
    const { rewrite } = work.engine;
    const atWork = new Set<string>();
    const seen: string[][] = [];
    work.engine.rewrite = async (request, attempt, at) => {
      atWork.add(request.day);
      seen.push([...atWork].sort());
      await setImmediate();
      const content = await rewrite(request, attempt, at);
      atWork.delete(request.day);
      return content;
    };
    const { swaps } = await compactDays(work, { topics: [], graceMs: 0 });
    assert.equal(swaps.length, days.length * names.length);
    assert.equal(Math.max(...seen.map((some) => some.length)), 3);
    const isNextTo = (one: string, other: string) => Number(other.slice(-2)) - Number(one.slice(-2)) === 1;
    const neighbours = seen.filter((some) => some.some((one) => some.some((other) => isNextTo(one, other))));
    assert.deepEqual(neighbours, []);
  });

  it("needs as many requests for 40 finished days as for 4, and finds a late file among them", async function () {
    this.timeout(30_000); // HDFS in memory looks at each name for a listing
    const costs: number[] = [];
    for (const count of [4, 40]) {
      const days = Array.from({ length: count }, (_, i) =>
        new Date(Date.parse(day) - i * 86_400_000).toISOString().slice(0, 10),
      );
      const work = await newWork([], days);
      assert.equal((await call(work)).days.length, count);
      for (let i = 0; i < 4; i++) await call(work); // days whose next day came later, replaced files, none due
      const { requests, days: none } = await call(work);
      assert.deepEqual(none, []);
      costs.push(requests);
      const file = { table: names[0]!, day: days[2]!, staged: "/q/staging/w/late" };
      await work.hdfs.create(file.staged, Buffer.from("late"));
      const folders = new DayFolders(work.hdfs, root);
      const target = `${await folders.folderOf(file.table, file.day)}/late.parquet`;
      await folders.move({ ...file, target });
      assert.deepEqual((await call(work)).days, [days[2]]);
    }
    assert.equal(costs[0], costs[1]);
  });

  /** Files of a swap of the first table that has just crashed; `age` makes them hours old. */
  async function crash(work: Work): Promise<{ folder: string; age: () => void }> {
    const folder = compactedFolder({ root, table: names[0]!, day }, "crashed");
    const list = work.hdfs.list.bind(work.hdfs);
    let crashedAt = Date.now();
    work.hdfs.list = async (...place) => {
      const { entries, more } = await list(...place);
      const modified_at = (name: string) => (name === "crashed" ? { modified_at: crashedAt } : {});
      return { entries: entries.map((entry) => ({ ...entry, ...modified_at(entry.name) })), more };
    };
    await work.hdfs.create(`${folder}/part`, Buffer.from("rows"));
    return { folder, age: () => (crashedAt = 0) };
  }

  it("deletes a crashed swap's files two hours later, also if the day was compacted meanwhile", async () => {
    const work = await newWork();
    const { folder, age } = await crash(work);
    for (let i = 0; i < 4; i++) await call(work); // swaps, deletes the replaced files, finds nothing due
    assert.notEqual(await work.hdfs.status(folder), null);
    age();
    await call(work);
    assert.equal(await work.hdfs.status(folder), null);
    const { requests } = await call(work);
    assert.ok((await call(work)).requests < requests, "the day is finished");
  });

  it("deletes them also on a day that can never be rewritten", async () => {
    const work = await newWork(names);
    const { folder, age } = await crash(work);
    await assert.rejects(call(work), /a file is broken/);
    assert.notEqual(await work.hdfs.status(folder), null);
    age();
    await assert.rejects(call(work), /a file is broken/);
    assert.equal(await work.hdfs.status(folder), null);
  });

  it("finishes an interrupted swap of a new day, and begins none", async () => {
    const work = await newWork();
    const killed = { ...work, at: (point: string) => assert.notEqual(point, "late_copied") };
    await assert.rejects(compactDays(killed, { topics: [], graceMs: 0, day }));
    const swaps = () => readSwaps(work.hdfs, { root, table: names[0]!, day });
    assert.deepEqual([(await swaps()).records.length, (await swaps()).done.size], [1, 0]);
    const tried = work.tried.length;
    await finishNewest(work);
    assert.deepEqual([...(await swaps()).done], [1]);
    assert.equal(work.tried.length, tried);
  });

  describe("on a day whose rows are not settled", () => {
    const MINUTE_MS = 60_000;
    const [one, next] = ["2026-01-31", "2026-02-01"];
    const settled = "settled-d837e888-d9be-4335-b1ff-1fae35866bd4-0.parquet";
    const open = "swap-1.parquet";

    /** Rewrites a day so many minutes after its end, into a file of this name. */
    async function rewriteAt(work: Work, which: string, minutes: number, name: string): Promise<void> {
      const { rewrite } = work.engine;
      work.engine.rewrite = async (request, attempt, at) => {
        const content = await rewrite(request, attempt, at);
        const [file] = content.new_files;
        await work.hdfs.rename(`${content.folder}/${file!.name}`, `${content.folder}/${name}`);
        const made_at = new Date(Date.parse(which) + (24 * 60 + minutes) * MINUTE_MS).toISOString();
        return { ...content, made_at, new_files: [{ ...file!, name }] };
      };
      assert.deepEqual((await call(work, { day: which })).days, [which]);
      work.engine.rewrite = rewrite;
    }

    /** Calls until nothing is due; the days that each call rewrites. */
    async function calls(work: Work): Promise<string[][]> {
      const all: string[][] = [];
      for (;;) {
        const { days } = await call(work);
        if (days.length === 0) return all;
        all.push(days);
      }
    }

    const DAY = 24 * 60;
    const cases: [what: string, rewritten: [string, number, string][], days: string[], due: string[][]][] = [
      ["the next day has no file", [[one, 15, open]], [one], []],
      [
        "the next day was rewritten later",
        [
          [one, 15, open],
          [next, 15, settled],
        ],
        [one, next],
        [[one]],
      ],
      [
        "it was rewritten after the next day",
        [
          [one, DAY + 40, open],
          [next, 15, settled],
        ],
        [one, next],
        [],
      ],
      [
        "it is settled",
        [
          [one, 15, settled],
          [next, 15, settled],
        ],
        [one, next],
        [],
      ],
      [
        "the next day was rewritten before its end",
        [
          [one, 15, open],
          [next, -60, settled],
        ],
        [one, next],
        [[next], [one]],
      ],
      ["the next day has not been rewritten yet", [[one, 15, open]], [one, next], [[next], [one]]],
      [
        "neither is settled",
        [
          [one, 15, open],
          [next, 15, open],
        ],
        [one, next],
        [[one]],
      ],
      ["young doubles are left", [[one, 5, settled]], [one], [[one]]],
    ];
    for (const [what, rewritten, days, due] of cases)
      it(`rewrites it ${due.flat().includes(one) ? "once more" : "no more"} if ${what}`, async () => {
        const work = await newWork([], days);
        for (const [which, minutes, name] of rewritten) await rewriteAt(work, which, minutes, name);
        assert.deepEqual(await calls(work), due);
      });

    it("rewrites each day of an old stack at most twice, and each after its next day", async () => {
      const all = Array.from({ length: 9 }, (_, i) => `2026-01-0${i + 1}`);
      const work = await newWork([], all);
      const found = (await calls(work)).flat();
      for (const [i, which] of all.entries()) {
        assert.ok(found.filter((name) => name === which).length <= 2, which);
        const after = all[i + 1];
        assert.ok(after === undefined || found.lastIndexOf(which) > found.indexOf(after), which);
      }
    });
  });

  describe("on a day that is not over", () => {
    const today = new Date().toISOString().slice(0, 10);
    const HOUR_MS = 3_600_000;

    async function land(work: Work, from: number, to: number): Promise<void> {
      for (let i = from; i < to; i++)
        await work.hdfs.create(`${dayFolder(root, names[0]!, today)}/${i}.parquet`, Buffer.from("a"));
    }

    it("waits for 10 new files", async () => {
      const work = await newWork([], []);
      await land(work, 0, 9);
      assert.deepEqual((await call(work, { periodMs: HOUR_MS })).days, []);
      await land(work, 9, 10);
      assert.deepEqual((await call(work, { periodMs: HOUR_MS })).days, [today]);
    });

    it("waits for its end if it has more files than a statement can name: it would lose each swap", async () => {
      const work = await newWork([], []);
      const name = (i: number) => `${"long".repeat(60)}-${i}.parquet`;
      for (let i = 0; i < 4_000; i++)
        await work.hdfs.create(`${dayFolder(root, names[0]!, today)}/${name(i)}`, Buffer.from("a"));
      assert.deepEqual((await call(work, { periodMs: HOUR_MS })).days, []);
      assert.deepEqual((await call(work, { day: today })).days, [today]);
    });

    it("is rewritten once more when it is over, also without a new file: young doubles are left", async () => {
      const work = await newWork([], []);
      await land(work, 0, 10);
      assert.deepEqual((await call(work, { periodMs: HOUR_MS })).days, [today]);
      assert.deepEqual((await call(work, { periodMs: HOUR_MS })).days, []);
      assert.deepEqual((await call(work, { day: today })).days, [today]);
    });

    it("waits for a period since the last rewrite", async () => {
      const work = await newWork([], []);
      await land(work, 0, 10);
      assert.deepEqual((await call(work, { periodMs: HOUR_MS })).days, [today]);
      await land(work, 10, 30);
      assert.deepEqual((await call(work, { periodMs: HOUR_MS })).days, []);
      assert.deepEqual((await call(work, { periodMs: 1 })).days, [today]);
    });

    it("does not wait for the period with 200 new files: each query opens all of them", async () => {
      const work = await newWork([], []);
      const files: [to: number, days: string[]][] = [
        [10, [today]],
        [209, []], // 199 more
        [210, [today]],
      ];
      let landed = 0;
      for (const [to, days] of files) {
        await land(work, landed, to);
        landed = to;
        assert.deepEqual((await call(work, { periodMs: HOUR_MS })).days, days, `${to} files`);
      }
    });

    it("waits longer after a rewrite of many rows, but at most for the period", async () => {
      const work = await newWork([], []);
      const { rewrite } = work.engine;
      work.engine.rewrite = async (...all) => ({ ...(await rewrite(...all)), rows: 30_000_000 });
      await land(work, 0, 200);
      assert.deepEqual((await call(work, { periodMs: HOUR_MS })).days, [today]);
      await land(work, 200, 400);
      assert.deepEqual((await call(work, { periodMs: HOUR_MS })).days, []);
      assert.deepEqual((await call(work, { periodMs: 1 })).days, [today]);
    });

    it("does nothing without a period", async () => {
      const work = await newWork([], []);
      await land(work, 0, 30);
      assert.deepEqual((await call(work)).days, []);
    });
  });
});

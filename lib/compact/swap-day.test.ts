// One process swaps a day, and another one changes its files at a chosen moment. HDFS and the
// metastore are in memory.
import assert from "node:assert/strict";
import { dayFolder, forgetPlanPath, rebuildFolder, type TableDay } from "../layout.ts";
import { DayFolders } from "../day-folders.ts";
import { copyLate, currentFiles, dataFiles, readSwaps } from "../swaps.ts";
import { HdfsModel } from "../testbed/hdfs-model.fixture.ts";
import { clearSwaps, swapDay, type SwapEngine, SwapLostError, type SwapWork } from "./swap-day.ts";

const place: TableDay = { root: "/q", table: "t", day: "2026-01-31" };
const FOLDER = dayFolder(place.root, place.table, place.day);

/** Writes all rows of a day into one file; `meanwhile` runs when the file is written. */
function newWork(hdfs: HdfsModel, meanwhile: () => Promise<void> = () => Promise.resolve()): SwapWork {
  let location = FOLDER;
  const engine: SwapEngine = {
    location: () => Promise.resolve(location),
    setLocation: (_, folder) => {
      location = folder;
      return Promise.resolve();
    },
    rewrite: async ({ reason }, { id, folder, from, before }) => {
      const texts: string[] = [];
      for (const { path } of before) texts.push(String(await hdfs.read(path)));
      const name = `swap-${id}-0.parquet`;
      await hdfs.create(`${folder}/${name}`, Buffer.from(texts.join("")));
      await meanwhile();
      const files = before.map((one) => ({ name: one.name, bytes: one.bytes, rows: 1 }));
      const new_files = [{ name, bytes: 0, rows: files.length }];
      return {
        reason,
        made_at: "",
        from,
        files,
        folder,
        new_files,
        rows: files.length,
        removed: 0,
        kept: [],
      };
    },
    removeStaged: () => Promise.resolve(),
  };
  return { hdfs, root: place.root, engine };
}

function swap(work: SwapWork) {
  return swapDay(work, { ...place, reason: "compaction" });
}

async function write(hdfs: HdfsModel, name: string, folder = FOLDER): Promise<void> {
  await hdfs.create(`/q/staging/w/${name}`, Buffer.from(name[0]!));
  await new DayFolders(hdfs, place.root).move({
    ...place,
    staged: `/q/staging/w/${name}`,
    target: `${folder}/${name}`,
  });
}

async function rowsOf(hdfs: HdfsModel): Promise<string> {
  const texts: string[] = [];
  for (const { path } of await currentFiles(hdfs, await readSwaps(hdfs, place)))
    texts.push(String(await hdfs.read(path)));
  return [...texts.join("")].sort().join("");
}

describe("swapDay(work, request), beside other processes", () => {
  const others: [string, (hdfs: HdfsModel) => Promise<void>][] = [
    [
      "a removal of events replaced a file by one of the same length, and has ended",
      async (hdfs) => {
        await hdfs.create("/q/forget/new/a", Buffer.from("-"));
        await hdfs.replace("/q/forget/new/a", `${FOLDER}/a.parquet`);
      },
    ],
    ["a removal of events is at work", (hdfs) => hdfs.create(forgetPlanPath("/q"), Buffer.from("{}"))],
    ["another process took the swap for a crashed one,", (hdfs) => hdfs.remove("/q/compacted")],
    ["a rebuild of the table has begun", (hdfs) => hdfs.makeFolder(rebuildFolder("/q", "t"))],
  ];
  for (const [event, meanwhile] of others)
    it(`changes nothing if ${event} while the rows were written`, async () => {
      const hdfs = new HdfsModel();
      await write(hdfs, "a.parquet");
      await write(hdfs, "b.parquet");
      await assert.rejects(swap(newWork(hdfs, () => meanwhile(hdfs))), SwapLostError);
      assert.equal((await readSwaps(hdfs, place)).records.length, 0);
      assert.deepEqual(hdfs.files("/q/compacted"), []);
      assert.deepEqual(hdfs.files("/q/staging"), []);
    });

  it("follows the swap again if a change of columns writes the old folder before it is done", async () => {
    const hdfs = new HdfsModel();
    const work = newWork(hdfs);
    await write(hdfs, "a.parquet");
    let isOld = false;
    const at = (point: string) => {
      if (point === "swap_done" && !isOld) void work.engine.setLocation(place, FOLDER);
      if (point === "swap_done") isOld = true;
    };
    const { folder } = (await swap({ ...work, at }))!;
    assert.ok(isOld);
    assert.equal(await work.engine.location(place), folder);
  });
});

/** The same HDFS, which waits before each call until `pass` lets it through. */
function inTurns(hdfs: HdfsModel) {
  let left = 0;
  const waiting: (() => void)[] = [];
  const pass = async (calls: number): Promise<void> => {
    left += calls;
    for (let idle = 0; idle < 3; idle++) {
      for (; left > 0 && waiting.length > 0; idle = 0, left--) waiting.shift()!();
      await new Promise((resolve) => setImmediate(resolve));
    }
  };
  const turns = new Proxy(hdfs, {
    get: (of, name) => {
      const member = Reflect.get(of, name) as unknown;
      if (typeof member !== "function") return member;
      return async (...args: unknown[]) => {
        await new Promise<void>((resolve) => waiting.push(resolve));
        return (member as (...all: unknown[]) => unknown).apply(of, args);
      };
    },
  });
  return { hdfs: turns, pass };
}

describe("swapDay(work, request), taken for a crashed one by clearSwaps", () => {
  it("loses no row, after any number of calls of either process", async () => {
    const ends = { done: 0, lost: 0 };
    for (let calls = 0; calls < 24; calls++)
      for (let others = 0; others < 12; others++) {
        const hdfs = new HdfsModel({ pageSize: 1000 });
        await write(hdfs, "a.parquet");
        const [swapping, clearing] = [inTurns(hdfs), inTurns(hdfs)];
        const work = newWork(hdfs);
        const waits = { untilWritersEnd: () => Promise.resolve() };
        const swapped = swap({ ...work, ...waits, hdfs: swapping.hdfs }).then(
          () => "done" as const,
          (error: unknown) => {
            assert.ok(error instanceof SwapLostError, String(error));
            return "lost" as const;
          },
        );
        const cleared = clearSwaps({ ...work, ...waits, hdfs: clearing.hdfs }, place, Infinity);
        await swapping.pass(calls);
        await clearing.pass(others);
        await swapping.pass(Infinity);
        await clearing.pass(Infinity);
        await cleared;
        ends[await swapped]++;
        const at = `${await swapped} after ${calls} calls of the swap, ${others} of the other process`;
        const shown = await dataFiles(hdfs, await work.engine.location(place));
        assert.deepEqual(
          await Promise.all(shown.map(async ({ path }) => String(await hdfs.read(path)))),
          ["a"],
          at,
        );
        const left = [...hdfs.nodes.keys()].filter((name) => /_dead|staging\/swap/.test(name));
        assert.deepEqual(left, [], at);
      }
    assert.ok(ends.done > 20 && ends.lost > 20, JSON.stringify(ends));
  });
});

describe("currentFiles(hdfs, swaps)", () => {
  it("names a late file once, also if it is copied into the new folder meanwhile", async () => {
    const hdfs = new HdfsModel();
    await write(hdfs, "a.parquet");
    const { folder } = (await swap(newWork(hdfs)))!;
    await hdfs.create(`${FOLDER}/b.parquet`, Buffer.from("b"));
    const swaps = await readSwaps(hdfs, place);
    const list = hdfs.list.bind(hdfs);
    hdfs.list = async (...at) => {
      const found = await list(...at);
      if (at[0] !== folder) return found;
      hdfs.list = list;
      await copyLate(hdfs, swaps);
      return found;
    };
    const names = (await currentFiles(hdfs, swaps)).map(({ name }) => name);
    assert.equal(names.filter((name) => name === "b.parquet").length, 1, names.join());
  });
});

describe("clearSwaps(work, place, graceMs)", () => {
  it("deletes a late file that a later swap has merged from all older folders", async () => {
    const hdfs = new HdfsModel();
    const work = newWork(hdfs);
    await write(hdfs, "a.parquet");
    await swap(work);
    await clearSwaps(work, place, 0);
    await write(hdfs, "b.parquet");
    await swap(work);
    await clearSwaps(work, place, 0);
    assert.deepEqual(await dataFiles(hdfs, FOLDER), []);
    assert.equal(await rowsOf(hdfs), "ab");
    await write(hdfs, "c.parquet");
    assert.equal(await rowsOf(hdfs), "abc");
  });

  it("deletes a file that a slow writer has moved into a folder that was deleted", async () => {
    const hdfs = new HdfsModel();
    const work = newWork(hdfs);
    await write(hdfs, "a.parquet");
    const { folder } = (await swap(work))!;
    await swap(work);
    await clearSwaps(work, place, 0);
    assert.equal(await hdfs.status(folder), null);
    await write(hdfs, "b.parquet", folder);
    assert.equal(await rowsOf(hdfs), "ab");
    assert.ok((await clearSwaps(work, place, 0)) > 0);
    assert.equal(await hdfs.status(folder), null);
    assert.equal(await rowsOf(hdfs), "ab");
  });

  it("deletes a file that came after a swap, when the next swap has merged its copy", async () => {
    const hdfs = new HdfsModel();
    const work = newWork(hdfs);
    await write(hdfs, "a.parquet");
    const { folder } = (await swap(work))!;
    await swap(work);
    await write(hdfs, "b.parquet", folder); // its writer has not seen the second swap
    await swap(work);
    await clearSwaps(work, place, 0);
    assert.deepEqual(await dataFiles(hdfs, folder), []);
    assert.equal(await rowsOf(hdfs), "ab");
  });
});

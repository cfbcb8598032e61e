// A writer is killed at a step of its commit, and swaps come before or after. Another writer opens
// the chain. HDFS and the metastore are in memory; a file's rows are a list in JSON.
import assert from "node:assert/strict";
import { clearSwaps, swapDay, type SwapWork } from "../compact/swap-day.ts";
import type { CommitPoint } from "../kill-at.ts";
import { type CommitRecord, openChain } from "../land/commits.ts";
import { commitPath, dayFolder, type TableDay } from "../layout.ts";
import { currentFiles, findCommitted, readSwaps } from "../swaps.ts";
import { HdfsModel } from "../testbed/hdfs-model.fixture.ts";
import { DAY, key, newBatch } from "../testbed/histories.fixture.ts";

const place: TableDay = { root: key.root, table: "t0", day: DAY };

class World {
  readonly hdfs = new HdfsModel();
  #location = dayFolder(place.root, place.table, place.day);

  async rowsIn(path: string): Promise<number[]> {
    return JSON.parse(String(await this.hdfs.read(path))) as number[];
  }

  /** Commits offsets `[first, first + 2)` of a table; the writer dies at `point`. */
  async commit(first: number, point?: CommitPoint): Promise<void> {
    const at = (now: CommitPoint) => {
      if (now === point) throw new Error("killed");
    };
    const chain = await openChain(this.hdfs, key, at);
    const committed = chain.commit(newBatch(first, first + 1, 0));
    await (point === undefined ? committed : assert.rejects(committed, /killed/));
  }

  async swap(): Promise<void> {
    await swapDay(this.#work(), { ...place, reason: "compaction" });
  }

  async clear(): Promise<void> {
    await clearSwaps(this.#work(), place, 0);
  }

  #work(): SwapWork {
    const engine: SwapWork["engine"] = {
      location: () => Promise.resolve(this.#location),
      setLocation: (_, folder) => {
        this.#location = folder;
        return Promise.resolve();
      },
      rewrite: async ({ reason }, { id, folder, from, before }) => {
        const rows: number[] = [];
        for (const { path } of before) rows.push(...(await this.rowsIn(path)));
        const name = `swap-${id}-0.parquet`;
        await this.hdfs.create(`${folder}/${name}`, Buffer.from(JSON.stringify(rows)));
        const files = before.map((one) => ({ name: one.name, bytes: one.bytes, rows: 2 }));
        const new_files = [{ name, bytes: 0, rows: rows.length }];
        const facts = { rows: rows.length, removed: 0, kept: [], made_at: new Date().toISOString() };
        return { reason, from, files, folder, new_files, ...facts };
      },
      removeStaged: () => Promise.resolve(),
    };
    return { hdfs: this.hdfs, root: place.root, engine, untilWritersEnd: () => Promise.resolve() };
  }
}

const SWAPS: [string, Partial<Record<"before" | "after", (world: World) => Promise<void>>>][] = [
  ["without a swap", {}],
  ["after a swap", { before: (world) => world.swap() }],
  ["before a swap", { after: (world) => world.swap() }],
  ["between two swaps", { before: (world) => world.swap(), after: (world) => world.swap() }],
  [
    "before a swap whose replaced files are deleted",
    { before: (world) => world.swap(), after: (world) => world.swap().then(() => world.clear()) },
  ],
];
const POINTS: (CommitPoint | undefined)[] = ["record_renamed", "file_moved", "staging_removed", undefined];

describe("findCommitted(hdfs, place, target)", () => {
  for (const [when, { before, after }] of SWAPS)
    for (const point of POINTS)
      it(`finds the file of a writer ${point ? `killed at ${point}` : "that was not killed"}, ${when}`, async () => {
        const world = new World();
        await world.commit(0);
        await before?.(world);
        await world.commit(2, point);
        await after?.(world);
        await openChain(world.hdfs, key);
        const files = await currentFiles(world.hdfs, await readSwaps(world.hdfs, place));
        const shown = await Promise.all(files.map(({ path }) => world.rowsIn(path)));
        assert.deepEqual(shown.flat().sort(), [0, 1, 2, 3]);
        for (const first of [0, 2]) {
          const record = JSON.parse(String(await world.hdfs.read(commitPath(key, first)))) as CommitRecord;
          const { file, replaced } = await findCommitted(world.hdfs, place, record.files[0]!.target);
          assert.ok(file !== null || replaced !== null);
          if (file) assert.deepEqual(await world.rowsIn(file.path), [first, first + 1]);
          else assert.equal(replaced?.rows, 2);
        }
      });
});

// Random histories of writers, compactors, crashes and clean-ups on one day of a table. HDFS and
// the metastore are in memory. After each step a reader looks at the day: it sees each row that
// has landed, and none twice. Each call to HDFS or the metastore is a step, and the steps of all
// processes mix. A crashed process makes no more calls.
import assert from "node:assert/strict";
import fc from "fast-check";
import { dayFolder, type TableDay } from "../layout.ts";
import { currentFolder, dataFiles, followSwaps, readSwaps } from "../swaps.ts";
import { HdfsModel } from "../testbed/hdfs-model.fixture.ts";
import type { Hdfs } from "../webhdfs.ts";
import { clearSwaps, finishSwap, swapDay, type SwapEngine, SwapLostError } from "./swap-day.ts";

const place: TableDay = { root: "/q", table: "t", day: "2026-01-31" };
const FOLDER = dayFolder(place.root, place.table, place.day);
const CRASH = new Error("crash");

type Choose = () => number;

class World {
  readonly hdfs = new HdfsModel({ pageSize: 1000 });
  location = FOLDER;
  readonly begun = new Set<string>(); // rows whose file may be there
  readonly landed = new Set<string>(); // rows whose writer has ended
  readonly waiting: { process: number; go: () => void; crash: () => void }[] = [];
  running = 0;
  swaps = 0;
  crashes = 0;
  #rows = 0;

  /** The same calls, but each one waits for its turn. */
  #inTurn<T extends object>(process: number, target: T): T {
    return new Proxy(target, {
      get: (of, name) => {
        const member = Reflect.get(of, name) as unknown;
        if (typeof member !== "function") return member;
        return async (...args: unknown[]) => {
          await new Promise<void>((go, fail) => {
            this.waiting.push({ process, go, crash: () => fail(CRASH) });
          });
          return (member as (...all: unknown[]) => unknown).apply(of, args);
        };
      },
    });
  }

  #engine(hdfs: Hdfs): SwapEngine {
    return {
      location: () => Promise.resolve(this.location),
      setLocation: (_, folder) => {
        this.location = folder;
        return Promise.resolve();
      },
      rewrite: async ({ reason }, { id, folder, from, before }) => {
        const rows: string[] = [];
        for (const { path } of before) rows.push(...rowsIn(await hdfs.read(path)));
        const name = `swap-${id}-0.parquet`;
        await hdfs.create(`${folder}/${name}`, Buffer.from(JSON.stringify(rows)));
        const after = await dataFiles(hdfs, from);
        if (String(after.map((one) => one.name)) !== String(before.map((one) => one.name)))
          throw new SwapLostError("files changed");
        const files = before.map((one) => ({ name: one.name, bytes: one.bytes, rows: 1 }));
        const facts = { rows: rows.length, removed: 0, kept: [], made_at: "" };
        return { reason, from, files, folder, new_files: [{ name, bytes: 0, rows: rows.length }], ...facts };
      },
      removeStaged: () => Promise.resolve(),
    };
  }

  start(process: number, kind: "write" | "swap" | "clear"): void {
    const hdfs = this.#inTurn(process, this.hdfs);
    const engine = this.#inTurn(process, this.#engine(hdfs));
    const work = { hdfs, root: place.root, engine };
    const run = async () => {
      if (kind === "write") return this.#write(hdfs, `row ${this.#rows++}`);
      if (kind === "clear") await clearSwaps(work, place, 0);
      else {
        const record = await swapDay(work, { ...place, reason: "compaction" });
        if (record === null) return;
        const { records } = await readSwaps(this.hdfs, place);
        assert.equal(records.filter(({ id }) => id === record.id).length, 1, "a swap that lost says so");
        this.swaps++;
      }
    };
    this.running++;
    run()
      .catch((error: unknown) => {
        if (error !== CRASH && !(error instanceof SwapLostError)) this.failure ??= error;
      })
      .finally(() => this.running--);
  }
  failure: unknown;

  async #write(hdfs: Hdfs, row: string): Promise<void> {
    this.begun.add(row);
    await hdfs.create(`/q/staging/${row}`, Buffer.from(JSON.stringify([row])));
    await hdfs.rename(`/q/staging/${row}`, `${FOLDER}/${row}.parquet`);
    await followSwaps(hdfs, place.root, [place]);
    this.landed.add(row);
  }

  async look(): Promise<void> {
    if (this.failure !== undefined) throw this.failure as Error;
    const rows: string[] = [];
    for (const { path } of await dataFiles(this.hdfs, this.location))
      rows.push(...rowsIn(await this.hdfs.read(path)));
    assert.equal(new Set(rows).size, rows.length, `a row twice: ${rows.join()}`);
    for (const row of rows) assert.ok(this.begun.has(row));
    for (const row of this.landed) assert.ok(rows.includes(row), `lost: ${row}`);
  }
}

function rowsIn(bytes: Buffer | null): string[] {
  assert.ok(bytes !== null, "a file that a reader has listed is gone");
  return JSON.parse(bytes.toString("utf8")) as string[];
}

async function settle(): Promise<void> {
  for (let i = 0; i < 12; i++) await Promise.resolve();
  await new Promise((resolve) => setImmediate(resolve));
}

/** Plays a history, and returns its world at the end. */
async function play(choose: Choose, steps: number): Promise<World> {
  const world = new World();
  await world.hdfs.makeFolder(FOLDER);
  let process = 0;
  for (let i = 0; i < steps; i++) {
    const choice = choose() % 100;
    const isClearing = choice >= 12 && choice < 14 && world.running === 0; // after the grace period
    if (choice < 6) world.start(process++, "write");
    else if (choice < 12 && world.running < 4) world.start(process++, "swap");
    else if (isClearing) world.start(process++, "clear");
    else if (choice < 17 && world.waiting.length > 0) {
      const { process: dead } = world.waiting[choose() % world.waiting.length]!;
      const isWriter = (one: { process: number }) => one.process === dead;
      for (const one of world.waiting.filter(isWriter)) one.crash();
      world.waiting.splice(0, world.waiting.length, ...world.waiting.filter((one) => !isWriter(one)));
      world.crashes++;
    } else world.waiting.splice(choose() % Math.max(1, world.waiting.length), 1)[0]?.go();
    await settle();
    await world.look();
  }
  while (world.waiting.length > 0) {
    world.waiting.shift()!.go();
    await settle();
    await world.look();
  }
  const swaps = { hdfs: world.hdfs, root: place.root, engine: endEngine(world) };
  await finishSwap(swaps, place);
  await clearSwaps(swaps, place, 0);
  await world.look();
  assert.equal(world.location, currentFolder(await readSwaps(world.hdfs, place)));
  return world;
}

function endEngine(world: World): SwapEngine {
  return {
    location: () => Promise.resolve(world.location),
    setLocation: (_, folder) => {
      world.location = folder;
      return Promise.resolve();
    },
    rewrite: () => Promise.reject(new Error("no rewrite")),
    removeStaged: () => Promise.resolve(),
  };
}

describe("swapDay(work, request), in histories", () => {
  it("shows readers each landed row once at each step of 500 histories", async function () {
    this.timeout(120_000);
    const total = { swaps: 0, crashes: 0 };
    const histories = fc.array(fc.nat(99_999), { minLength: 60, maxLength: 250, size: "max" });
    const property = fc.asyncProperty(histories, async (choices) => {
      let i = 0;
      const { swaps, crashes } = await play(() => choices[i++ % choices.length]!, choices.length);
      total.swaps += swaps;
      total.crashes += crashes;
    });
    await fc.assert(property, { numRuns: 500, endOnFailure: true });
    assert.ok(total.swaps > 100 && total.crashes > 100, JSON.stringify(total));
  });
});

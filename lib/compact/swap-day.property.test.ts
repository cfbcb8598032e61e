// Random histories of writers, compactors, crashes and clean-ups on one day of a table. HDFS and
// the metastore are in memory. After each step a reader looks at the day: it sees each row that
// has landed, none twice, and each row that it has seen before. Each call to HDFS is a step, and
// the steps of all processes mix. A crashed process makes no more calls; another one finishes its
// moves. A swap changes the location right after its look for a newer swap: no step is between.
import assert from "node:assert/strict";
import fc from "fast-check";
import { dayFolder, type TableDay } from "../layout.ts";
import { DayFolders, type MovedFile, WRITERS_MS } from "../day-folders.ts";
import { currentFolder, dataFiles, readSwaps } from "../swaps.ts";
import { HdfsModel, OPEN_DAY } from "../testbed/hdfs-model.fixture.ts";
import type { Hdfs } from "../webhdfs.ts";
import { clearSwaps, finishSwap, swapDay, type SwapEngine, SwapLostError } from "./swap-day.ts";

const place: TableDay = { root: "/q", table: "t", day: OPEN_DAY };
const FOLDER = dayFolder(place.root, place.table, place.day);
const CRASH = new Error("crash");

type Choose = () => number;

class World {
  readonly hdfs = new HdfsModel({ pageSize: 1000 });
  location = FOLDER;
  readonly begun = new Set<string>(); // rows whose file may be there
  readonly landed = new Set<string>(); // rows whose writer has ended
  seen = new Set<string>(); // rows that the reader saw
  readonly moves = new Set<Promise<unknown>>(); // at work
  readonly unfinished: { row: string; file: MovedFile }[] = []; // of crashed writers
  readonly #writers: { process: number; folders: DayFolders }[] = []; // with their memories
  #time = 0; // milliseconds
  readonly waiting: { process: number; go: () => void; crash: () => void }[] = [];
  running = 0;
  swaps = 0;
  crashes = 0;
  #rows = 0;

  /** The same calls, but each one waits for its turn. */
  #inTurn<T extends object>(process: () => number, target: T): T {
    return new Proxy(target, {
      get: (of, name) => {
        const member = Reflect.get(of, name) as unknown;
        if (typeof member !== "function") return member;
        return async (...args: unknown[]) => {
          await new Promise<void>((go, fail) => {
            this.waiting.push({ process: process(), go, crash: () => fail(CRASH) });
          });
          return (member as (...all: unknown[]) => unknown).apply(of, args);
        };
      },
    });
  }

  /** From now on writers look again; those that have looked before end their moves. */
  async #untilWritersEnd(): Promise<void> {
    this.#time += WRITERS_MS;
    await Promise.allSettled([...this.moves]);
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
    const hdfs = this.#inTurn(() => process, this.hdfs);
    const engine = this.#engine(hdfs);
    const work = { hdfs, root: place.root, engine, untilWritersEnd: () => this.#untilWritersEnd() };
    const run = async () => {
      if (kind === "write") return this.#write(process, hdfs);
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

  /** Writes a row, or finishes the move of a crashed writer. The memory stays for the next row. */
  async #write(process: number, hdfs: Hdfs): Promise<void> {
    const writer = this.#writers.pop() ?? this.#newWriter();
    writer.process = process;
    const { folders } = writer;
    const found = this.unfinished.pop();
    const row = found?.row ?? `row ${this.#rows++}`;
    const staged = `/q/staging/${row}`;
    this.begun.add(row);
    if (found === undefined) await hdfs.create(staged, Buffer.from(JSON.stringify([row])));
    const { table, day } = place;
    const folder = found ? "" : await folders.folderOf(table, day);
    const file = found?.file ?? { table, day, staged, target: `${folder}/${row}.parquet` };
    const move = folders.move(file);
    this.moves.add(move);
    try {
      await move;
    } catch (error) {
      this.unfinished.push({ row, file });
      throw error;
    } finally {
      this.moves.delete(move);
    }
    this.landed.add(row);
    this.#writers.push(writer);
  }

  /** A writer with its own memory; its calls wait for the turns of the process that uses it. */
  #newWriter() {
    const writer = { process: 0, folders: null as unknown as DayFolders };
    const hdfs = this.#inTurn(() => writer.process, this.hdfs);
    writer.folders = new DayFolders(hdfs, place.root, () => this.#time);
    return writer;
  }

  async look(): Promise<void> {
    if (this.failure !== undefined) throw this.failure as Error;
    const rows: string[] = [];
    for (const { path } of await dataFiles(this.hdfs, this.location))
      rows.push(...rowsIn(await this.hdfs.read(path)));
    assert.equal(new Set(rows).size, rows.length, `a row twice: ${rows.join()}`);
    for (const row of rows) assert.ok(this.begun.has(row));
    for (const row of this.landed) assert.ok(rows.includes(row), `lost: ${row}`);
    for (const row of this.seen) assert.ok(rows.includes(row), `seen before, and not now: ${row}`);
    this.seen = new Set(rows);
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

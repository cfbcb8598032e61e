// Histories of writers on one commit chain, against HDFS in memory. Every request of a writer waits
// for its turn. Generated numbers decide the next turn, and the request's fate: it arrives, arrives
// late, loses its answer, or is its writer's last. A writer that others overtake is a zombie.
import assert from "node:assert/strict";
import { setImmediate as drained } from "node:timers/promises";
import { type Batch, type CommitRecord, openChain, PositionTakenError } from "../land/commits.ts";
import { type Hdfs, HdfsError } from "../webhdfs.ts";
import { HdfsModel, OPEN_DAY } from "./hdfs-model.fixture.ts";

export const LOG = 12; // the writers must land offsets [0, 12)
export const DAY = OPEN_DAY;
export const key = { root: "/q", topic: "game-1", partition: 0 };

/** A writer that lands the log; `choose` gives it numbers. */
export type Writer = (hdfs: Hdfs, choose: () => number) => Promise<void>;

/** The offsets from `first` to `last`, in one table or split over two. */
export function newBatch(first: number, last: number, seed: number): Batch {
  const offsets = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const files = [0, 1].map((table) => offsets.filter((offset) => (offset * (seed % 7)) % 2 === table));
  return {
    last,
    last_timestamp: null,
    files: files.flatMap((own, i) =>
      own.length === 0
        ? []
        : [{ table: `t${i}`, day: DAY, rows: own.length, data: Buffer.from(JSON.stringify(own)) }],
    ),
  };
}

export async function persistently<T>(call: () => Promise<T>): Promise<T> {
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof HdfsError)) throw error;
    }
  }
}

/** Lands the rest of the log in batches of any size, like the stream in TypeScript. */
export const streamWriter: Writer = async (hdfs, choose) => {
  for (;;) {
    const chain = await persistently(() => openChain(hdfs, key));
    try {
      while (chain.next < LOG) {
        const batch = newBatch(chain.next, Math.min(LOG - 1, chain.next + (choose() % 5)), choose());
        await persistently(() => chain.commit(batch));
      }
      return;
    } catch (error) {
      if (!(error instanceof PositionTakenError)) throw error;
    }
  }
};

interface Turn {
  writer: number;
  op: string;
  run: () => Promise<unknown>;
  resolve: (answer: unknown) => void;
  reject: (error: Error) => void;
}

/** Runs writers through one history. `choices` decide it; after the last choice all goes well. */
export class History {
  readonly hdfs = new HdfsModel();
  readonly errors: unknown[] = [];
  readonly #choices: readonly number[];
  readonly #write: Writer;
  readonly #thinking: () => Promise<void>;
  #used = 0;
  #turns: Turn[] = [];
  #late: (() => Promise<unknown>)[] = []; // requests that timed out, and arrive afterwards
  #alive = new Set<number>();
  #spawned = 0;

  /** @param thinking resolves when each writer in another process waits for an answer */
  constructor(choices: readonly number[], write: Writer, thinking: () => Promise<void> = drained) {
    this.#choices = choices;
    this.#write = write;
    this.#thinking = thinking;
  }

  async play(): Promise<this> {
    this.#spawn();
    while (this.#used < this.#choices.length) await this.#step();
    // In the end, one more writer comes, and nothing disturbs the writers any more.
    if (this.#used > 0) this.#spawn();
    await this.#thinking();
    for (let steps = 0; this.#turns.length > 0 || this.#late.length > 0; steps++) {
      assert.ok(steps < 20_000, "expected the writers to end within 20000 steps");
      await this.#step();
    }
    return this;
  }

  async #step(): Promise<void> {
    const fate = this.#choose() % 100;
    if (this.#alive.size === 0 || (fate >= 90 && fate < 93 && this.#alive.size < 4)) this.#spawn();
    await this.#thinking();
    if (this.#late.length > 0 && (fate < 30 || this.#turns.length === 0)) await this.#late.shift()!();
    const [turn] = this.#turns.splice(this.#choose() % Math.max(1, this.#turns.length), 1);
    if (turn && this.#alive.has(turn.writer)) await this.#meet(turn, fate);
    await this.#thinking();
  }

  /** Decides a request's fate: 70 of 100 requests arrive and get their answer. */
  async #meet({ writer, op, run, resolve, reject }: Turn, fate: number): Promise<void> {
    const timeout = new HdfsError(op, "", "no answer");
    if (fate >= 70 && fate < 75) return reject(timeout); // the request never arrives
    if (fate >= 75 && fate < 80) {
      this.#late.push(run);
      return reject(timeout);
    }
    if (fate >= 93) this.#alive.delete(writer); // the writer crashes; the request may still arrive
    if (fate >= 97) return;
    try {
      const answer = await run();
      if (fate >= 80 && fate < 90) return reject(timeout); // it arrived, its answer is lost
      resolve(answer);
    } catch (error) {
      reject(error as Error);
    }
  }

  #spawn(): void {
    const writer = this.#spawned++;
    this.#alive.add(writer);
    const write = this.#write(this.#through(writer), () => this.#choose());
    write.catch((error: unknown) => this.errors.push(error)).finally(() => this.#alive.delete(writer));
  }

  #choose(): number {
    return this.#choices[this.#used++] ?? 0;
  }

  #through(writer: number): Hdfs {
    const wait =
      <A extends unknown[], T>(op: string, call: (...args: A) => Promise<T>) =>
      (...args: A): Promise<T> =>
        new Promise<T>((resolve, reject) => {
          const run = () => call(...args);
          this.#turns.push({ writer, op, run, resolve: resolve as Turn["resolve"], reject });
        });
    const { hdfs } = this;
    return {
      create: wait("CREATE", (path, bytes) => hdfs.create(path, bytes)),
      read: wait("READ", (path, range) => hdfs.read(path, range)),
      rename: wait("RENAME", (from, to) => hdfs.rename(from, to)),
      makeFolder: wait("MKDIRS", (path) => hdfs.makeFolder(path)),
      list: wait("LIST", (path, after) => hdfs.list(path, after)),
      status: wait("STATUS", (path) => hdfs.status(path)),
      remove: wait("DELETE", (path) => hdfs.remove(path)),
      removeEmpty: wait("DELETE", (path) => hdfs.removeEmpty(path)),
    };
  }
}

/** The tables hold every offset once, and no writer failed with an unexpected error. */
export function assertExactlyOnce(history: History): void {
  assert.deepEqual(history.errors, []);
  assertLanded(history);
}

export function assertLanded({ hdfs }: History): void {
  const landed = hdfs.files("/q/tables").flatMap(([, bytes]) => JSON.parse(bytes.toString()) as number[]);
  landed.sort((a, b) => a - b);
  const expected = Array.from({ length: LOG }, (_, i) => i);
  assert.deepEqual(landed, expected, `landed offsets: ${landed.join()}`);
}

/** The chain has neither gaps nor overlaps. */
export function assertOneChain({ hdfs }: History): void {
  const chain = hdfs.files("/q/commits").map(([, bytes]) => JSON.parse(bytes.toString()) as CommitRecord);
  let next = 0;
  for (const { first, last } of chain.sort((a, b) => a.first - b.first)) {
    assert.equal(first, next);
    next = last + 1;
  }
  assert.equal(next, LOG);
}

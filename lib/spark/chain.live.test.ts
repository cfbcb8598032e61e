// Writers in TypeScript and in Python on one chain, in histories of crashes, zombies and lost
// answers, against HDFS in memory. It needs Spark's Python packages, and no server.
import assert from "node:assert/strict";
import { posix } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import {
  assertExactlyOnce,
  assertOneChain,
  DAY,
  History,
  key,
  LOG,
  streamWriter,
  type Writer,
} from "../testbed/histories.fixture.ts";
import { dayFolder, swapMarkPath, swapPath } from "../layout.ts";
import { HdfsModel } from "../testbed/hdfs-model.fixture.ts";
import type { Hdfs } from "../webhdfs.ts";
import { PythonChild } from "./python.fixture.ts";

const HISTORIES = 400;

/** A line of writers.fixture.py: a request of a writer, or its end. */
interface Told {
  writer: number;
  number: number;
  op: "create" | "read" | "rename" | "makeFolder" | "remove" | "status" | "list";
  args: [string, string];
  ended?: boolean;
  error?: string;
}

interface PythonWriter {
  hdfs: Hdfs;
  waiting: number; // requests without an answer
  end: (error?: string) => void;
}

/** Python writers, whose requests go to the HDFS that each of them was given. */
class PythonWriters {
  readonly #writers = new Map<number, PythonWriter>();
  #python!: PythonChild;
  #started = 0;
  records = 0; // that Python wrote

  async open(): Promise<void> {
    this.#python = await PythonChild.start("writers.fixture.py", (line) =>
      this.#hear(JSON.parse(line) as Told),
    );
  }

  close(): void {
    this.#python.end();
  }

  readonly write: Writer = (hdfs, choose) => {
    const writer = this.#started++;
    const numbers = Array.from({ length: 7 }, choose);
    this.#python.tell({ writer, target: [key.root, key.topic, key.partition, LOG, DAY], numbers });
    return new Promise((resolve, reject) => {
      const end = (error?: string) => (error === undefined ? resolve() : reject(new Error(error)));
      this.#writers.set(writer, { hdfs, waiting: 0, end });
    });
  };

  /** Resolves when each writer waits for the answer to a request. */
  async thinking(): Promise<void> {
    do await turn();
    while ([...this.#writers.values()].some(({ waiting }) => waiting === 0));
  }

  /** Ends the writers that a history left behind, which never got an answer. */
  killAll(): void {
    for (const writer of this.#writers.keys()) this.#python.tell({ writer, kill: true });
    this.#writers.clear();
  }

  #hear(told: Told): void {
    const one = this.#writers.get(told.writer);
    if (one === undefined) return;
    if (told.ended) {
      this.#writers.delete(told.writer);
      one.end(told.error);
      return;
    }
    one.waiting++;
    const answer = (facts: object) => {
      one.waiting--;
      this.#python.tell({ writer: told.writer, number: told.number, ...facts });
    };
    this.#call(one.hdfs, told).then(
      (value) => answer({ value: value ?? null }),
      (error: unknown) => answer({ error: String(error) }),
    );
  }

  async #call(hdfs: Hdfs, { op, args: [path, second] }: Told): Promise<unknown> {
    switch (op) {
      case "create":
        if (path.endsWith("/commit.json")) this.records++;
        return hdfs.create(path, Buffer.from(second, "base64"));
      case "read":
        return (await hdfs.read(path))?.toString("base64") ?? null;
      case "status":
        return (await hdfs.status(path)) !== null;
      case "list": {
        const { entries, more } = await hdfs.list(path, second);
        return [entries.map(({ name }) => name), more];
      }
      case "rename":
        return hdfs.rename(path, second);
      default:
        return hdfs[op](path);
    }
  }
}

describe("the commit chain with writers of both engines", function () {
  this.timeout(170_000);
  const python = new PythonWriters();
  before(() => python.open());
  after(() => python.close());

  async function play(write: Writer): Promise<void> {
    const histories = fc.array(fc.nat(9_999), { maxLength: 300, size: "max" });
    const property = fc.asyncProperty(histories, async (choices) => {
      const history = new History(choices, write, () => python.thinking());
      try {
        await history.play();
      } finally {
        python.killAll();
      }
      assertExactlyOnce(history);
      assertOneChain(history);
    });
    await fc.assert(property, { numRuns: HISTORIES, endOnFailure: true });
  }

  it(`lands every offset exactly once in ${HISTORIES} histories of both engines`, async () => {
    let spawned = 0;
    await play((hdfs, choose) => (spawned++ % 2 === 0 ? python.write : streamWriter)(hdfs, choose));
    assert.ok(python.records > HISTORIES, `expected Python to write records too, got ${python.records}`);
  });

  for (const [engine, write] of [
    ["TypeScript", streamWriter],
    ["Python", python.write],
  ] as const) {
    /** Files of a writer on a day with three swaps. */
    async function landedIn(done: readonly number[]) {
      const hdfs = new HdfsModel();
      const place = { root: key.root, table: "t0", day: DAY };
      const own = dayFolder(place.root, place.table, place.day);
      await hdfs.create(`${own}/old.parquet`, Buffer.from("[]"));
      for (const number of [1, 2, 3]) {
        const from = number === 1 ? own : `/q/new/${number - 1}`;
        const record = { number, from, folder: `/q/new/${number}`, files: [{ name: "old.parquet" }] };
        await hdfs.create(swapPath(place, number), Buffer.from(JSON.stringify(record)));
      }
      for (const number of done) await hdfs.create(swapMarkPath(place, number, "done"), Buffer.alloc(0));
      for (const number of [1, 2]) await hdfs.create(swapMarkPath(place, number, "cleared"), Buffer.alloc(0));
      await write(hdfs, () => 4);
      assert.deepEqual(hdfs.files("/q/staging"), []);
      const names = (folder: string) => hdfs.files(folder).map(([path]) => posix.basename(path));
      const folders = [own, ...[1, 2, 3].map((number) => `/q/new/${number}`)].map(names);
      const landed = Math.max(...folders.map(({ length }) => length));
      return folders.map((found) => (found.length === landed ? "all" : found.join()));
    }

    it(`moves files of ${engine} into the folder of the newest swap, once`, async () => {
      assert.deepEqual(await landedIn([1, 2, 3]), ["old.parquet", "", "", "all"]);
    });

    it(`puts files of ${engine} into both folders that readers may read while a swap is at work`, async () => {
      assert.deepEqual(await landedIn([1, 2]), ["old.parquet", "", "all", "all"]);
    });
  }
});

// The real commits module in histories of faults, against HDFS in memory.
import assert from "node:assert/strict";
import fc from "fast-check";
import { type CommitRecord, openChain } from "./commits.ts";
import { COMMIT_POINTS, type CommitPoint } from "../kill-at.ts";
import { HdfsModel } from "../testbed/hdfs-model.fixture.ts";
import {
  assertExactlyOnce,
  assertLanded,
  assertOneChain,
  History,
  key,
  LOG,
  newBatch,
  persistently,
  streamWriter,
  type Writer,
} from "../testbed/histories.fixture.ts";
import { type Hdfs, HdfsError } from "../webhdfs.ts";

/** Plays generated histories; throws at the first history that `assertAfter` refuses. */
async function play(write: Writer, assertAfter: (history: History) => void): Promise<void> {
  const histories = fc.array(fc.nat(9_999), { maxLength: 400, size: "max" });
  const property = fc.asyncProperty(histories, async (choices) =>
    assertAfter(await new History(choices, write).play()),
  );
  await fc.assert(property, { numRuns: 3_000, endOnFailure: true });
}

/** Asserts that `write` is right in a history without faults, and wrong in one with faults. */
async function assertFoundOut(write: Writer): Promise<void> {
  assertExactlyOnce(await new History([], write).play());
  await assert.rejects(play(write, assertLanded), ({ cause }: Error) => /landed offsets/.test(String(cause)));
}

describe("openChain(hdfs, key).commit(batch)", () => {
  it("lands every offset exactly once in 3000 histories of crashes, zombies and lost answers", async function () {
    this.timeout(120_000);
    await play(streamWriter, (history) => {
      assertExactlyOnce(history);
      assertOneChain(history);
    });
  });

  /** Runs a writer that lands offsets `[0, 4)` in two tables and dies at `point`, the nth time. */
  async function killedAt(hdfs: Hdfs, point: CommitPoint, nth = 1): Promise<void> {
    let reached = 0;
    const killed = new Error(`killed at ${point}`);
    const at = (now: CommitPoint) => {
      if (now === point && ++reached === nth) throw killed;
    };
    const chain = await openChain(hdfs, key, at);
    await assert.rejects(chain.commit(newBatch(0, 3, 1)), killed);
  }

  it("removes a killed writer's staged batch at the chain's end after the next commit", async () => {
    const hdfs = new HdfsModel();
    await killedAt(hdfs, "record_staged");
    const chain = await openChain(hdfs, key);
    assert.equal(
      hdfs.files("/q/staging").length,
      3,
      "the batch can still be committed: its writer may be alive",
    );
    await chain.commit(newBatch(0, 1, 1));
    assert.deepEqual(
      hdfs.files("/q/staging").map(([path]) => path),
      [],
    );
  });

  for (const [point, nth] of [
    ...COMMIT_POINTS.map((point) => [point, 1] as const),
    ["file_moved", 2] as const,
  ]) {
    it(`lands every offset exactly once when the writer is killed at ${point} (${nth})`, async () => {
      const history = new History([], streamWriter);
      await killedAt(history.hdfs, point, nth);
      assertExactlyOnce(await history.play());
      assertOneChain(history);
      assert.deepEqual(history.hdfs.files("/q/staging"), []);
    });
  }

  it("deletes the files of attempts that failed while HDFS was full, late writes too", async () => {
    const hdfs = new HdfsModel();
    const late: string[] = [];
    const create = hdfs.create.bind(hdfs);
    hdfs.create = (path, bytes) => {
      if (!path.includes("/t1-") || late.length === 3) return create(path, bytes);
      late.push(path);
      return Promise.reject(new HdfsError("CREATE", path, "no room", { passing: false }));
    };
    const chain = await openChain(hdfs, key);
    const batch = newBatch(0, 3, 1);
    for (let attempt = 0; attempt < 3; attempt++) {
      await assert.rejects(chain.commit(batch), HdfsError);
      assert.equal(
        hdfs.files("/q/staging").length,
        1,
        "each attempt first deletes the files of the one before",
      );
    }
    for (const path of late) await create(path, Buffer.from("late"));
    await chain.commit(batch);
    assert.deepEqual(hdfs.files("/q/staging"), []);
  });

  // Counter-tests: these wrong writers would pass if the histories had too few faults.
  it("would double or lose events if RENAME's answer were ignored", async () => {
    const ignoring: Writer = (hdfs, choose) => {
      const rename: Hdfs["rename"] = async (from, to) =>
        (await hdfs.rename(from, to)) || to.startsWith("/q/commits/");
      return streamWriter({ ...hdfs, rename }, choose);
    };
    await assertFoundOut(ignoring);
  });

  it("would double or lose events if a writer took any record at its offset for its own", async () => {
    // Every reader of a record sees itself as the record's writer.
    const believing: Writer = (hdfs, choose) => {
      let writer = "";
      const create: Hdfs["create"] = (path, bytes) => {
        if (path.endsWith("commit.json")) writer = (JSON.parse(bytes.toString()) as CommitRecord).writer;
        return hdfs.create(path, bytes);
      };
      const read: Hdfs["read"] = async (path) => {
        const bytes = await hdfs.read(path);
        return bytes && Buffer.from(JSON.stringify({ ...(JSON.parse(bytes.toString()) as object), writer }));
      };
      return streamWriter({ ...hdfs, create, read }, choose);
    };
    await assertFoundOut(believing);
  });

  it("would lose events if every other writer's staged files were deleted", async () => {
    const tidying: Writer = async (hdfs, choose) => {
      await persistently(() => hdfs.remove("/q/staging"));
      await streamWriter(hdfs, choose);
    };
    await assertFoundOut(tidying);
  });

  it("would double events if the files were named by first and last offset", async () => {
    await assertFoundOut(namedByFirstAndLast);
  });
});

/**
 * A simpler scheme that fails: one file for each batch, named by both offsets. The file names give
 * the position, and the writer obeys RENAME's answers.
 */
async function namedByFirstAndLast(hdfs: Hdfs, choose: () => number): Promise<void> {
  await persistently(() => hdfs.makeFolder("/q/tables"));
  for (let batches = 0; ; batches++) {
    const names: string[] = [];
    for (let page = { more: 1 }; page.more > 0;) {
      const found = await persistently(() => hdfs.list("/q/tables", names.at(-1)));
      names.push(...found.entries.map(({ name }) => name));
      page = found;
    }
    const first = 1 + Math.max(-1, ...names.map((name) => Number(name.split("-")[1])));
    if (first >= LOG) return;
    const last = Math.min(LOG - 1, first + (choose() % 5));
    const offsets = Array.from({ length: last - first + 1 }, (_, i) => first + i);
    let staged = "";
    const target = `/q/tables/${String(first).padStart(3, "0")}-${last}`;
    await persistently(() => {
      // Each attempt has another name, since the answer to an earlier one may be lost.
      staged = `/q/staging/${batches}-${choose()}-${Math.random()}`;
      return hdfs.create(staged, Buffer.from(JSON.stringify(offsets)));
    });
    await persistently(() => hdfs.rename(staged, target));
  }
}

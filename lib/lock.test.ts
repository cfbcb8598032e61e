import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { takeLock, withLock } from "./lock.ts";

describe("withLock(file, log, work)", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "questlog-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("runs one piece of work after the other, and logs the process that it waits for", async () => {
    const lines: string[] = [];
    const order: string[] = [];
    const work = (name: string) =>
      withLock(
        join(folder, "lock"),
        (line) => lines.push(line),
        async () => {
          order.push(`${name} begins`);
          await new Promise((resolve) => setTimeout(resolve, 20));
          order.push(`${name} ends`);
        },
      );
    await Promise.all([work("a"), work("b")]);
    assert.deepEqual(order, ["a begins", "a ends", "b begins", "b ends"]);
    assert.deepEqual(lines, [`waiting for process ${process.pid}, which is at work in ${folder}`]);
  });

  it("ends the wait when its signal aborts", async () => {
    const file = join(folder, "lock");
    takeLock(file);
    const abort = new AbortController();
    const waiting = withLock(file, () => abort.abort(new Error("interrupted")), assert.fail, abort.signal);
    await assert.rejects(waiting, { message: "interrupted" });
    assert.ok(existsSync(file));
  });

  it("takes the lock of a dead process", async () => {
    writeFileSync(join(folder, "lock"), `${process.pid} another boot 4711`);
    assert.equal(await withLock(join(folder, "lock"), assert.fail, () => Promise.resolve("done")), "done");
  });

  it("is released when the work fails", async () => {
    const fail = () => Promise.reject(new Error("no"));
    await assert.rejects(withLock(join(folder, "lock"), assert.fail, fail), { message: "no" });
    assert.equal(existsSync(join(folder, "lock")), false);
  });
});

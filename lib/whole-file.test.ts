import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeWhole } from "./whole-file.ts";

describe("writeWhole(file, text)", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "questlog-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("makes the folder, and replaces the file", async () => {
    const file = join(folder, "out", "report.html");
    await writeWhole(file, "old");
    await writeWhole(file, "new");
    assert.equal(readFileSync(file, "utf8"), "new");
    assert.deepEqual(readdirSync(join(folder, "out")), ["report.html"]);
  });

  it("keeps the former file, and nothing beside it, when the disk has no space for the text", async () => {
    const file = join(folder, "report.html");
    await writeWhole(file, "old");
    const module = JSON.stringify(new URL("./whole-file.ts", import.meta.url).href);
    const write = `const { writeWhole } = await import(${module});
      await writeWhole(${JSON.stringify(file)}, "x".repeat(1e6)).catch(({ message }) => console.log(message));`;
    // The shell limits the size of a file: at 8 or 16 KB a write fails, as on a full disk.
    const node = `ulimit -f 16 && exec "$0" --input-type=module --eval "$1"`;
    const { stdout } = spawnSync("sh", ["-c", node, process.execPath, write], { encoding: "utf8" });
    assert.equal(stdout, `${file} is not written: EFBIG: file too large, write\n`);
    assert.equal(readFileSync(file, "utf8"), "old");
    assert.deepEqual(readdirSync(folder), ["report.html"]);
  });
});

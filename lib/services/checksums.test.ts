import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileTreeIsWhole, findMismatches, keepFileTree } from "./checksums.ts";

const SHA256_OF_ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

describe("files and their checksums", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "questlog-"));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const find = () =>
    findMismatches(folder, [{ path: "a.jar", sha256: SHA256_OF_ABC }], join(folder, "stamps"));

  it("accepts a correct file, the second time by its stamp, without reading it", async () => {
    const file = join(folder, "a.jar");
    writeFileSync(file, "abc");
    utimesSync(file, 1, 1);
    assert.deepEqual(await find(), []);
    // Same size and time, other content: only a hash shows the difference.
    writeFileSync(file, "abX");
    utimesSync(file, 1, 1);
    assert.deepEqual(await find(), []);
    rmSync(join(folder, "stamps"));
    assert.equal((await find()).length, 1);
  });

  it("finds a missing file", async () => {
    assert.deepEqual(await find(), [{ path: "a.jar", sha256: SHA256_OF_ABC, got: undefined }]);
  });

  it("finds a damaged file of the same size, although it has a stamp", async () => {
    writeFileSync(join(folder, "a.jar"), "abc");
    await find();
    writeFileSync(join(folder, "a.jar"), "abX");
    utimesSync(join(folder, "a.jar"), 1, 1);
    const [mismatch] = await find();
    assert.match(mismatch?.got ?? "", /^[0-9a-f]{64}$/);
  });

  it("hashes every file again if the stamps are unreadable", async () => {
    writeFileSync(join(folder, "a.jar"), "abX");
    writeFileSync(join(folder, "stamps"), "{");
    assert.equal((await find()).length, 1);
  });

  describe("a kept folder", () => {
    const target = () => join(folder, "trino");
    beforeEach(async () => {
      mkdirSync(join(folder, "aside", "lib"), { recursive: true });
      writeFileSync(join(folder, "aside", "lib", "a.jar"), "abc");
      await keepFileTree(join(folder, "aside"), target());
    });

    it("is whole", async () => {
      assert.equal(await fileTreeIsWhole(target()), true);
    });

    it("is not whole if a file was changed or deleted", async () => {
      writeFileSync(join(target(), "lib", "a.jar"), "abcd");
      assert.equal(await fileTreeIsWhole(target()), false);
      rmSync(join(target(), "lib", "a.jar"));
      assert.equal(await fileTreeIsWhole(target()), false);
    });

    it("is not whole before keepFileTree", async () => {
      mkdirSync(join(folder, "half"));
      assert.equal(await fileTreeIsWhole(join(folder, "half")), false);
    });
  });
});

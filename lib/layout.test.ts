import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import fc from "fast-check";
import {
  chainFolder,
  dayFolder,
  fileName,
  parseDayName,
  parseFileName,
  parseCommitName,
  parseWriterName,
  commitName,
  commitPath,
  stagedFile,
  stagedRecord,
  writerName,
  writerPrefix,
} from "./layout.ts";

const topics = fc.stringMatching(/^[a-z][a-z\d._-]{0,20}$/);
const offsets = fc.maxSafeNat();
const starts = fc.record({ topic: topics, partition: fc.nat(), first: offsets }, { noNullPrototype: true });
const key = { root: "/q", topic: "game-1", partition: 2 };
const start = { topic: "game-1", partition: 2, first: 7 };

describe("names in HDFS", () => {
  it("stand below the root", () => {
    const writer = writerName(start, "0190163d-8694-739b-aea5-966c26f8ad91");
    const name = "game-1-2-00000000000000000007";
    const staging = `/q/staging/${name}-0190163d-8694-739b-aea5-966c26f8ad91`;
    assert.equal(chainFolder(key), "/q/commits/game-1/2");
    assert.equal(commitPath(key, 7), "/q/commits/game-1/2/00000000000000000007.json");
    assert.equal(dayFolder("/q", "t", "2026-01-31"), "/q/tables/t/day=2026-01-31");
    assert.equal(fileName(start), `${name}.parquet`);
    assert.equal(
      stagedFile("/q", writer, { table: "t", day: "2026-01-31" }),
      `${staging}/t-2026-01-31.parquet`,
    );
    assert.equal(stagedRecord("/q", writer), `${staging}/commit.json`);
  });

  it("are read as they were written, for any topic", () => {
    fc.assert(
      fc.property(starts, (written) => {
        assert.deepEqual(parseFileName(fileName(written)), written);
        const writer = writerName(written, randomUUID());
        assert.deepEqual(parseWriterName(writer), written);
        assert.ok(writer.startsWith(writerPrefix({ root: "/q", ...written })));
        assert.equal(parseCommitName(commitName(written.first)), written.first);
      }),
    );
  });

  it("of records sort by offset", () => {
    fc.assert(
      fc.property(offsets, offsets, (a, b) => {
        assert.equal(Math.sign(a - b), Math.sign(commitName(a).localeCompare(commitName(b), "en")));
      }),
    );
  });

  it("of other files are read as null", () => {
    for (const name of [
      "copy.parquet",
      "game-1-2-7.parquet",
      "game-1-2-00000000000000000007.json",
      ".parquet",
    ])
      assert.equal(parseFileName(name), null, name);
    for (const name of ["7.json", "00000000000000000007.json.tmp", "set-aside.ndjson"])
      assert.equal(parseCommitName(name), null, name);
    for (const name of ["game-1-2-00000000000000000007", "set-aside"])
      assert.equal(parseWriterName(name), null, name);
    assert.deepEqual([parseDayName("day=2026-01-31"), parseDayName("_tmp")], ["2026-01-31", null]);
  });
});

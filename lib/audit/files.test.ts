import assert from "node:assert/strict";
import { openChain } from "../land/commits.ts";
import { listFiles, listFilesOf, listLandedRows } from "./files.ts";
import { dayFolder, swapPath } from "../layout.ts";
import { copyToNewest } from "../swaps.ts";
import { HdfsModel } from "../testbed/hdfs-model.fixture.ts";
import { ParquetFile } from "../land/parquet.ts";

const root = "/q";
const topic = "game_events";

/** A file of a table. Many columns make its footer long. */
function file(table: string, day: string, rows: number, columns = 1) {
  const names = Array.from({ length: columns }, (_, i) => `a_rather_long_column_name_${i}`);
  const parquet = new ParquetFile(names.map((name) => ({ name, type: "integer", required: true })));
  for (let i = 0; i < rows; i++) parquet.append(names.map(() => i));
  return { table, day, rows, data: parquet.finish() };
}

async function landed(): Promise<HdfsModel> {
  const hdfs = new HdfsModel();
  const chain = await openChain(hdfs, { root, topic, partition: 1 });
  const days = ["2026-01-01", "2026-01-02", "2026-01-03", "2026-01-04"];
  await chain.commit({ last: 9, last_timestamp: 0, files: days.map((day) => file("a", day, 3)) });
  await chain.commit({ last: 19, last_timestamp: 0, files: [file("b", "2026-01-01", 5, 300)] });
  return hdfs;
}

describe("listFiles(place)", () => {
  it("gives every file with the rows that its own footer states", async () => {
    const hdfs = await landed();
    const files = await listFiles({ hdfs, root });
    assert.deepEqual(
      files.map(({ table, day, rows }) => [table, day, rows]),
      [
        ["a", "2026-01-01", 3],
        ["a", "2026-01-02", 3],
        ["a", "2026-01-03", 3],
        ["a", "2026-01-04", 3],
        ["b", "2026-01-01", 5],
      ],
    );
    const last = files.at(-1)!;
    assert.equal(last.path, "/q/tables/b/day=2026-01-01/game_events-1-00000000000000000010.parquet");
    assert.equal(last.bytes, (hdfs.nodes.get(last.path) as Buffer).length);
  });

  it("gives the files of one table", async () => {
    const files = await listFiles({ hdfs: await landed(), root, table: "b" });
    assert.deepEqual(
      files.map(({ table }) => table),
      ["b"],
    );
  });

  it("is empty when nothing has landed", async () => {
    assert.deepEqual(await listFiles({ hdfs: new HdfsModel(), root }), []);
  });
});

describe("listFilesOf(commits, place)", () => {
  it("finds a file that came late in the folder of its copy, when the older file is deleted", async () => {
    const hdfs = await landed();
    const place = { root, table: "b", day: "2026-01-01" };
    const from = dayFolder(root, "b", "2026-01-01");
    const record = { number: 1, from, folder: "/q/new", files: [], new_files: [] };
    await hdfs.create(swapPath(place, 1), Buffer.from(JSON.stringify(record)));
    await copyToNewest(hdfs, place);
    const name = "game_events-1-00000000000000000010.parquet";
    await hdfs.remove(`${from}/${name}`); // as clearSwaps does
    const [found] = await listFilesOf([{ partition: 1, first: 10 }], { hdfs, root, topic });
    assert.deepEqual([found?.path, found?.rows], [`/q/new/${name}`, 5]);
  });
});

describe("listLandedRows(place)", () => {
  it("gives the rows of each commit and table", async () => {
    const rows = await listLandedRows({ hdfs: await landed(), root, topic });
    assert.deepEqual(
      rows.map(({ partition, table, rows: count }) => [partition, table, count]),
      [...Array<unknown>(4).fill([1, "a", 3]), [1, "b", 5]],
    );
    assert.ok(rows.every(({ committed_at }) => Math.abs(committed_at.getTime() - Date.now()) < 60_000));
  });
});

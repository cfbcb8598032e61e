// Files of many days of tables, in an HDFS in memory.
import assert from "node:assert/strict";
import { DayFolders } from "./day-folders.ts";
import { HdfsModel, OPEN_DAY } from "./testbed/hdfs-model.fixture.ts";

const root = "/q";
const day = OPEN_DAY;

describe("new DayFolders(hdfs, root).move(file)", () => {
  it("moves files at once, also when the folders that it knows become too many meanwhile", async () => {
    const hdfs = new HdfsModel();
    const folders = new DayFolders(hdfs, root);
    for (let i = 0; i < 999; i++) await folders.folderOf(`known${i}`, day);
    const files = ["a", "b", "c"].map((table) => {
      return {
        table,
        day,
        staged: `/q/staging/w/${table}`,
        target: `/q/tables/${table}/day=${day}/1.parquet`,
      };
    });
    for (const { staged, table } of files) await hdfs.create(staged, Buffer.from(table));
    await Promise.all(files.map((file) => folders.move(file)));
    for (const { target, table } of files) assert.equal(String(await hdfs.read(target)), table);
  });
});

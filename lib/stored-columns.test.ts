import assert from "node:assert/strict";
import { missingColumns, writeColumns } from "./stored-columns.ts";
import { HdfsModel } from "./testbed/hdfs-model.fixture.ts";

describe("missingColumns(hdfs, root, table)", () => {
  it("names the columns of files that a table would leave out of a copy of its rows", async () => {
    const hdfs = new HdfsModel();
    const columns = ["event_id", "colour"];
    assert.deepEqual(await missingColumns(hdfs, "/q", { table: "t", columns: [] }), []);
    await writeColumns(hdfs, "/q", "t", 1, [
      { name: "event_id", type: "text" },
      { name: "size", type: "integer" },
    ]);
    assert.deepEqual(await missingColumns(hdfs, "/q", { table: "t", columns }), ["size"]);
    assert.deepEqual(await missingColumns(hdfs, "/q", { table: "t", columns: [...columns, "size"] }), []);
  });
});

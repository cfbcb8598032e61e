import assert from "node:assert/strict";
import { events } from "../events.ts";
import { settings } from "../settings.ts";
import { describeChanges, describeRecord } from "./print-rebuild.ts";
import { noChanges } from "./rewrite.ts";

const { table, type } = events[0]!;

describe("describeChanges(table, changes)", () => {
  it("names the columns, the first rows that do not fit, and the rows before and after", () => {
    const firstUnfit = [
      { place: "t/0/9", reason: "params.n: expected an integer" },
      { place: "t/0/2", reason: "params.n: expected an integer" },
    ];
    const columns = new Map([["n", { rows: 4, example: "true becomes TRUE" }]]);
    assert.deepEqual(describeChanges(table, { rows: 10, kept: 7, unfit: 3, firstUnfit, columns }), [
      `table ${table}: 10 rows; nothing is changed by --dry-run`,
      "column n: 4 rows get another value, e.g. true becomes TRUE",
      "3 rows do not fit any longer, and would go to failed_events:",
      "  t/0/2: params.n: expected an integer",
      "  t/0/9: params.n: expected an integer",
      "  and 1 more",
      `event ${type}: 10 rows now, 7 rows after the rebuild`,
    ]);
  });

  it("says that no row changes", () => {
    assert.deepEqual(describeChanges(table, { ...noChanges(), rows: 2, kept: 2 }), [
      `table ${table}: 2 rows; nothing is changed by --dry-run`,
      "no row that fits gets another value",
      "0 rows do not fit any longer, and would go to failed_events",
      `event ${type}: 2 rows now, 2 rows after the rebuild`,
    ]);
  });
});

describe("describeRecord(record)", () => {
  it("sums the rows of all files, and names the record and the old files", () => {
    const plan = { id: "buy-1", table: "buy", definition: "0", columns: [], started_at: "", ended_at: "" };
    const files = [
      { day: "2026-01-31", name: "a.parquet", rows: 4, kept: 3, unfit: 1 },
      { day: "2026-02-01", name: "b.parquet", rows: 6, kept: 6, unfit: 0 },
    ];
    assert.deepEqual(describeRecord({ ...plan, files }), [
      "table buy rebuilt: 10 rows before = 9 after + 1 newly failed",
      "npm run failed lists the failed rows with their reasons",
      "record: /questlog/rebuilds/buy-1.json",
      `the old files are in /questlog/replaced/buy-1; to delete them: curl -X DELETE "${settings.webhdfsUrl}/webhdfs/v1/questlog/replaced/buy-1?op=DELETE&recursive=true&user.name=${settings.hdfsUser}"`,
    ]);
  });
});

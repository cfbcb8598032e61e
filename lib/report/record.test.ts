// A report's page and its record as files. audit/trace.live.test.ts tests how trace uses them.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { countBars, eventsIn } from "../ask/counted.ts";
import { chartBundle } from "../ask/show.ts";
import { runOf } from "../testbed/notebook.fixture.ts";
import { renderReport } from "./html.ts";
import type { Output } from "./notebook.ts";
import { readRecord, recordOf, recordPath, writeRecord } from "./record.ts";
import type { Run } from "./run.ts";

const count = {
  ...eventsIn([{ partition: 0, from: 10, to: 130 }], { type: "purchase_sword" }),
  ...{ by: "metal", sum: null, statement: "SELECT", values: [{ value: "gold", number: 60 }] },
};

/** A run of two cells that both show the same chart. */
function countingRun(): Run {
  const data = chartBundle(countBars(count, "Swords")) as never;
  const chart: Output = { output_type: "display_data", data, metadata: {} };
  return runOf([[chart], [chart]]);
}

describe("recordOf(run)", () => {
  it("holds the counts of each cell, the times of the report, and its state", () => {
    const record = recordOf(countingRun());
    assert.deepEqual(
      [record.status, record.started_at, record.ended_at],
      ["ok", "2026-11-24T03:21:00.000Z", "2026-11-24T03:22:15.200Z"],
    );
    assert.deepEqual(
      record.counted.map(({ notebook, cell }) => [notebook, cell]),
      [
        ["1-first", 1],
        ["1-first", 2],
      ],
    );
    assert.deepEqual(record.counted[0], {
      ...{ notebook: "1-first", cell: 1, kind: "chart", title: "Swords" },
      ...count,
    });
  });

  it("leaves out a cell that failed", () => {
    const run = countingRun();
    run.status = "failed";
    run.steps[0]!.cells[1]!.status = "failed";
    const { status, counted } = recordOf(run);
    assert.deepEqual([status, counted.length], ["failed", 1]);
  });
});

describe("readRecord(htmlPath)", () => {
  let folder: string;
  let page: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "questlog-record-"));
    page = join(folder, "report.html");
    const run = countingRun();
    await writeFile(page, await renderReport(run, { title: "T", facts: [await writeRecord(run, page)] }));
  });
  afterEach(() => rm(folder, { recursive: true }));

  async function edit(path: string, change: (text: string) => string): Promise<void> {
    await writeFile(path, change(await readFile(path, "utf8")));
  }

  it("reads the record that belongs to the page", async () => {
    assert.deepEqual(await readRecord(page), recordOf(countingRun()));
  });

  it("refuses a record that was edited, cut, or left behind by another run", async () => {
    const refused = {
      name: "RecordError",
      message: "report.json is not the record of report.html: its SHA-256 is not in that page",
    };
    for (const change of [
      (text: string) => text.replace('"to": 130', '"to": 131'),
      (text: string) => text.slice(0, -10),
      () => "",
    ]) {
      const text = await readFile(recordPath(page), "utf8");
      await edit(recordPath(page), change);
      await assert.rejects(readRecord(page), refused);
      await writeFile(recordPath(page), text);
    }
    await writeRecord({ ...countingRun(), seconds: 1 }, page);
    await assert.rejects(readRecord(page), refused);
  });

  it("names the missing file", async () => {
    await rm(recordPath(page));
    await assert.rejects(readRecord(page), { message: "there is no report.json" });
    await writeFile(recordPath(page), "{}");
    await rm(page);
    await assert.rejects(readRecord(page), {
      message: "there is no report.html that report.json belongs to",
    });
  });
});

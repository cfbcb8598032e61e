// These tests do not ask Trino; sabotage.live.test.ts counts again.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bars } from "../ask/chart.ts";
import { chartBundle } from "../ask/show.ts";
import { runOf } from "../testbed/notebook.fixture.ts";
import type { Output } from "./notebook.ts";
import { isError } from "./outputs.ts";
import { recount } from "./recount.ts";

describe("recount(run, outFolder)", () => {
  let folder: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "questlog-recount-"));
  });
  after(() => rm(folder, { recursive: true }));

  /** The status and the error of a run whose cell shows a chart. */
  async function end(spec: object): Promise<[status: string, error: string]> {
    const output: Output = { output_type: "display_data", data: chartBundle(spec) as never, metadata: {} };
    const run = runOf([[output]]);
    await recount(run, folder);
    const error = run.steps[0]!.cells[0]!.cell.outputs.find(isError);
    return [run.status, error?.evalue ?? ""];
  }

  it("leaves a run as it is whose charts can be drawn", async () => {
    const spec = bars([{ a: "x", n: 1 }], { category: "a", value: "n", title: "T" });
    assert.deepEqual(await end(spec), ["ok", ""]);
  });

  it("fails the cell of a chart that cannot be drawn, and names the chart and the cause", async () => {
    const [status, error] = await end({ title: "Sales", mark: "bar", data: { url: "data.csv" } });
    assert.equal(status, "failed");
    assert.match(
      error,
      /^the chart "Sales" cannot be drawn: expected data in the spec, got an address: data\.csv/,
    );
    assert.equal((await end({ mark: "no such mark" }))[0], "failed");
  });
});

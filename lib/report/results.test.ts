// The results of runs without a kernel: outputs as `say`, `table` and `show` write them.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bars } from "../ask/chart.ts";
import { RESULT_MIME, saidValues, type ShownValues } from "../ask/result.ts";
import { chartBundle, type Said, TABLE_TYPE } from "../ask/show.ts";
import { tableData } from "../ask/table.ts";
import { runOf } from "../testbed/notebook.fixture.ts";
import type { Output } from "./notebook.ts";
import { readResults, resultsOf } from "./results.ts";

const output = (data: object): Output => ({ output_type: "display_data", data: data as never, metadata: {} });
const record = (values: ShownValues): Output => output({ [RESULT_MIME]: values });
const said = (parts: TemplateStringsArray, ...values: Said[]): Output => record(saidValues(parts, values));

const SOURCE = "say`${lost} of ${ rows.length }`;";
const count = { topic: "t", schema: "s", event_types: [], ranges: [], where: {}, sum: null, statement: "" };

describe("resultsOf(run, title)", () => {
  // Outputs of one cell → names, kinds and values.
  const CASES: [what: string, outputs: Output[], expected: unknown[][]][] = [
    [
      "a sentence's numbers by their expressions",
      [said`${0} of ${1234.5}`],
      [
        ["lost", "number", 0],
        ["rows.length", "number", 1234.5],
      ],
    ],
    [
      "a sentence that the source does not contain",
      [said`${"ny"} and ${true}`],
      [
        ["value", "text", "ny"],
        ["value (2)", "boolean", true],
      ],
    ],
    [
      "integers beyond 2^53, decimals and times exactly",
      [said`${2n ** 64n}, ${5n}, ${"12.50"}, ${new Date(0)}`],
      [
        ["value", "number", "18446744073709551616"],
        ["value (2)", "number", 5],
        ["value (3)", "number", "12.50"],
        ["value (4)", "time", "1970-01-01T00:00:00.000Z"],
      ],
    ],
    [
      "a count with the number of each value",
      [said`${{ ...count, by: "metal", values: [{ value: "gold", number: 60 }] }}`],
      [["value", "count", { gold: 60 }]],
    ],
    [
      "a total as one number",
      [said`${{ ...count, by: null, values: [{ value: null, number: 110 }] }}`],
      [["value", "number", 110]],
    ],
    [
      "tiles by their names; a second one of a name has a number",
      [
        record({ values: [{ name: "lost", kind: "tile", value: 3 }] }),
        record({ values: [{ name: "lost", kind: "tile", value: 4 }] }),
      ],
      [
        ["lost", "tile", 3],
        ["lost (2)", "tile", 4],
      ],
    ],
    [
      "a tile by its name, also after a sentence with an expression of that name",
      [
        record({
          template: ["", " of ", ""],
          values: [3, 9].map((value) => ({ kind: "number" as const, value })),
        }),
        record({ values: [{ name: "lost", kind: "tile", value: 3 }] }),
      ],
      [
        ["lost (2)", "number", 3],
        ["rows.length", "number", 9],
        ["lost", "tile", 3],
      ],
    ],
    [
      "a table's rows by its caption, without the note on its rows",
      [output({ [TABLE_TYPE]: tableData([{ a: 1 }], "Swords: first 1 of 2 rows") })],
      [["Swords", "table", [{ a: 1 }]]],
    ],
    [
      "a table's own name",
      [output({ [TABLE_TYPE]: { ...tableData([{ a: 1 }], "Swords"), name: "swords" } })],
      [["swords", "table", [{ a: 1 }]]],
    ],
    [
      "charts without a title, and with rows in a part",
      [output(chartBundle({ layer: [{ data: { values: [{ n: 1 }] } }], title: "", description: "d" }))],
      [["chart", "chart", [{ n: 1 }]]],
    ],
  ];
  for (const [what, outputs, expected] of CASES)
    it(`has ${what}`, () => {
      const { results } = resultsOf(runOf([outputs], { source: SOURCE }), "T");
      assert.deepEqual(
        results.map(({ name, kind, value }) => [name, kind, value]),
        expected,
      );
    });

  it("has a chart's rows by its title or name", () => {
    const spec = bars([{ k: "gold", n: 60 }], { category: "k", value: "n", title: "Swords" });
    const { results } = resultsOf(
      runOf([[output(chartBundle(spec))], [output(chartBundle({ ...spec, name: "swords" }))]]),
      "T",
    );
    assert.deepEqual(
      results.map(({ name, cell }) => [name, cell]),
      [
        ["Swords", 1],
        ["swords", 2],
      ],
    );
    assert.equal((results[0]!.value as { number: number }[])[0]!.number, 60);
  });

  it("has the claims, the notebooks and the state of the run", () => {
    const { version, title, status, started_at, notebooks, claims } = resultsOf(runOf([[]]), "T");
    assert.deepEqual([version, title, status, started_at], [1, "T", "ok", "2026-11-24T03:21:00.000Z"]);
    assert.deepEqual(notebooks, [{ name: "1-first", title: "A title", status: "ok", seconds: 75.2 }]);
    assert.deepEqual(claims, [
      {
        ...{ notebook: "1-first", cell: 1, text: "assert.ok(true)", held: 1, failed: 0, pending: 0 },
        ...{ actual: "true", expected: null, cause: null },
      },
    ]);
  });
});

describe("readResults(path)", () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "questlog-results-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  it("reads the file that resultsOf describes, by its path or its folder", async () => {
    const results = resultsOf(runOf([[said`${1}`]]), "T");
    const file = join(folder, "results.json");
    await writeFile(file, JSON.stringify(results));
    assert.deepEqual(await readResults(folder), results);
    assert.deepEqual(await readResults(file), results);
  });

  it("names the file and its fault in one sentence", async () => {
    const file = join(folder, "results.json");
    await assert.rejects(readResults(folder), { message: `there is no ${file}` });
    for (const [text, fault] of [
      ["{", /results\.json: expected JSON, got /],
      ["null", /results\.json: expected results of version 1, got version undefined/],
      ['{"version":2,"results":[]}', /got version 2/],
    ] as const) {
      await writeFile(file, text);
      await assert.rejects(readResults(file), { name: "ResultsError", message: fault });
    }
  });
});

import assert from "node:assert/strict";
import { RESULT_MIME, type ShownValues } from "../ask/result.ts";
import { runOf } from "../testbed/notebook.fixture.ts";
import { failIf, metConditions, parseCondition } from "./fail-if.ts";
import { annotationsOf, junitOf } from "./junit.ts";
import type { Output } from "./notebook.ts";
import { summarize, summaryLines } from "./summary.ts";
import { type Result, resultsOf } from "./results.ts";

const result = (name: string, value: unknown): Result => {
  return { name, kind: "number", notebook: "n", cell: 1, value };
};
const record = (values: ShownValues): Output => {
  return { output_type: "display_data", data: { [RESULT_MIME]: values as never }, metadata: {} };
};
const RESULTS = [
  result("lost", 0),
  result("lost (2)", 3),
  result("rows.length", 220),
  result("Swords by metal", [{ label: "gold", number: 60 }]),
  result("sold", { gold: 60 }),
  result("sold (2)", { gold: 70 }),
  result("price", "12.50"),
];

describe("--fail-if CONDITION", () => {
  for (const [text, hint] of [
    ["lots > 0", '; the nearest name is "lost"'],
    ["nothing like it > 0", ""],
    ["rows.lenght < 5", '; the nearest name is "rows.length"'],
  ] as const)
    it(`${text}: names no result, which is a fault of the run and of no cell`, async () => {
      const run = runOf([
        [
          record({
            values: RESULTS.map(({ name, value }) => ({ name, kind: "tile", value: value as never })),
          }),
        ],
      ]);
      await failIf(run, [parseCondition(text)], "no such folder");
      const fault = `--fail-if "${text}" names no result with a number${hint}`;
      assert.deepEqual([run.status, run.faults, run.steps[0]!.status], ["failed", [fault], "ok"]);
      assert.deepEqual(resultsOf(run, "").fail_if, [fault]);
      assert.deepEqual(summaryLines(run), [`Failed after 1 min 15 s: ${fault}`]);
      assert.equal(summarize(run).text, `Failed in 1\u00a0min\u00a015\u00a0s: ${fault}.`);
      assert.ok(junitOf(run).includes(' tests="1" failures="1"'));
      assert.deepEqual(annotationsOf(run, []), [`::error title=run::${fault}`]);
    });

  for (const [text, reasons] of [
    ["lost > 0", ["lost (2) is 3"]],
    ["lost (2) > 5", []],
    ["lost<0", []],
    ["rows.length != 220", []],
    ["rows.length>=220", ["rows.length is 220"]],
    ["Swords by metal.gold.number == 60", ["Swords by metal.gold.number is 60"]],
    ["sold.gold > 65", ["sold (2).gold is 70"]],
    ["price <= 12.5", ["price is 12.5"]],
    ["price < 1e2", ["price is 12.5"]],
  ] as const)
    it(`${text}: ${reasons.length === 0 ? "passes" : reasons.join()}`, () => {
      const met = metConditions([parseCondition(text)], RESULTS);
      assert.deepEqual(
        met.map(({ reason }) => reason),
        reasons.map((reason) => `--fail-if "${text}": ${reason}`),
      );
    });

  for (const text of [
    "",
    "lost",
    "> 0",
    "lost > ",
    "lost > many",
    "lost => 0",
    "process.exit(1)",
    "lost > 0; x",
  ])
    it(`refuses "${text}"`, () => {
      assert.throws(() => parseCondition(text), {
        name: "UsageError",
        message: `--fail-if: expected NAME <= >= == != < > NUMBER, e.g. "lost > 0", got "${text}"`,
      });
    });
});

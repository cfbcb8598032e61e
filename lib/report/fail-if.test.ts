import assert from "node:assert/strict";
import { metConditions, parseCondition } from "./fail-if.ts";
import type { Result } from "./results.ts";

const result = (name: string, value: unknown): Result => {
  return { name, kind: "number", notebook: "n", cell: 1, value };
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
    ["lots > 0", ['expected a number named "lots", got none; the nearest name is "lost"']],
    ["nothing like it > 0", ['expected a number named "nothing like it", got none']],
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

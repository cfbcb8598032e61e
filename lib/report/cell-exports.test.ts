import assert from "node:assert/strict";
import { withoutExports } from "./cell-exports.ts";

// A cell's code → the code without `export`, of the same length where nothing is imported.
const CASES = [
  ["export const a = 1;", "       const a = 1;"],
  ["export { a, b };\nc();", "                \nc();"],
  ['export * from "./x.js";', 'import "./x.js";'],
  ["export default 1 + 1;", "void 1 + 1;"],
  ["export default function f() {}", "               function f() {}"],
  ["export default function () {}", "void                function () {}"],
  ["const exported = 'export';", "const exported = 'export';"],
] as const;

describe("withoutExports(source)", () => {
  for (const [source, expected] of CASES)
    it(`turns ${JSON.stringify(source)} into code without export`, () => {
      assert.equal(withoutExports(source), expected);
    });
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { settings } from "../settings.ts";
import { referenceText } from "./reference.ts";

describe("docs/reference.md", function () {
  this.timeout(30_000);
  const text = referenceText(join(settings.root, "lib", "questlog.ts"), settings.root);

  it("has the present comments of lib/ (npm run check -- --write makes it)", () => {
    assert.equal(readFileSync(join(settings.root, "docs", "reference.md"), "utf8"), text);
  });

  it("has a comment for each function", () => {
    const sections = text.split(/^## /m).slice(1);
    assert.ok(sections.length > 20);
    const silent = sections.filter((section) => !/```\n\n[A-Z]/.test(section));
    assert.deepEqual(silent, []);
  });
});

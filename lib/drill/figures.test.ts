import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { settings } from "../settings.ts";
import { drills } from "./drills.ts";
import { figuresTable } from "./figures.ts";

describe("figuresTable(passed)", () => {
  it("reads a figure as its words, its value and its unit, and the account of the events by itself", () => {
    const figures = {
      kills: 100,
      resumed_longest_ms: 8712,
      api_rss_mb_per_minute: 0.25,
      accepted_per_second: 1000,
      cpu_percent: 4.5,
      accepted: 5000,
      rows: 5001,
      lost: 0,
      double: 0,
      doubles_removed: 1,
    };
    const [, , row] = figuresTable([{ name: "kill", what: "all | is\nwell", figures, seconds: 61.2 }]).split(
      "\n",
    );
    assert.equal(
      row,
      "| `kill` | all \\| is well | kills 100, resumed longest 8,712 ms, api rss 0.25 MB/min, accepted 1,000/s, cpu 4.5 %, 61 s in all | 5,000 accepted, 0 lost, 0 double, 1 doubles removed |",
    );
  });

  it("is in the README, with a row for each drill", () => {
    const readme = readFileSync(join(settings.root, "README.md"), "utf8");
    const named = [...readme.matchAll(/^\| `([a-z-]+)` +\| .* s in all +\| .*\|$/gm)].map(([, name]) => name);
    assert.deepEqual(
      named,
      drills.map(({ name }) => name),
    );
  });
});

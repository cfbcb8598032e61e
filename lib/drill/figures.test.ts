import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { settings } from "../settings.ts";
import { drills } from "./drills.ts";
import { cellsOf, DRILLS_FILE, drillsPage, figuresTable, shortTable } from "./figures.ts";

describe("figuresTable(passed)", () => {
  it("shows each figure as words, value and unit, and the account of the events in its own column", () => {
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
});

describe("drillsPage(passed, date)", () => {
  const figures = { kills: 1, accepted: 10, lost: 0 };
  const page = drillsPage([{ name: "kill", what: "fault: promise", figures, seconds: 1 }], new Date(0));

  it("has the day of the run, and the machine by its size, system and Node, without a name or a path", () => {
    assert.match(page, /on 1970-01-01: \d+ cores \(\w+\), \d+ GiB of memory, \w+, Node \d+\.\d+\.\d+\.\n/);
    for (const secret of [hostname(), settings.root]) assert.ok(!page.includes(secret));
  });

  it("ends in the table", () => {
    assert.match(page, /\n\| `kill` \| fault: promise \| kills 1, 1 s in all \| 10 accepted, 0 lost \|\n$/);
  });
});

describe("shortTable(page)", () => {
  it("refuses a page without one of the figures, and names the drill", () => {
    assert.throws(() => shortTable("| `kill-stream` | fault: promise | kills 1 | 0 lost |"), {
      message: /^drills page: expected a row of kill-stream with "resumed longest", got \|/,
    });
    assert.throws(() => shortTable(""), /got none$/);
  });
});

describe("history/drills.md", () => {
  const page = readFileSync(DRILLS_FILE, "utf8");
  const rowsOf = (text: string) =>
    text
      .split("\n")
      .filter((line) => line.startsWith("| `"))
      .map(cellsOf);

  it("has a row for each drill, with its fault and promise", () => {
    const rows = new Map(rowsOf(page).map(([name, what]) => [name, what]));
    for (const { name, what } of drills) assert.equal(rows.get(`\`${name}\``), what);
  });

  it("has the figures that the README shows", () => {
    const readme = readFileSync(join(settings.root, "README.md"), "utf8");
    const shown = rowsOf(readme).filter(([fault = ""]) => /^`[a-z-]+`: /.test(fault));
    assert.deepEqual(shown, rowsOf(shortTable(page)));
  });
});

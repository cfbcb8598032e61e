import assert from "node:assert/strict";
import { aroundSwitches, describeShifts, landedByEngine, type Shift, withEngines } from "./shifts.ts";

const at = (second: number) => new Date(Date.UTC(2026, 0, 31, 12, 0, second));

const SHIFTS: Shift[] = [
  { engine: "TypeScript", started_at: at(0), ended: "killed at record_renamed" },
  { engine: "Spark", started_at: at(10), ended: "killed at record_renamed" },
  { engine: "TypeScript", started_at: at(30), ended: "works" },
];

const link = (partition: number, commit: number, first: number, last: number, second: number) => ({
  ...{ partition, commit, first, last, files: 1 },
  rows: last - first + 1,
  committed_at: at(second),
});

const LINKS = [
  link(0, 1, 0, 1, 2),
  link(0, 2, 2, 4, 25),
  link(0, 3, 5, 5, 32),
  link(1, 1, 0, 0, 3),
  link(1, 2, 1, 1, 5),
];

describe("the shifts of two engines", () => {
  it("tell how soon each engine committed, and its numbers of commits and messages", () => {
    assert.deepEqual(
      describeShifts(LINKS, SHIFTS).map((shift) => Object.values(shift)),
      [
        ["TypeScript", 2, 3, 4, "killed at record_renamed"],
        ["Spark", 15, 1, 3, "killed at record_renamed"],
        ["TypeScript", 2, 1, 1, "works"],
      ],
    );
  });

  it("add up the messages of each engine, from commit to commit", () => {
    const landed = landedByEngine(withEngines(LINKS, SHIFTS));
    assert.deepEqual(
      landed.filter(({ engine }) => engine === "Spark").map(({ seconds, messages }) => [seconds, messages]),
      [
        [0, 0],
        [1, 0],
        [3, 0],
        [23, 3],
        [30, 3],
      ],
    );
    assert.deepEqual(landed.at(-2), { seconds: 30, engine: "TypeScript", messages: 5 });
  });

  it("show the commits on both sides of a switch, and no partition without one", () => {
    const shown = aroundSwitches(withEngines(LINKS, SHIFTS));
    assert.deepEqual(
      shown.map(({ partition, first, engine }) => [partition, first, engine]),
      [
        [0, 0, "TypeScript"],
        [0, 2, "Spark"],
        [0, 5, "TypeScript"],
      ],
    );
  });

  it("refuse a commit from before the first shift", () => {
    assert.throws(
      () => withEngines([link(0, 1, 0, 0, -1)], SHIFTS),
      /^Error: expected a shift at 2026-01-31T/,
    );
  });
});

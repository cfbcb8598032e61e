import assert from "node:assert/strict";
import { lines } from "./line-chart.ts";
import { texts } from "./drawn-texts.fixture.ts";
import { timeTicks, weekStart } from "./time-ticks.ts";
import { drawSvg } from "../report/draw.ts";

const DAY = 86_400_000;

function daysFrom(first: string, count: number, step = 1): number[] {
  return Array.from({ length: count }, (_, i) => Date.parse(first) + i * step * DAY);
}

async function labels(times: number[]): Promise<string[]> {
  const rows = times.map((time) => ({ time: new Date(time), n: 1 }));
  const shown = texts(await drawSvg(lines(rows, { x: "time", y: "n", title: "Sales" })));
  return shown.slice(
    0,
    shown.findIndex((text) => text.startsWith("time")),
  );
}

describe("the ticks of an axis of times", () => {
  const HOUR = DAY / 24;
  const hours = Array.from({ length: 9 }, (_, i) => Date.parse("2026-10-24T20:00Z") + i * HOUR);
  for (const [name, times, expected] of [
    [
      "days across the start of a month",
      daysFrom("2026-10-30", 4),
      ["Oct 30", "2026", "Oct 31", "Nov 1", "Nov 2"],
    ],
    [
      "days across the start of a year",
      daysFrom("2026-12-30", 4),
      ["Dec 30", "2026", "Dec 31", "Jan 1", "2027", "Jan 2"],
    ],
    [
      "weeks that begin on Mondays",
      daysFrom("2026-10-26", 5, 7),
      ["Oct 26", "2026", "Nov 2", "Nov 9", "Nov 16", "Nov 23"],
    ],
    ["a month of days", daysFrom("2026-11-01", 30), ["Nov 2", "2026", "Nov 9", "Nov 16", "Nov 23", "Nov 30"]],
    [
      "months",
      ["2026-11", "2026-12", "2027-01"].map((month) => Date.parse(`${month}-01`)),
      ["Nov", "2026", "Dec", "Jan", "2027"],
    ],
    [
      "years",
      [2020, 2022, 2024].map((year) => Date.UTC(year, 0, 1)),
      ["2020", "2021", "2022", "2023", "2024"],
    ],
    ["hours over midnight", hours, ["20:00", "Oct 24", "22:00", "00:00", "Oct 25", "02:00", "04:00"]],
  ] as const) {
    it(`have one form: ${name}`, async () => {
      assert.deepEqual(await labels([...times]), expected);
    });
  }

  it("are at least two, also where there is little room", () => {
    for (const count of [2, 3, 5, 7, 8, 13, 31, 45, 100, 400])
      for (const first of daysFrom("2026-11-01", 7).map((time) => new Date(time).toISOString()))
        assert.equal(timeTicks(daysFrom(first, count), 2).values.length, 2, `${count} days from ${first}`);
    assert.equal(timeTicks(hours, 2).values.length, 2);
  });

  it("lie on midnights for days, and never above the number asked for", () => {
    for (const count of [2, 5, 10, 31, 45, 100, 400, 5000, 100_000]) {
      const { values } = timeTicks(daysFrom("2000-01-03", count), 5);
      assert.ok(values.length >= 1 && values.length <= 5, `${values.length} ticks for ${count} days`);
      assert.ok(values.every((time) => time % DAY === 0));
    }
  });

  it("have the weeks of the data, or ISO weeks", () => {
    assert.equal(new Date(weekStart(daysFrom("2026-11-01", 3, 7))).getUTCDay(), 0);
    assert.equal(new Date(weekStart(daysFrom("2026-11-01", 30))).getUTCDay(), 1);
  });
});

import assert from "node:assert/strict";
import { resultNumbers } from "./own-numbers.ts";

describe("resultNumbers(text)", () => {
  for (const text of [
    ...["top 10 items of 2026, goal 7,500", "the 8 newest rows", "the last 7 days, every 5 minutes", "24/7"],
    ...["a goal of 7,500 events", "our target: 99.5 %", "the 95 % target", "a limit of 20 MB", "goal (5 %)"],
    ...["≥ 99.5 %", "> 5", "the threshold is at 12 ms", "budget: €5"],
    ...["# 12 things", "## The 5 rows\n", "Of 12 rows\n===", "1. First\n2. Second\n", "(1) one, (2) two"],
    ...[
      "In 2026 sales rose",
      "2026 was good",
      "2024–2026",
      "between 2024 and 2026",
      "May 5, 2026",
      "2025/26",
    ],
    ...["31 January 2026", "2026-11-24", "2026-11-24T10:00:00Z", "24.11.2026", "2026/11/24", "at 12:30"],
    ...["Q3 2026", "2026-Q3", "step 2, cell 3", "section 1.2", "see [1] and [^2]", "#12", "§ 3", "week 47"],
    ...["Node 26.10", "version 1.2", "1.2.3", "HTTP 404", "ISO 8601", "the 2nd and the 95th"],
    ...["$\\frac{1}{n}$", "$$\n\\sum_{i=1}^{10} x_i\n$$", "\\begin{align} a &= 12 \\end{align}"],
    ...["two kinds of players", "Two things are checked", "counted twice", "a couple of questions"],
  ]) {
    it(`accepts the author's own numbers in "${text}"`, () => assert.deepEqual(resultNumbers(text), []));
  }

  for (const [text, ...numbers] of [
    ["It showed 220 events, 15 %, 1,000.5 s.", "220", "15", "1000.5"],
    ["All 2020 events of the 2,026 rows", "2020", "2026"],
    ["We missed the target by 120 events", "120"],
    ["within 90210 s", "90210"],
    ["12 rows (13)", "12", "13"],
    ["# Title of 5\n6 rows", "6"],
    ["In 2026 1,999 events came", "1999"],
    ["We may 12 times", "12"],
    ["It costs $5 and $10", "5", "10"],
    ["six of the eleven rounds, two seconds", "six", "eleven", "two"],
    ["a hundred rows, twice as many", "hundred", "twice"],
  ] as const) {
    it(`finds ${numbers.join(", ")} in "${text.replace("\n", " ")}"`, () =>
      assert.deepEqual(resultNumbers(text), numbers));
  }
});

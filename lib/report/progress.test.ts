import assert from "node:assert/strict";
import { runOf } from "../testbed/notebook.fixture.ts";
import { until } from "../until.ts";
import { showProgress } from "./progress.ts";

describe("showProgress(terminal)", () => {
  it("shows the last line that a cell printed, which can neither move the cursor nor colour the terminal", async () => {
    const written: string[] = [];
    const { onProgress, stop } = showProgress({
      isTTY: true,
      columns: 200,
      write: (text: string) => written.push(text),
    });
    const step = runOf([[]]).steps[0]!;
    const cell = step.cells[0]!;
    onProgress({ event: "cell", step, cell });
    onProgress({ event: "output", step, cell, text: "first\n\x1b[2J\x9b31m\b\r\u202e\u2066 gold 60\n" });
    const withGold = () => written.find((text) => text.includes("gold"));
    const line = await until("the line is shown", withGold, { limitMs: 10_000, everyMs: 20 }).finally(stop);
    assert.match(
      line.replace("\r\x1b[2K", ""),
      /^1-first +cell 1 of 1 {2}\d\.\d s {2}\\u\{202e\}\\u\{2066\} gold 60$/,
    );
  });
});

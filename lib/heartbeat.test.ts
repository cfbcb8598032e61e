import assert from "node:assert/strict";
import { setTimeout as sleep } from "node:timers/promises";
import { startHeartbeat } from "./heartbeat.ts";
import { until } from "./until.ts";

describe("startHeartbeat(name)", () => {
  it("tells what the command is doing, again and again, until it stops", async () => {
    const lines: string[] = [];
    const lineAfter = (count: number) => until("a line", () => lines[count], { limitMs: 2_000, everyMs: 5 });
    const beat = startHeartbeat("audit", { terminal: { write: (line) => lines.push(line) }, firstMs: 10 });
    await lineAfter(0);
    beat.doing("300,000 messages audited");
    await lineAfter(lines.length + 1);
    beat.stop();
    const { length } = lines;
    assert.equal(lines[0], "audit: at work, 0 s\n");
    assert.equal(lines.at(-1), "audit: 300,000 messages audited, 0 s\n");
    await sleep(100);
    assert.equal(lines.length, length);
  });

  it("says nothing of a short command", async () => {
    const lines: string[] = [];
    const beat = startHeartbeat("audit", { terminal: { isTTY: true, write: (line) => lines.push(line) } });
    await sleep(20);
    beat.stop();
    assert.deepEqual(lines, []);
  });
});

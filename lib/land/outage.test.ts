import assert from "node:assert/strict";
import { until } from "../until.ts";
import { Outage } from "./outage.ts";

describe("new Outage(service, log).outlast(call, options)", () => {
  const passing = (error: unknown) => (error as Error).message === "away";

  function failing(times: number, message = "away"): () => Promise<string> {
    let calls = 0;
    return () => (calls++ < times ? Promise.reject(new Error(message)) : Promise.resolve("answer"));
  }

  it("repeats until the call succeeds, and logs when the service goes away and when it is back", async () => {
    const lines: string[] = [];
    const outage = new Outage("HDFS", (line) => lines.push(line));
    const { signal } = new AbortController();
    const answers = [2, 2].map((times) => outage.outlast(failing(times), { passing, signal }));
    await until("both calls wait", () => lines.length > 0 || undefined, { limitMs: 10_000, everyMs: 1 });
    assert.deepEqual(lines, ["HDFS is away, trying again until it is back: away"]);
    await Promise.all(answers);
    assert.match(lines[1]!, /^HDFS is back after \d\.\d s$/);
    assert.equal(lines.length, 2);
  });

  it("logs nothing when the call succeeds", async () => {
    const lines: string[] = [];
    const outage = new Outage("HDFS", (line) => lines.push(line));
    assert.equal(
      await outage.outlast(failing(0), { passing, signal: new AbortController().signal }),
      "answer",
    );
    assert.deepEqual(lines, []);
  });

  it("throws an error that is not passing at once", async () => {
    const outage = new Outage("HDFS", () => {});
    const { signal } = new AbortController();
    await assert.rejects(outage.outlast(failing(1, "refused"), { passing, signal }), /refused/);
  });

  it("throws when the signal aborts", async () => {
    const outage = new Outage("HDFS", () => {});
    const stopping = new AbortController();
    const answer = outage.outlast(failing(Infinity), { passing, signal: stopping.signal });
    stopping.abort();
    await assert.rejects(answer);
  });
});

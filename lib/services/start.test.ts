import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProcess, killProcess, lastLogLines, startProcess, stopProcess } from "./process.ts";
import type { Runtime } from "./runtime.ts";
import { type Service, services, withNeeds } from "./services.ts";
import { waitUntilReady } from "./start.ts";

// A runtime of real processes; a small program replaces the server.
describe("waitUntilReady(service, runtime)", () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "questlog-"));
  });
  afterEach(async () => {
    await stopProcess(home, "kafka", { graceMs: 0 });
    rmSync(home, { recursive: true });
  });

  function runtimeOf(code: string): Runtime {
    return {
      name: "native",
      words: "as processes",
      prepare: () => Promise.resolve(),
      isRunning: ({ name }) => Promise.resolve(findProcess(home, name) !== undefined),
      start: async ({ name }) => {
        await startProcess(home, name, { file: process.execPath, args: ["-e", code], cwd: home });
        return name;
      },
      stop: async ({ name }) => (await stopProcess(home, name)) !== "absent",
      restarts: () => Promise.resolve(0),
      startWith: () => Promise.resolve(),
      readData: () => Promise.resolve(""),
      kill: ({ name }) => killProcess(home, name),
      pause: () => Promise.resolve(),
      resume: () => Promise.resolve(),
      lastLogLines: ({ name }) => Promise.resolve(lastLogLines(home, name)),
      wipe: () => Promise.resolve(),
    };
  }

  function serviceThatAnswers(...answers: (string | undefined)[]): Service {
    const kafka = services[0] as Service;
    const ask = () => {
      const problem = answers.length > 1 ? answers.shift() : answers[0];
      return problem === undefined ? Promise.resolve() : Promise.reject(new Error(problem));
    };
    return { ...kafka, question: "a greeting", ask, limitMs: 20_000 };
  }

  it("asks until the answer is right", async () => {
    const runtime = runtimeOf("setInterval(() => {}, 1000)");
    const service = serviceThatAnswers("not yet", "not yet", undefined);
    await runtime.start(service);
    await waitUntilReady(service, runtime);
  });

  it("throws, if the process ends, the question, the time waited, and the log's last 20 lines", async () => {
    const runtime = runtimeOf(`for (let i = 1; i <= 30; i++) console.log("line", i)`);
    const service = serviceThatAnswers("refused");
    await runtime.start(service);
    await assert.rejects(waitUntilReady(service, runtime), (error: Error) => {
      const lines = error.message.split("\n");
      assert.match(lines[0] ?? "", /^kafka ended before it was ready: awaited a greeting for \d+\.\d s$/);
      assert.deepEqual(lines.slice(1, 4), [
        "  last answer: refused",
        "  its last 20 log lines:",
        "    line 11",
      ]);
      assert.equal(lines.at(-1), "    line 30");
      return true;
    });
  });

  it("gives up on a process that never gets ready", async () => {
    const runtime = runtimeOf("setInterval(() => {}, 1000)");
    const service = { ...serviceThatAnswers("not yet"), limitMs: 0 };
    await runtime.start(service);
    await assert.rejects(waitUntilReady(service, runtime), {
      message: /^kafka is not ready: awaited a greeting/,
    });
  });

  it("stops waiting when it is interrupted", async () => {
    const runtime = runtimeOf("setInterval(() => {}, 1000)");
    const service = serviceThatAnswers("not yet");
    await runtime.start(service);
    const signal = AbortSignal.abort(new Error("interrupted"));
    await assert.rejects(waitUntilReady(service, runtime, signal), { message: "interrupted" });
  });
});

describe("withNeeds(names)", () => {
  const namesOf = (...names: Parameters<typeof withNeeds>[0]) => withNeeds(names).map(({ name }) => name);

  it("adds the services that the named ones need, before them", () => {
    assert.deepEqual(namesOf("trino"), ["namenode", "datanode", "metastore", "trino"]);
    assert.deepEqual(namesOf("stream", "kafka"), ["kafka", "namenode", "datanode", "stream"]);
  });

  it("lists each service after everything that it needs", () => {
    services.forEach(({ name, needs }, i) => {
      const before = services.slice(0, i).map((service) => service.name);
      assert.deepEqual(
        needs.filter((need) => !before.includes(need)),
        [],
        name,
      );
    });
  });
});

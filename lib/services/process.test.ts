import assert from "node:assert/strict";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../until.ts";
import { processStartTime } from "../lock.ts";
import { findProcess, lastLogLines, startProcess, stopProcess } from "./process.ts";

// Real processes: small Node programs, in a stack's home of their own.
describe("process", () => {
  let home: string;
  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "questlog-"));
  });
  afterEach(async () => {
    await stopProcess(home, "program", { graceMs: 0 });
    rmSync(home, { recursive: true });
  });

  const program = (code: string) => ({ file: process.execPath, args: ["-e", code], cwd: home });
  const WAIT = "setInterval(() => {}, 1000)";

  /** Starts `code`, which prints a line once it is set up, and waits for that line. */
  async function start(code: string) {
    const record = await startProcess(home, "program", program(code));
    const isSetUp = () => lastLogLines(home, "program").at(-1) === "set up" || undefined;
    await until("the program is set up", isSetUp, { limitMs: 10_000, everyMs: 10 });
    return record;
  }

  it("finds a started process by its pid file alone", async () => {
    const record = await startProcess(home, "program", program(WAIT));
    assert.deepEqual(findProcess(home, "program"), record);
  });

  it("recognises a pid that another process has now, and deletes the pid file", () => {
    const file = join(home, "run", "program.pid");
    mkdirSync(join(home, "run"));
    writeFileSync(file, JSON.stringify({ pid: process.pid, startTime: "another boot 4711" }));
    assert.equal(findProcess(home, "program"), undefined);
    assert.equal(existsSync(file), false);
  });

  it("treats an incomplete pid file like a missing one", () => {
    mkdirSync(join(home, "run"));
    writeFileSync(join(home, "run", "program.pid"), '{"pid":');
    assert.equal(findProcess(home, "program"), undefined);
  });

  it("lets a process end by itself at SIGTERM", async () => {
    await start(
      `process.on("SIGTERM", () => { console.log("drained"); process.exit(0) }); console.log("set up"); ${WAIT}`,
    );
    assert.equal(await stopProcess(home, "program"), "stopped");
    assert.deepEqual(lastLogLines(home, "program"), ["set up", "drained"]);
  });

  it("kills a process that does not end in time", async () => {
    const { pid } = await start(`process.on("SIGTERM", () => {}); console.log("set up"); ${WAIT}`);
    assert.equal(await stopProcess(home, "program", { graceMs: 50 }), "killed");
    assert.equal(processStartTime(pid), undefined);
  });

  it('resolves with "absent" if the process does not run', async () => {
    assert.equal(await stopProcess(home, "program"), "absent");
  });

  it("keeps output and errors in one log, and shows its last lines", async () => {
    await start(`for (let i = 0; i < 30; i++) console.error("line", i); console.log("set up"); ${WAIT}`);
    assert.deepEqual(lastLogLines(home, "program", 3), ["line 28", "line 29", "set up"]);
  });

  it("rejects when the command cannot be executed", async () => {
    await assert.rejects(
      startProcess(home, "program", { file: join(home, "nothing"), args: [], cwd: home }),
      {
        code: "ENOENT",
      },
    );
  });
});

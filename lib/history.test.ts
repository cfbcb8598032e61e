import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { $ } from "zx";
import { readHistory, recordCommand, recordHistory, redact } from "./history.ts";

describe("recordHistory(step), recordScript(name)", () => {
  let folder: string;
  let file: string;
  const print = $.log;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "questlog-history-"));
    file = join(folder, "commands.jsonl");
  });
  afterEach(() => {
    $.log = print;
    rmSync(folder, { recursive: true });
  });

  it("writes one line for each command, with its exit code, after the command has ended", async () => {
    recordHistory("1-services", file);
    await $`echo ${"a word"}`.quiet();
    await $`exit 3`.nothrow().quiet();
    const lines = readHistory(file);
    assert.deepEqual(
      lines.map(({ step, command, exit_code, folder }) => ({ step, command, exit_code, folder })),
      [
        { step: "1-services", command: "echo $'a word'", exit_code: 0, folder: "." },
        { step: "1-services", command: "exit 3", exit_code: 3, folder: "." },
      ],
    );
    assert.ok(lines.every(({ time, duration_ms }) => !Number.isNaN(Date.parse(time)) && duration_ms >= 0));
  });

  it("keeps commands that run at the same time apart", async () => {
    recordHistory("up", file);
    await Promise.all([
      $`exit 1`.nothrow().quiet(),
      $`exit 2`.nothrow().quiet(),
      $`exit 3`.nothrow().quiet(),
    ]);
    const lines = readHistory(file);
    assert.equal(lines.length, 3);
    for (const { command, exit_code } of lines) assert.equal(command, `exit ${exit_code}`);
  });

  it("writes no secret", async () => {
    recordHistory("api", file);
    await $`true --token ${"abc123"}`.quiet();
    assert.equal(readHistory(file)[0]?.command, "true --token ***");
  });

  it("keeps the variables QUESTLOG_…, and no secret", async () => {
    const secrets = {
      QUESTLOG_RETENTION_SECRET: "canary-1",
      QUESTLOG_TRINO_URL: "http://me:canary-2@host:1",
    };
    Object.assign(process.env, secrets, { QUESTLOG_TOPIC: "a b" });
    try {
      recordHistory("api", file);
      await $`true`.quiet();
    } finally {
      for (const name of [...Object.keys(secrets), "QUESTLOG_TOPIC"]) delete process.env[name];
    }
    const [line] = readHistory(file);
    assert.equal(line?.environment["QUESTLOG_TOPIC"], "a b");
    assert.equal(line?.environment["QUESTLOG_RETENTION_SECRET"], "***");
    assert.doesNotMatch(readFileSync(file, "utf8"), /canary/);
  });

  it("makes the commands of a script its children, also those of other processes", async () => {
    const module = JSON.stringify(join(import.meta.dirname, "history.ts"));
    const child = `import { recordScript } from ${module}; recordScript("tail", ${JSON.stringify(file)});`;
    const parent = `
      import { spawnSync } from "node:child_process";
      import { recordScript } from ${module};
      recordScript("up", ${JSON.stringify(file)});
      spawnSync(process.execPath, ["--input-type=module", "-e", ${JSON.stringify(child)}]);`;
    await promisify(execFile)(process.execPath, ["--input-type=module", "-e", parent]);
    const [inner, outer] = readHistory(file);
    assert.deepEqual([inner?.step, outer?.step], ["tail", "up"]);
    assert.deepEqual([inner?.parent, outer?.parent], [outer?.id, null]);
  });

  it("records the script itself, with its exit code, when the process exits", async () => {
    const code = `
      import { recordScript } from ${JSON.stringify(join(import.meta.dirname, "history.ts"))};
      recordScript("tail", ${JSON.stringify(file)});
      process.exit(4);`;
    const run = promisify(execFile)(process.execPath, ["--input-type=module", "-e", code]);
    await assert.rejects(run, { code: 4 });
    const [line] = readHistory(file);
    assert.equal(line?.command, "npm run tail");
    assert.equal(line?.exit_code, 4);
  });

  it("ends with 1 and a sentence if the script cannot be recorded, after its output", async () => {
    const code = `
      import { recordScript } from ${JSON.stringify(join(import.meta.dirname, "history.ts"))};
      recordScript("tail", ${JSON.stringify(folder)});
      console.log("the answer");`;
    const run = promisify(execFile)(process.execPath, ["--input-type=module", "-e", code]);
    await assert.rejects(
      run,
      ({ code, stdout, stderr }: { code: number; stdout: string; stderr: string }) => {
        assert.deepEqual([code, stdout], [1, "the answer\n"]);
        assert.match(stderr, /^history: EISDIR: .*; QUESTLOG_HISTORY names another file\n$/);
        return true;
      },
    );
  });

  it("records a server that outlives the process without an exit code", () => {
    recordHistory("up", file);
    recordCommand("java @kafka.args", file);
    assert.equal(readHistory(file)[0]?.exit_code, null);
  });

  it("skips a line that a crash left incomplete", () => {
    recordHistory("up", file);
    recordCommand("first", file);
    appendFileSync(file, '{"time":"2026-01-01T0\n');
    recordCommand("second", file);
    assert.deepEqual(
      readHistory(file).map(({ command }) => command),
      ["first", "second"],
    );
  });

  it("reads a missing file as an empty history", () => {
    assert.deepEqual(readHistory(join(folder, "absent")), []);
  });
});

describe("redact(command)", () => {
  const cases = [
    ["curl -H 'Authorization: Bearer abc' http://host/", "curl -H 'Authorization: ***' http://host/"],
    ["traffic -- get / -H 'Write-Key: abc'", "traffic -- get / -H 'Write-Key: ***'"],
    ["curl -H 'Cookie: a=1; b=2' http://host/", "curl -H 'Cookie: ***' http://host/"],
    ["DB_PASSWORD=hunter2 run", "DB_PASSWORD=*** run"],
    ['run --api-key "a b" --port 1', "run --api-key *** --port 1"],
    ["git clone https://me:secret@host/x", "git clone https://me:***@host/x"],
    ["curl 'http://host/?token=abc&metal=gold'", "curl 'http://host/?token=***&metal=gold'"],
    ["ab -n 10 -H 'Host: user1.att.com' http://host/", "ab -n 10 -H 'Host: user1.att.com' http://host/"],
  ] as const;
  for (const [command, expected] of cases) {
    it(`turns ${command} into ${expected}`, () => assert.equal(redact(command), expected));
  }
});

import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { quote } from "zx";
import { notebookOf, obstacleOf, replay, replayed, scriptOf } from "./history-script.ts";
import { describeHistory, type HistoryEntry, lastCommands } from "./history.ts";

let entries = 0;
function entry(command: string, more: Partial<HistoryEntry> = {}): HistoryEntry {
  const time = new Date(Date.UTC(2026, 0, 1) + entries++ * 1000).toISOString();
  const id = `e${entries}`;
  return {
    id,
    parent: null,
    time,
    step: "up",
    command,
    exit_code: 0,
    duration_ms: 5,
    folder: ".",
    environment: {},
    ...more,
  };
}

const up = entry("npm run up");
const CHILDREN = [entry("java @kafka.args", { parent: up.id }), entry("java @trino.args", { parent: up.id })];
const query = entry("npm run query -- 'SELECT 1'");

describe("history as script, notebook and replay", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "questlog "));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function bash(script: string) {
    writeFileSync(join(folder, "again.sh"), script);
    return spawnSync("bash", ["again.sh"], { cwd: folder, encoding: "utf8" });
  }

  const WORDS = [
    "a b",
    "",
    "it's",
    '"',
    "$HOME",
    "`id`",
    "\\",
    "a\nb",
    "*",
    "ä 語",
    "-n",
    "!x",
    "\t",
    "a;b|c&d",
    "%s",
    "~",
  ];

  it("passes on every word as it was typed", () => {
    for (const word of WORDS) {
      const again = entry(
        `${quote(process.execPath)} -p 'JSON.stringify(process.argv.slice(1))' -- ${quote(word)}`,
      );
      const { stdout, status, stderr } = bash(scriptOf([again]));
      assert.equal(status, 0, stderr);
      assert.equal(stdout.trimEnd().split("\n").at(-1), JSON.stringify([word]));
    }
  });

  it("sets each variable, runs in each folder, and keeps both from the next command", () => {
    mkdirSync(join(folder, "a folder"));
    const first = entry('echo "$QUESTLOG_TOPIC $(basename "$PWD")"', {
      environment: { QUESTLOG_TOPIC: "it's $1" },
      folder: "a folder",
    });
    const { stdout } = bash(scriptOf([first, entry('echo "[${QUESTLOG_TOPIC-}]"')]));
    assert.match(stdout, /\nit's \$1 a folder\n[^]*\n\[\]\n$/);
  });

  it("ends at the first exit code that differs", () => {
    const { status, stdout, stderr } = bash(
      scriptOf([entry("exit 3", { exit_code: 3 }), entry("exit 4"), entry("echo later")]),
    );
    assert.equal(status, 1);
    assert.equal(stderr, "expected exit code 0, got 4\n");
    assert.doesNotMatch(stdout, /later/);
  });

  it("leaves out the children of a command, which it runs itself", () => {
    const all = [...CHILDREN, up, query];
    assert.deepEqual(replayed(all), [up, query]);
    assert.doesNotMatch(scriptOf(all), /java/);
    assert.deepEqual(
      describeHistory(all).map((row) => (row as { command: string }).command),
      ["npm run up", "  java @kafka.args", "  java @trino.args", "npm run query -- 'SELECT 1'"],
    );
    assert.deepEqual(lastCommands(all, 2), [up, ...CHILDREN, query]);
    assert.deepEqual(lastCommands(all, 1), [query]);
  });

  // Entry → the reason why it cannot run again.
  const OBSTACLES: [string, HistoryEntry, RegExp | null][] = [
    ["an ended command", query, null],
    ["a failed command", entry("exit 3", { exit_code: 3 }), null],
    ["a secret in the command", entry("curl -H 'Write-Key: ***' x"), /has a secret/],
    [
      "a secret variable",
      entry("npm run up", { environment: { QUESTLOG_RETENTION_SECRET: "***" } }),
      /QUESTLOG_RETENTION_SECRET/,
    ],
    ["a command without an end", entry("npm run api", { exit_code: null }), /still running/],
  ];
  for (const [name, one, reason] of OBSTACLES)
    it(`${reason === null ? "runs" : "names the reason against"} ${name}`, () => {
      if (reason === null) assert.equal(obstacleOf(one), null);
      else {
        assert.match(obstacleOf(one)!, reason);
        assert.match(scriptOf([one]), /^# [^\n]*: /m);
        assert.equal(bash(scriptOf([one])).status, 0);
      }
    });

  it("replays the commands, and returns their exit codes", async () => {
    const options = { root: folder, signal: new AbortController().signal };
    const codes: (number | null)[] = [];
    const all = [entry("exit 3"), entry("true"), entry("x ***")];
    for await (const { exit_code } of replay(all, options)) codes.push(exit_code);
    assert.deepEqual(codes, [3, 0, null]);
  });

  it("makes a notebook with a cell for each command", () => {
    const { cells } = notebookOf([entry("echo 'a`$b'")]);
    assert.equal(cells.at(-1)!.source, "await shell(\"echo 'a`$b'\");");
  });
});

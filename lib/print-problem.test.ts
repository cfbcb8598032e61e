import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { settings } from "./settings.ts";
import { wrapped } from "./print-problem.ts";

// Starts the command on a terminal of 80 columns, and prints all that comes.
const ON_TERMINAL = `
import fcntl, os, pty, struct, sys, termios
pid, terminal = pty.fork()
if pid == 0:
    os.execvp(sys.argv[1], sys.argv[1:])
fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", 24, 80, 0, 0))
while True:
    try:
        data = os.read(terminal, 4096)
    except OSError:
        break
    if not data:
        break
    os.write(1, data)
`;

describe("printProblem(text)", function () {
  this.timeout(30_000);

  for (const [kind, text, expected] of [
    ["a short line", "tail: no", ["tail: no"]],
    ["a line between words", "aaaa bbbb cccc dddd eeee", ["aaaa bbbb cccc", "  dddd eeee"]],
    ["a path whole", "a /long/path/that/has/no/space b", ["a", "  /long/path/that/has/no/space", "  b"]],
    ["each of several lines", "aaaa bbbb cccc dddd\nee", ["aaaa bbbb cccc", "  dddd", "ee"]],
    ["wide characters by their columns", "日本語 日本語 日本語", ["日本語 日本語", "  日本語"]],
    ["the blanks at the begin of a line", "    aaaa bbbb cccc", ["    aaaa bbbb", "  cccc"]],
    ["an empty text", "", [""]],
  ] as const)
    it(`keeps or breaks ${kind}`, () => {
      assert.deepEqual(wrapped(text, 15).split("\n"), expected);
    });

  const long = ["scripts/run.js", "stream", "--master", "spark://a-host-with-a-long-name:7077"];
  const variable = { QUESTLOG_API_PORT: "x".repeat(70) };
  for (const [kind, args, env, words] of [
    ["an argument's", long, {}, "stream: --master: expected --engine spark too; try: npm run stream"],
    ["a setting's", ["scripts/run.js", "query", "SELECT 1"], variable, "QUESTLOG_API_PORT: expected a port"],
  ] as const) {
    const options = { cwd: settings.root, env: { ...process.env, ...env }, encoding: "utf8" as const };

    it(`prints ${kind} error in lines of at most 80 columns on a terminal`, () => {
      const { stdout } = spawnSync("python3", ["-c", ON_TERMINAL, process.execPath, ...args], options);
      const lines = stdout.trimEnd().split(/\r?\n/);
      assert.ok(lines.length > 1, stdout);
      assert.ok(lines.join(" ").replace(/ +/g, " ").includes(words), stdout);
      for (const line of lines) assert.ok(line.length <= 80, line);
    });

    it(`prints ${kind} error in one line elsewhere`, () => {
      const { stderr } = spawnSync(process.execPath, args, options);
      assert.match(stderr, /^[^\n]+\n$/);
    });
  }
});

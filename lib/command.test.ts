// Small real commands, each in its own process.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { until } from "./until.ts";

describe("command(name, frame, run)", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "questlog-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  /** Starts a command whose function has the body `run`. */
  function start(run: string, args: string[] = [], frame = "") {
    const file = join(folder, "command.ts");
    const module = JSON.stringify(new URL("./command.ts", import.meta.url).href);
    writeFileSync(
      file,
      `import { command, UsageError } from ${module};
      const options = { loud: { type: "boolean", default: false } };
      const usage = "npm run greet [-- --loud]\\n  --loud    in capitals";
      await command("greet", { usage, options, ${frame} }, async ({ values, positionals, signal }) => { ${run} });`,
    );
    const child = spawn(process.execPath, [file, ...args], {
      env: { ...process.env, QUESTLOG_HISTORY: join(folder, "history.jsonl") },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const closed = once(child, "close").then(([code]) => code as number | null);
    const ended = Promise.all([closed, text(child.stdout), text(child.stderr)]);
    return { child, ended: ended.then(([code, stdout, stderr]) => ({ code, stdout, stderr })) };
  }

  const end = (...parameters: Parameters<typeof start>) => start(...parameters).ended;

  it("passes the options and words, and records the command with its exit code", async () => {
    const run = 'console.log(values.loud, positionals.join("+")); return 3;';
    const { code, stdout } = await end(run, ["a", "--loud", "b"], "positionals: true");
    assert.deepEqual([code, stdout], [3, "true a+b\n"]);
    const entry = JSON.parse(readFileSync(join(folder, "history.jsonl"), "utf8")) as Record<string, unknown>;
    assert.deepEqual([entry.command, entry.exit_code], ["npm run greet -- a --loud b", 3]);
  });

  it("prints its usage for --help, and does nothing else", async () => {
    const { code, stdout } = await end('throw new Error("ran")', ["--help"]);
    assert.deepEqual([code, stdout], [0, "npm run greet [-- --loud]\n  --loud    in capitals\n"]);
  });

  it("ends with 2 and one line of advice when its arguments are wrong", async () => {
    const advice = "; try: npm run greet [-- --loud]\n";
    const unknown = await end("", ["--quiet"]);
    assert.deepEqual([unknown.code, unknown.stderr], [2, `greet: unknown option --quiet${advice}`]);
    const refused = await end('throw new UsageError("expected a name, got none")');
    assert.deepEqual([refused.code, refused.stderr], [2, `greet: expected a name, got none${advice}`]);
  });

  it("ends with 1 and one line when it fails, with any text in that line", async () => {
    const { code, stderr } = await end('throw new Error("no \\x1b[31mgold")');
    assert.deepEqual([code, stderr], [1, "greet: no \\u{1b}[31mgold\n"]);
  });

  for (const [when, run, code] of [
    ["it fails", 'throw new Error("no");', 1],
    [
      "it fails after Ctrl-C",
      'await new Promise((_, fail) => signal.addEventListener("abort", () => fail(signal.reason)));',
      130,
    ],
  ] as const) {
    it(`ends by itself when ${when}, although a timer is left`, async () => {
      const { child, ended } = start(
        `setInterval(() => {}, 1000); console.log("ready"); ${run}`,
        [],
        "interruptible: true",
      );
      await once(child.stdout, "data");
      if (code === 130) child.kill("SIGINT");
      assert.equal((await ended).code, code);
    });
  }

  it("counts two Ctrl-C within a second as one, and lets the command end by itself", async () => {
    const run = `
      const timer = setInterval(() => {}, 1000);
      signal.addEventListener("abort", () => { console.log("ending"); clearInterval(timer); });
      process.stdout.write("ready\\n");`;
    const { child, ended } = start(run, [], "interruptible: true");
    await once(child.stdout, "data");
    child.kill("SIGINT");
    child.kill("SIGINT");
    const { code, stdout } = await ended;
    assert.deepEqual([code, stdout], [0, "ready\nending\n"]);
  });

  it("ends at once with 130 at a second Ctrl-C", async () => {
    const { child, ended } = start(
      'setInterval(() => {}, 1000); console.log("ready");',
      [],
      "interruptible: true",
    );
    await once(child.stdout, "data");
    child.kill("SIGINT");
    const again = () => {
      child.kill("SIGINT");
      return child.exitCode ?? undefined;
    };
    await until("the process ends", again, { limitMs: 10_000, everyMs: 300 });
    assert.equal((await ended).code, 130);
  });

  for (const [signal, frame, advice] of [
    ["SIGINT", "", ""],
    ["SIGTERM", 'interrupted: "call it again"', "; call it again"],
    ["SIGHUP", 'interrupted: "call it again"', "; call it again"],
  ] as const) {
    it(`ends at once with 130, a sentence and its line in the history at ${signal}${advice}`, async () => {
      const { child, ended } = start('setInterval(() => {}, 1000); console.log("ready");', [], frame);
      await once(child.stdout, "data");
      child.kill(signal);
      const { code, stderr } = await ended;
      assert.deepEqual([code, stderr], [130, `greet: interrupted by ${signal}${advice}\n`]);
      const lines = readFileSync(join(folder, "history.jsonl"), "utf8").trim().split("\n");
      const entry = JSON.parse(lines.at(-1)!) as Record<string, unknown>;
      assert.deepEqual([entry.command, entry.exit_code], ["npm run greet", 130]);
    });
  }

  for (const [stream, frame, code, isWhole] of [
    ["stdout", "onlyPrints: true", 0, false],
    ["stderr", "onlyPrints: true", 0, false],
    ["stdout", "", 3, true],
    ["stderr", "", 3, true],
  ] as const) {
    const kind = isWhole ? "goes on to its own end" : "that only prints ends at once, with 0,";
    it(`a command ${kind} when the reader of ${stream} closes the pipe`, async () => {
      const run = `
        const { setTimeout: sleep } = await import("node:timers/promises");
        const { writeFileSync } = await import("node:fs");
        for (let i = 0; i < 20; i++) { process.${stream}.write("line\\n"); console.log("line"); await sleep(20); }
        writeFileSync(${JSON.stringify(join(folder, "work"))}, "done");
        return 3;`;
      const { child, ended } = start(run, [], frame);
      ended.catch(() => {}); // a stream is destroyed here
      await once(child[stream], "data");
      child[stream].destroy();
      const exitCode = () => child.exitCode ?? undefined;
      assert.equal(await until("the process ends", exitCode, { limitMs: 10_000, everyMs: 20 }), code);
      assert.equal(existsSync(join(folder, "work")), isWhole);
    });
  }

  it("prints its usage to a closed pipe without an error", async () => {
    const { child, ended } = start("", ["--help"]);
    ended.catch(() => {}); // its stdout is destroyed here
    const stderr = text(child.stderr);
    child.stdout.destroy();
    assert.deepEqual([await once(child, "close"), await stderr], [[0, null], ""]);
  });
});

// The real kernel; it needs no services.
import assert from "node:assert/strict";
import { settings } from "../settings.ts";
import { type Kernel, startKernel } from "./kernel.ts";

const MB = 1024 * 1024;
const READABLE = 'const { Readable } = require("node:stream"); ';

describe("outputs of the kernel", function () {
  this.timeout(60_000);
  let kernel: Kernel;

  before(async () => {
    kernel = await startKernel(settings.root);
  });
  after(() => kernel.shutdown());

  /** Runs the cell, then a second one; returns the first one's texts and number of displays. */
  async function run(code: string) {
    const texts = { stdout: "", stderr: "" };
    let displays = 0;
    const status = await kernel.execute(code, {
      timeoutMs: 20_000,
      onOutput: ({ type, content }) => {
        if (type === "stream") texts[content.name as "stdout" | "stderr"] += content.text as string;
        else displays++;
      },
    });
    await kernel.execute("1;", { timeoutMs: 10_000, onOutput: () => {} });
    return { status, ...texts, displays };
  }

  const lines = (count: number): string => Array.from({ length: count }, (_, i) => `${i}\n`).join("");
  const loop = (count: number, body: string): string => `for (let i = 0; i < ${count}; i++) { ${body} }`;
  const display = 'require("tslab").display.html(`<b>${i}</b>`)';
  const floods: Record<
    string,
    [code: string, expected: { stdout?: string; stderr?: string; displays?: number }]
  > = {
    "500 lines": [loop(500, "console.log(i)"), { stdout: lines(500) }],
    "200,000 lines": [loop(200_000, "console.log(i)"), { stdout: lines(200_000) }],
    "2,000 lines, then a wait": [
      `${loop(2_000, "console.log(i)")} await new Promise((r) => setTimeout(r, 500));`,
      { stdout: lines(2_000) },
    ],
    "one line of 20 MB": [
      'console.log("é".repeat(10 * 1024 * 1024));',
      { stdout: `${"é".repeat(10 * MB)}\n` },
    ],
    "lines on both streams in turn": [
      loop(2_000, "console.log(i); console.error(i);"),
      { stdout: lines(2_000), stderr: lines(2_000) },
    ],
    "480 displays": [loop(480, display), { displays: 480 }],
    "characters outside of the basic plane": [
      loop(200, 'console.log("x" + "😀".repeat(1_000))'),
      { stdout: `x${"😀".repeat(1_000)}\n`.repeat(200) },
    ],
  };
  for (const [kind, [code, expected]] of Object.entries(floods)) {
    it(`arrive whole: ${kind}`, async () => {
      const { status, ...got } = await run(code);
      assert.equal(status, "ok");
      const wanted = { stdout: "", stderr: "", displays: 0, ...expected };
      assert.equal(got.displays, wanted.displays);
      for (const name of ["stdout", "stderr"] as const) {
        assert.equal(got[name].length, wanted[name].length);
        assert.ok(got[name] === wanted[name]);
      }
    });
  }

  const called = "await new Promise<void>((done) => ";
  const writes: Record<string, [code: string, stdout: string, stderr?: string]> = {
    "a callback": [
      `${called} process.stdout.write("hi\\n", () => done())); console.log("next");`,
      "hi\nnext\n",
    ],
    "three arguments": [`${called} process.stdout.write("aGk=", "base64", () => done()));`, "hi"],
    "a callback on stderr": [`${called} process.stderr.write("hi", () => done()));`, "", "hi"],
    "three arguments on stderr": [`${called} process.stderr.write("6869", "hex", () => done()));`, "", "hi"],
    "an encoding": ['process.stdout.write("\\xe9", "latin1"); process.stdout.write("ü", "utf8");', "\ufffdü"],
    "a Buffer": ['process.stdout.write(Buffer.from("ü"));', "ü"],
    "a Uint8Array": ["process.stdout.write(new Uint8Array([104, 105]));", "hi"],
    "a character in two writes": [
      "process.stdout.write(Buffer.from([0xe2, 0x82])); process.stdout.write(Buffer.from([0xac]));",
      "€",
    ],
    "its return value": [
      'console.log(process.stdout.write("a"), process.stderr.write("b"));',
      "atrue true\n",
      "b",
    ],
    "a wrong type": [
      "try { process.stdout.write(7 as never); } catch (error) { console.log((error as { code: string }).code); }",
      "ERR_INVALID_ARG_TYPE\n",
    ],
    "a pipe": [`${READABLE} Readable.from(["x\\n"]).pipe(process.stdout); const unseen = 1;`, "x\n"],
    "a pipe above the stream's mark": [
      `${READABLE} const parts = Array.from({ length: 40 }, () => "x".repeat(50_000));
      const piped = Readable.from(parts); piped.pipe(process.stdout); ${called} piped.on("end", done));`,
      "x".repeat(2_000_000),
    ],
    "an end": [`${called} void process.stdout.end("bye\\n", done)); console.log("still");`, "bye\nstill\n"],
    "a child process that inherits it": [
      'require("node:child_process").execSync("echo out; echo err >&2", { stdio: "inherit" });',
      "out\n",
      "err\n",
    ],
    "fs.writeSync": ['require("node:fs").writeSync(1, "raw\\n");', "raw\n"],
    "console.table": [
      "console.table([{ a: 1 }]);",
      "┌─────────┬───┐\n│ (index) │ a │\n├─────────┼───┤\n│ 0       │ 1 │\n└─────────┴───┘\n",
    ],
  };
  for (const [kind, [code, stdout, stderr = ""]] of Object.entries(writes)) {
    it(`are those of Node's own stream: ${kind}`, async () => {
      assert.deepEqual(await run(`{ ${code} }`), { status: "ok", stdout, stderr, displays: 0 });
    });
  }

  it("end the kernel with a sentence when a loop prints without an end", async () => {
    const endless = await startKernel(settings.root);
    const code = 'const text = "y".repeat(1_000_000); for (;;) console.log(text);';
    await assert.rejects(endless.execute(code, { timeoutMs: 60_000, onOutput: () => {} }), {
      message: /its last lines:\nthe cell printed more than \d+ bytes without an await$/,
    });
    await endless.shutdown();
  });
});

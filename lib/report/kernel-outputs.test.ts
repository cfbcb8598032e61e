// The real kernel; it needs no services.
import assert from "node:assert/strict";
import { settings } from "../settings.ts";
import { type Kernel, startKernel } from "./kernel.ts";
import { until } from "../until.ts";
import { floods, rawWrites, writes } from "./printing-cells.fixture.ts";

describe("outputs of the kernel", function () {
  this.timeout(60_000);
  let kernel: Kernel;

  before(async () => {
    kernel = await startKernel(settings.root);
  });
  after(() => kernel.shutdown());

  /** Runs the cell, then a second one; returns the first one's texts and number of displays. */
  async function run(code: string, chars = 0) {
    const texts = { stdout: "", stderr: "" };
    let displays = 0;
    const status = await kernel.execute(code, {
      timeoutMs: 20_000,
      onOutput: ({ type, content }) => {
        if (type === "stream") texts[content.name as "stdout" | "stderr"] += content.text as string;
        else displays++;
      },
    });
    const isWhole = () => (texts.stdout.length + texts.stderr.length >= chars ? true : undefined);
    await until("the cell's texts", isWhole, { limitMs: 10_000, everyMs: 20 }).catch(() => {});
    await kernel.execute("1;", { timeoutMs: 10_000, onOutput: () => {} });
    return { status, ...texts, displays };
  }

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

  for (const [kind, [code, stdout, stderr = ""]] of Object.entries({ ...writes, ...rawWrites })) {
    it(`are those of Node's own stream: ${kind}`, async () => {
      assert.deepEqual(await run(`{ ${code} }`, stdout.length + stderr.length), {
        status: "ok",
        stdout,
        stderr,
        displays: 0,
      });
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

// JupyterLab's server and kernel; a client that speaks as the page does. It needs no other service.
import assert from "node:assert/strict";
import { settings } from "../settings.ts";
import { floods, type Printed, writes } from "../report/printing-cells.fixture.ts";
import { freePort } from "../testbed/free-port.ts";
import { type Lab, startLab } from "./lab.ts";
import { LabKernel } from "../testbed/lab-kernel.ts";

const MAX_CELL_CHARS = 500_000;
const CUT =
  "\nleft out: the cell's text after 500,000 characters; npm run report keeps all of it in a file\n";

describe("outputs of JupyterLab's kernel", function () {
  this.timeout(10 * 60_000); // the first start installs JupyterLab
  let lab: Lab;
  let kernel: LabKernel;

  before(async () => {
    lab = await startLab({ folder: settings.root, port: await freePort() });
    kernel = await LabKernel.start(lab);
  });
  after(async () => {
    kernel?.close();
    await lab?.stop();
  });

  /** Runs the cell, then a second one, which must answer. */
  async function run(code: string, chars: number) {
    const printed = await kernel.execute(code, chars);
    assert.equal((await kernel.execute("1 + 1;")).stdout, "2\n");
    return printed;
  }

  for (const [kind, [code, expected]] of Object.entries(floods)) {
    const whole = { stdout: "", stderr: "", displays: 0, ...expected };
    const isCut = whole.stdout.length > MAX_CELL_CHARS;
    it(`${isCut ? "are cut, and the cell tells it" : "arrive whole"}: ${kind}`, async () => {
      const chars = Math.min(whole.stdout.length, MAX_CELL_CHARS) + whole.stderr.length;
      const got = await run(code, chars);
      const wanted: Printed = isCut
        ? { ...whole, stdout: whole.stdout.slice(0, MAX_CELL_CHARS), stderr: CUT }
        : whole;
      assert.equal(got.status, "ok");
      assert.equal(got.displays, wanted.displays);
      for (const name of ["stdout", "stderr"] as const) {
        assert.equal(got[name].length, wanted[name].length);
        assert.ok(got[name] === wanted[name]);
      }
    });
  }

  for (const [kind, [code, stdout, stderr = ""]] of Object.entries(writes)) {
    it(`are those of Node's own stream: ${kind}`, async () => {
      const got = await run(`{ ${code} }`, Math.min(stdout.length, MAX_CELL_CHARS) + stderr.length);
      if (stdout.length <= MAX_CELL_CHARS)
        assert.deepEqual(got, { status: "ok", stdout, stderr, displays: 0 });
      else assert.deepEqual([got.stdout.length, got.stderr], [MAX_CELL_CHARS, CUT]);
    });
  }

  it("tell that a display is too large, and go on", async () => {
    const { stderr, displays } = await run('require("tslab").display.html("x".repeat(17_000_000));', 1);
    assert.match(stderr, /^output: expected at most \d+ bytes at once, got \d+\n$/);
    assert.equal(displays, 0);
  });
});

// The real kernel; it needs no services.
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { settings } from "../settings.ts";
import { until } from "../until.ts";
import type { KernelOutput } from "./channels.ts";
import { type Kernel, startKernel } from "./kernel.ts";

const LIMIT_MS = 30_000;

describe("startKernel(folder)", function () {
  this.timeout(90_000);
  let kernel: Kernel;
  const { TMPDIR } = process.env;
  const folder = mkdtempSync(join(tmpdir(), "questlog-test-"));

  before(() => {
    process.env.TMPDIR = folder; // where the sockets are
  });

  after(() => {
    if (TMPDIR === undefined) delete process.env.TMPDIR;
    else process.env.TMPDIR = TMPDIR;
    rmSync(folder, { recursive: true });
  });

  beforeEach(async () => {
    kernel = await startKernel(settings.root);
  });

  afterEach(() => kernel.shutdown());

  const sockets = () => readdirSync(folder).filter((name) => name.startsWith("questlog-"));

  async function execute(code: string, timeoutMs = LIMIT_MS) {
    const outputs: KernelOutput[] = [];
    const status = await kernel.execute(code, { timeoutMs, onOutput: (output) => outputs.push(output) });
    const text = outputs.map(({ content }) => content.text as string).join("");
    return { status, text };
  }

  it("lets the process end if the kernel cannot be started", async () => {
    const code = `const { startKernel } = await import(${JSON.stringify(new URL("./kernel.ts", import.meta.url).href)});
      await startKernel("a\\0b").catch(({ code }) => console.log(code));`;
    const options = { timeout: 20_000 };
    const child = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", code], options);
    assert.equal(child.stdout.trim(), "ERR_INVALID_ARG_VALUE");
  });

  it("runs cell after cell, each knowing the former", async () => {
    assert.deepEqual(await execute("const x: number = await Promise.resolve(20);"), {
      status: "ok",
      text: "",
    });
    assert.deepEqual(await execute("x + 1"), { status: "ok", text: "21\n" });
  });

  it("watches no file", async () => {
    const watchers = 'process.getActiveResourcesInfo().filter((name) => name === "FSEvent").length';
    assert.deepEqual(await execute(watchers), { status: "ok", text: "0\n" });
  });

  it("compiles cells while files beside the notebook appear and change", async () => {
    await kernel.shutdown();
    kernel = await startKernel(folder);
    for (let i = 0; i < 16; i++) {
      writeFileSync(join(folder, `a${i}.ts`), "export const a = 1;");
      const cell = execute(`import { b${i} } from "./b${i}"; const n${i} = ${i};`).catch(() => ({
        text: "",
      })); // an error aborts the next cell
      await sleep(7 * (i % 6));
      writeFileSync(join(folder, `c${i}.ts`), "export const c = 1;");
      assert.doesNotMatch((await cell).text, /unexpected error/);
    }
  });

  it("starts when TMPDIR is too long a path for sockets", async () => {
    await kernel.shutdown();
    process.env.TMPDIR = mkdtempSync(join(folder, "long-".repeat(20)));
    try {
      kernel = await startKernel(settings.root);
    } finally {
      process.env.TMPDIR = folder;
    }
    assert.deepEqual(await execute("1 + 1"), { status: "ok", text: "2\n" });
  });

  it("says that a cell failed", async () => {
    const { status, text } = await execute('throw new Error("broken")');
    assert.equal(status, "error");
    assert.match(text, /Error: broken/);
  });

  it("interrupts a cell that takes too long, whether it waits or computes", async () => {
    await assert.rejects(execute("await new Promise(() => {})", 300), {
      name: "KernelError",
      message: "the cell did not end within 0.3 s; --cell-timeout SECONDS sets another limit",
    });
    await kernel.shutdown();
    kernel = await startKernel(settings.root);
    await assert.rejects(execute("for (;;) {}", 300), {
      message: "the cell did not end within 0.3 s; --cell-timeout SECONDS sets another limit",
    });
  });

  it("ends a kernel that does not answer an interrupt", async () => {
    const code = 'process.on("SIGINT", () => {}); await Promise.resolve(); for (;;) {}';
    await assert.rejects(execute(code, 300), {
      message: "the cell did not end within 0.3 s; --cell-timeout SECONDS sets another limit",
    });
    await assert.rejects(execute("1"), { name: "KernelError", message: /the kernel was ended by SIG/ });
  });

  it("tells how the kernel died, with its last output", async () => {
    const code = 'require("node:fs").writeSync(2, "out of swords\\n"); process.exit(3)';
    await assert.rejects(execute(code), {
      message: "the kernel exited with code 3; its last lines:\nout of swords",
    });
  });

  const lines = Array.from({ length: 3_000 }, (_, i) => `${i}\n`).join("");
  const ENDS: [kind: string, code: string, printed: string][] = [
    ["at once", 'console.log("before"); process.exit(0);', "before\n"],
    ["after an await", 'console.log("a"); await 1; console.log("b"); process.exit(1);', "a\nb\n"],
    ["in a function", 'function end() { process.exit(2); } process.stdout.write("é"); end();', "é"],
    ["after 3,000 lines", "for (let i = 0; i < 3_000; i++) console.log(i); process.exit(0);", lines],
    ["after 3 MB", 'console.log("x".repeat(3e6)); process.exit(0);', `${"x".repeat(3e6)}\n`],
  ];
  for (const [kind, code, printed] of ENDS)
    it(`keeps the texts of a cell that calls process.exit() ${kind}`, async () => {
      let text = "";
      const onOutput = ({ content }: KernelOutput): void => {
        text += String(content.text);
      };
      await assert.rejects(kernel.execute(code, { timeoutMs: LIMIT_MS, onOutput }), {
        message: /^the kernel exited with code \d; its last lines:\n/,
      });
      assert.equal(text, printed);
    });

  it("says that texts can be missing when a signal ends the kernel", async () => {
    await assert.rejects(execute('console.log("x"); process.kill(process.pid, "SIGKILL");'), {
      message: "the kernel was ended by SIGKILL; what the cell printed last can be missing above",
    });
  });

  it("says that the memory was not enough", async () => {
    const code = 'require("node:v8").setFlagsFromString("--max-old-space-size=60"); const a: unknown[] = [];';
    await assert.rejects(execute(`${code} for (;;) a.push(new Array(1e5).fill(1.5));`), {
      message: /^the kernel ran out of memory/,
    });
  });

  it("leaves no sockets, and no process that a cell started in its group", async () => {
    const { text } = await execute(
      'import { spawn } from "node:child_process"; const child = spawn("sleep", ["600"]); console.log(child.pid);',
    );
    assert.equal(sockets().length, 1);
    await kernel.shutdown();
    assert.deepEqual(sockets(), []);
    const { stdout } = spawnSync("ps", ["-o", "stat=", "-p", text.trim()], { encoding: "utf8" });
    assert.match(stdout.trim(), /^(Z.*)?$/);
  });

  it("ends by itself when its parent is killed", async () => {
    const code = `
      import { startKernel } from ${JSON.stringify(new URL("./kernel.ts", import.meta.url).href)};
      const kernel = await startKernel(process.cwd());
      console.log(kernel.pid);
      process.kill(process.pid, "SIGKILL");`;
    const { stdout } = spawnSync(process.execPath, ["--input-type=module", "--eval", code], {
      encoding: "utf8",
    });
    const pid = Number(stdout.trim());
    assert.ok(pid > 0);
    const isGone = () => !existsSync(`/proc/${pid}/fd/0`) || undefined;
    await until("the kernel ends", isGone, { limitMs: 10_000, everyMs: 50 });
    assert.equal(sockets().length, 1); // the one of this test's own kernel
  });
});

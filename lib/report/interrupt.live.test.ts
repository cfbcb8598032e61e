// Statements in the real Trino, from cells in the real kernel.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { settings } from "../settings.ts";
import { query } from "../trino.ts";
import { until } from "../until.ts";
import { buildLib } from "./build.ts";
import type { KernelOutput } from "./channels.ts";
import { type Kernel, startKernel } from "./kernel.ts";

const LIMIT_MS = 60_000;
const ENDED = { limitMs: 30_000, everyMs: 200 };
const IMPORT = 'import { query } from "questlog";';
const CANCELLED = "FAILED USER_CANCELED";

/** A cell with a statement that takes hours. */
const endless = (mark: string): string =>
  `await query(\`SELECT count(*) AS ${mark} FROM UNNEST(sequence(1, 10000)) a(x), UNNEST(sequence(1, 10000)) b(y), ` +
  "UNNEST(sequence(1, 10000)) c(z) WHERE x * y + z = -1`);";

describe("a cell's statement in Trino", function () {
  this.timeout(3 * LIMIT_MS);
  let kernel: Kernel;
  let mark: string;
  let output: string;

  before(buildLib);

  beforeEach(async () => {
    mark = `mark_${Math.random().toString(36).slice(2)}`;
    output = "";
    kernel = await startKernel(settings.root, { queryTimeoutMs: LIMIT_MS });
    await execute(IMPORT);
  });
  afterEach(() => kernel.shutdown());

  function execute(code: string, timeoutMs = LIMIT_MS): Promise<string> {
    const onOutput = ({ content }: KernelOutput): void => {
      output += String(content.text);
    };
    return kernel.execute(code, { timeoutMs, onOutput });
  }

  async function stateOf(): Promise<string> {
    const rows = await query<{ state: string; error_code: string | null }>(
      "SELECT state, error_code FROM system.runtime.queries WHERE query LIKE ? AND query NOT LIKE '%runtime.queries%'",
      { parameters: [`%${mark}%`] },
    );
    return rows.map(({ state, error_code }) => `${state} ${error_code}`).join();
  }

  const isIn = (state: string) => async () => (await stateOf()) === state || undefined;
  const runs = () => until("the statement runs", isIn("RUNNING null"), ENDED);
  const isCancelled = () => until("the statement is cancelled", isIn(CANCELLED), ENDED);

  it("is cancelled by an interrupt", async () => {
    const cell = execute(endless(mark));
    await runs();
    kernel.interrupt();
    assert.equal(await cell, "error");
    await isCancelled();
    // For 200 ms after an error, tslab refuses the requests that were already waiting.
    const goesOn = () => execute("1 + 1").then((status) => status === "ok" || undefined);
    await until("the kernel goes on", goesOn, ENDED);
  });

  it("is cancelled by the cell's time-out, which names its option", async () => {
    const cell = execute(endless(mark), 8_000);
    await runs();
    await assert.rejects(cell, { message: /^the cell did not end within 8 s; --cell-timeout SECONDS/ });
    await isCancelled();
  });

  it("is cancelled when another part of the cell fails", async () => {
    const failing = `const late = ${endless(mark).replace("await ", "")}\nlate.catch(() => {});
      await new Promise((resolve) => setTimeout(resolve, 3_000));\nthrow new Error("enough");`;
    assert.equal(await execute(failing), "error");
    await isCancelled();
  });

  it("is cancelled when the kernel is killed", async () => {
    execute(endless(mark)).catch(() => {});
    await runs();
    process.kill(-kernel.pid, "SIGKILL");
    await isCancelled();
  });

  it("is cancelled when the report's process is killed", async () => {
    const code = `
      import { startKernel } from ${JSON.stringify(new URL("./kernel.ts", import.meta.url).href)};
      const kernel = await startKernel(${JSON.stringify(settings.root)});
      const options = { timeoutMs: 60_000, onOutput: () => {} };
      await kernel.execute(${JSON.stringify(IMPORT)}, options);
      await kernel.execute(${JSON.stringify(endless(mark))}, options);`;
    const report = spawn(process.execPath, ["--input-type=module", "--eval", code], { stdio: "ignore" });
    const exit = once(report, "exit");
    await runs();
    report.kill("SIGKILL");
    await exit;
    await isCancelled();
  });

  it("ends at the time-out of a statement, which names its option", async () => {
    await kernel.shutdown();
    kernel = await startKernel(settings.root, { queryTimeoutMs: 5_000 });
    assert.equal(await execute(`${IMPORT}\n${endless(mark)}`), "error");
    assert.match(output, /TIME_OUT: not finished after 5000 ms: .*npm run report -- --query-timeout SECONDS/);
    await isCancelled();
  });
});

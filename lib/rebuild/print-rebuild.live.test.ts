// The command as a user types it, on the stack that `settings` names.
import assert from "node:assert/strict";
import { $ } from "zx";
import { createTables } from "../ask/tables.ts";
import { events } from "../events.ts";
import { startServices } from "../services/start.ts";
import { stopServices } from "../services/stop.ts";
import { settings } from "../settings.ts";
import { createTopic } from "../topic.ts";

describe("npm run tables", function () {
  this.timeout(180_000);
  const { table } = events[0]!;
  before(async () => {
    await createTopic();
    await createTopic({ topic: settings.failedTopic });
    await createTables();
    await startServices({ names: ["stream"] });
  });
  after(() => stopServices({ names: ["stream"] }));

  async function run(...args: string[]): Promise<{ code: number | null; stdout: string; stderr: string }> {
    const { exitCode, stdout, stderr } = await $({
      nothrow: true,
      quiet: true,
    })`npm run -s tables -- ${args}`;
    return { code: exitCode, stdout, stderr };
  }

  it("--rebuild stops the stream, rebuilds the table, and starts the stream again", async () => {
    const { code, stdout, stderr } = await run("--rebuild", table);
    assert.equal(code, 0, stderr);
    assert.match(stdout, new RegExp(`^table ${table} rebuilt: (\\d+) rows before = \\1 after \\+ 0 newly`));
    assert.match(stderr, /^stream stopped; the API goes on collecting$/m);
    assert.match(stderr, /^stream started again$/m);
  });

  it("--rebuild --dry-run prints the changes, and --check finds no difference", async () => {
    const preview = await run("--rebuild", table, "--dry-run");
    assert.equal(preview.code, 0, preview.stderr);
    assert.match(preview.stdout, /^no row that fits gets another value$/m);
    const check = await run("--check");
    assert.deepEqual(
      [check.code, check.stdout],
      [0, "no difference between lib/game.ts, files, tables and views\n"],
    );
  });
});

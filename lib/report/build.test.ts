// The real compiler, on this checkout.
import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { settings } from "../settings.ts";
import { buildLib } from "./build.ts";

describe("buildLib()", function () {
  this.timeout(120_000);
  const source = join(settings.root, "lib", "built-in-a-test.ts");
  const built = join(settings.root, "dist", "built-in-a-test.js");
  const state = join(settings.root, "dist", ".built");
  afterEach(() => {
    for (const file of [source, built, built.replace(".js", ".d.ts")]) rmSync(file, { force: true });
  });

  it("compiles a new file, and a file with another text of the same length", async () => {
    writeFileSync(source, "export const n = 1;\n");
    await buildLib();
    assert.match(readFileSync(built, "utf8"), /n = 1/);
    const { atime, mtime } = statSync(source);
    writeFileSync(source, "export const n = 2;\n");
    utimesSync(source, atime, mtime);
    await buildLib();
    assert.match(readFileSync(built, "utf8"), /n = 2/);
  });

  it("does nothing while no file changes", async () => {
    await buildLib();
    const { mtimeMs } = statSync(state);
    await buildLib();
    assert.equal(statSync(state).mtimeMs, mtimeMs);
  });

  it("says so again when lib/ still does not compile", async () => {
    writeFileSync(source, 'export const n: number = "one";\n');
    await assert.rejects(buildLib(), /lib\/ does not compile:\n.*built-in-a-test/);
    await assert.rejects(buildLib(), /lib\/ does not compile:\n.*built-in-a-test/);
    assert.ok(existsSync(state));
  });
});

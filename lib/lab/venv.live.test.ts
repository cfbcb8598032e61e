// Real Python and pip. The tests need the network, but no service of the stack.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { prepareVenv } from "./venv.ts";

const SIX = "six==1.17.0 --hash=sha256:4721f391ed90541fddacab5acf947aa0d3dc7d27b2e1e8eda2be8970586c3274\n";

describe("prepareVenv(name, requirements)", function () {
  this.timeout(180_000);
  let folder: string;
  let requirements: string;
  before(() => {
    folder = mkdtempSync(join(tmpdir(), "questlog-venv-"));
    requirements = join(folder, "requirements.txt");
  });
  after(() => rmSync(folder, { recursive: true }));

  it("installs the requirements once, and logs the progress", async () => {
    writeFileSync(requirements, SIX);
    const lines: string[] = [];
    const python = await prepareVenv("test", requirements, (line) => lines.push(line));
    try {
      const version = execFileSync(python, ["-c", "import six; print(six.__version__)"], {
        encoding: "utf8",
      });
      assert.equal(version, "1.17.0\n");
      assert.match(lines[0]!, /^test: installing up to 1 packages into /);
      assert.match(lines.at(-1)!, /^test: installed, \d+ s$/);
      lines.length = 0;
      assert.equal(await prepareVenv("test", requirements, (line) => lines.push(line)), python);
      assert.deepEqual(lines, []);
    } finally {
      rmSync(dirname(dirname(python)), { recursive: true });
    }
  });

  it("refuses a package that does not match its hash", async () => {
    writeFileSync(requirements, SIX.replace("4721", "4722"));
    await assert.rejects(
      prepareVenv("test", requirements),
      /failed with code 1:[^]*THESE PACKAGES DO NOT MATCH THE HASHES/,
    );
  });
});

// The real pip, with the smallest of Spark's packages.
import assert from "node:assert/strict";
import { appendFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { settings } from "../settings.ts";
import { prepareSpark } from "./packages.ts";

describe("prepareSpark(log, requirements)", function () {
  this.timeout(120_000);
  const folder = mkdtempSync(join(tmpdir(), "questlog-packages-"));
  const made = new Set<string>();
  after(() => {
    for (const path of [folder, ...made]) rmSync(path, { recursive: true });
  });

  function requirementsFile(change = (text: string) => text): string {
    const native = join(settings.root, "compose", "native", "spark-requirements.txt");
    const [py4j] = /^py4j==.*\n.*$/m.exec(readFileSync(native, "utf8"))!;
    const file = join(folder, `${made.size}.txt`);
    writeFileSync(file, `${change(py4j)}\n# of test ${process.pid}\n`);
    return file;
  }

  it("fetches packages once, and again after a change of a file", async () => {
    const file = requirementsFile();
    const said: string[] = [];
    const target = await prepareSpark((line) => said.push(line), file);
    made.add(target).add(`${target}.stamps`);
    assert.match(said.join("\n"), /^spark: fetching it with pip, 0.5 GB\nspark: \d+ MB, [\d.]+ s$/);
    await prepareSpark((line) => said.push(line), file);
    assert.equal(said.length, 2);
    appendFileSync(join(target, "py4j", "version.py"), "# damaged");
    await prepareSpark((line) => said.push(line), file);
    assert.equal(said.length, 4);
  });

  it("refuses a package with another hash", async () => {
    const file = requirementsFile((text) => text.replace(/sha256:../, "sha256:00"));
    await assert.rejects(
      prepareSpark(() => {}, file),
      /^Error: spark: pip ended with exit code 1:[^]*DO NOT MATCH THE HASHES/,
    );
  });
});

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { $ } from "zx";
import { readChoice } from "./arguments.ts";
import { fillFolder } from "./configuration.ts";
import { runTool } from "./tools.ts";

describe("readChoice(args)", () => {
  it("means everything when nothing is named", () => {
    const { names, all } = readChoice([]);
    assert.equal(all, true);
    assert.equal(names.length, 7);
  });

  it("takes names, and groups of them", () => {
    assert.deepEqual(readChoice(["kafka", "hdfs"]).names, ["kafka", "namenode", "datanode"]);
    assert.deepEqual(readChoice(["services", "--native"]).names.length, 5);
  });

  it("refuses what it does not know, with what it does", () => {
    const refused = (args: string[], message: RegExp) =>
      assert.throws(() => readChoice(args), { name: "UsageError", message });
    refused(["zookeeper"], /^expected names of services \(services, hdfs, kafka, .*\), got "zookeeper"$/);
    refused(["--fast"], /--fast/);
    refused(["--native", "--docker"], /got both/);
    refused(["--wipe"], /npm run down/);
  });
});

describe("fillFolder(from, to, values)", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "questlog-"));
    mkdirSync(join(folder, "from", "catalog"), { recursive: true });
    writeFileSync(join(folder, "from", "catalog", "hive.properties"), "port=${port}\nhost=${host}\n");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("fills in every file, in subfolders too", () => {
    fillFolder(join(folder, "from"), join(folder, "to"), { port: "1", host: "h" });
    assert.equal(readFileSync(join(folder, "to", "catalog", "hive.properties"), "utf8"), "port=1\nhost=h\n");
  });

  it("names the file and the value that is missing", () => {
    assert.throws(() => fillFolder(join(folder, "from"), join(folder, "to"), { port: "1" }), {
      message: /catalog.hive\.properties: expected a value for \$\{host\}, got only port$/,
    });
  });
});

describe("runTool(what, command)", () => {
  it("says what a failed tool printed, on both of its outputs", async () => {
    await assert.rejects(runTool("kafka: Maven", $`echo one; echo two >&2; exit 3`), {
      message: "kafka: Maven ended with exit code 3:\n  one\n  two",
    });
  });
});

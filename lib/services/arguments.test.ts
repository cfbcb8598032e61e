import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { $ } from "zx";
import { chooseServices } from "./arguments.ts";
import { fillFolder } from "./configuration.ts";
import { runTool } from "./tools.ts";

describe("chooseServices(words)", () => {
  it("chooses all services if no name is given", () => {
    const { names, all } = chooseServices([]);
    assert.equal(all, true);
    assert.equal(names.length, 7);
  });

  it("accepts names of services and of groups", () => {
    assert.deepEqual(chooseServices(["kafka", "hdfs"]).names, ["kafka", "namenode", "datanode"]);
    assert.deepEqual(chooseServices(["services"]).names.length, 5);
  });

  it("refuses an unknown name, and lists the known names", () => {
    const message = /^expected names of services \(services, hdfs, kafka, .*\), got "zookeeper"$/;
    assert.throws(() => chooseServices(["zookeeper"]), { name: "UsageError", message });
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

  it("fills in every file, also in subfolders", () => {
    fillFolder(join(folder, "from"), join(folder, "to"), { port: "1", host: "h" });
    assert.equal(readFileSync(join(folder, "to", "catalog", "hive.properties"), "utf8"), "port=1\nhost=h\n");
  });

  it("throws an error with the file and the unknown name", () => {
    for (const host of ["a b", "a&b", "a;b", "a\\b", "${b}", "Ü"])
      assert.throws(() => fillFolder(join(folder, "from"), join(folder, "to"), { port: "1", host }), {
        message: /: expected host of letters, digits and \. _ \/ : , -, got "/,
      });
    assert.throws(() => fillFolder(join(folder, "from"), join(folder, "to"), { port: "1" }), {
      message: /catalog.hive\.properties: expected one of the names port, got \$\{host\}$/,
    });
  });
});

describe("runTool(what, command)", () => {
  it("throws an error with both outputs of a failed tool", async () => {
    await assert.rejects(runTool("kafka: Maven", $`echo one; echo two >&2; exit 3`), {
      message: "kafka: Maven ended with exit code 3:\n  one\n  two",
    });
  });
});

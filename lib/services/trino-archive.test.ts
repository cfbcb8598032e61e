import assert from "node:assert/strict";
import { linkSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { $ } from "zx";
import { unpackTrino } from "./trino-archive.ts";

describe("unpackTrino(archive, target)", () => {
  let folder: string;
  beforeEach(() => (folder = mkdtempSync(join(tmpdir(), "questlog-trino-"))));
  afterEach(() => rmSync(folder, { recursive: true }));

  it("keeps the libraries and the plugins in use, also jars that are links to other plugins", async () => {
    const root = join(folder, "trino-server-476");
    for (const path of [
      "lib/trino-main.jar",
      "plugin/ai/shared.jar",
      "plugin/hive/hive.jar",
      "plugin/password-authenticators/file.jar",
    ]) {
      mkdirSync(join(root, dirname(path)), { recursive: true });
      writeFileSync(join(root, path), path);
    }
    linkSync(join(root, "plugin/ai/shared.jar"), join(root, "plugin/hive/shared.jar"));
    const archive = join(folder, "trino.tar.gz");
    await $`tar -czf ${archive} -C ${folder} trino-server-476`;
    const target = join(folder, "kept");
    await unpackTrino(archive, target);
    assert.deepEqual((readdirSync(target, { recursive: true }) as string[]).sort(), [
      "files.sha256",
      "lib",
      "lib/trino-main.jar",
      "plugin",
      "plugin/hive",
      "plugin/hive/hive.jar",
      "plugin/hive/shared.jar",
      "secured",
      "secured/password-authenticators",
      "secured/password-authenticators/file.jar",
    ]);
    assert.equal(readFileSync(join(target, "plugin/hive/shared.jar"), "utf8"), "plugin/ai/shared.jar");
  });

  it("leaves the target unchanged if the archive is damaged", async () => {
    const archive = join(folder, "trino.tar.gz");
    writeFileSync(archive, "not an archive");
    mkdirSync(join(folder, "kept"));
    await assert.rejects(unpackTrino(archive, join(folder, "kept")), /trino: tar ended with exit code \d+/);
    assert.deepEqual(readdirSync(join(folder, "kept")), []);
  });
});

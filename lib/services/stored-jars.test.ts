// Python's zipfile writes and reads the jars: another witness of the format.
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { storeJar, storeJars } from "./stored-jars.ts";

const WRITE = `
import sys, zipfile
with zipfile.ZipFile(sys.argv[1], "w", zipfile.ZIP_DEFLATED) as jar:
    jar.writestr("META-INF/MANIFEST.MF", "Manifest-Version: 1.0\\n")
    jar.writestr("a/", "")
    jar.writestr("a/Größe.class", b"\\x00\\xff" * 5000)
    jar.writestr("a/empty", "")
    jar.writestr(zipfile.ZipInfo("a/stored"), "as it is")`;
const READ = `
import hashlib, json, sys, zipfile
with zipfile.ZipFile(sys.argv[1]) as jar:
    assert jar.testzip() is None
    print(json.dumps([[e.filename, e.date_time, e.file_size, hashlib.sha256(jar.read(e)).hexdigest(),
        e.compress_type] for e in jar.infolist()]))`;

type Listed = [name: string, time: number[], size: number, sha256: string, method: number];

const python = (code: string, file: string) =>
  execFileSync("python3", ["-c", code, file], { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
const read = (file: string) => JSON.parse(python(READ, file)) as Listed[];

describe("storeJars(jars, folder, log)", () => {
  let folder: string;
  let jar: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "questlog-"));
    jar = join(folder, "a.jar");
    python(WRITE, jar);
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("keeps each entry, its order, time and content, and compresses none", () => {
    const target = join(folder, "stored.jar");
    storeJar(jar, target);
    const before = read(jar);
    assert.deepEqual(
      read(target),
      before.map(([name, time, size, sha256]) => [name, time, size, sha256, 0]),
    );
    assert.equal(before.length, 5);
    assert.ok(before.some(([, , , , method]) => method === 8));
  });

  it("makes the copies once, and again when one of them has changed", async () => {
    const lines: string[] = [];
    const stored = join(folder, "stored");
    const store = () => storeJars([jar], stored, (line) => lines.push(line));
    const [copy = ""] = await store();
    await store();
    assert.equal(lines.length, 1);
    const whole = readFileSync(copy);
    writeFileSync(copy, "torn");
    await store();
    assert.equal(lines.length, 2);
    assert.deepEqual(readFileSync(copy), whole);
  });

  it("names a file that is no jar", () => {
    const file = join(folder, "text.jar");
    writeFileSync(file, "no jar");
    assert.throws(() => storeJar(file, join(folder, "x")), {
      message: `${file}: expected a zip file of less than 65535 entries`,
    });
  });
});

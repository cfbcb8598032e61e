import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { settings } from "../settings.ts";
import { FakeDocker } from "./fake-docker.fixture.ts";
import { findProductFiles } from "./product-files.ts";
import { COMMANDS, layOut, packagesFor, prepareProductImages } from "./product-images.ts";

const ARCHES: Record<string, string> = { x64: "amd64", arm64: "arm64" };

describe("prepareProductImages(log)", function () {
  this.timeout(60_000);
  let engine: FakeDocker;
  const lines: string[] = [];

  before(function () {
    if (process.platform !== "linux") return this.skip(); // npm would fetch Linux's packages
  });
  beforeEach(() => {
    engine = new FakeDocker();
    process.env.PLATFORM = `linux/${ARCHES[process.arch]}`;
  });
  afterEach(() => engine.remove());

  it("builds both images without a network, each with the tag of its content", async () => {
    const tag = await prepareProductImages((line) => lines.push(line));
    const builds = engine.calls().filter((line) => line.startsWith("build "));
    assert.equal(builds.length, 2);
    for (const [i, target] of ["api", "stream"].entries()) {
      const words = `--network none --build-arg NODE_IMAGE=${settings.nodeImage} --target ${target}`;
      assert.ok(builds[i]!.includes(`${words} --tag questlog-${target}:${tag} `), builds.join("\n"));
    }
    assert.match(lines.at(-1)!, /^images: built, /);
  });

  it("builds only the image that is missing", async () => {
    const tag = await prepareProductImages(() => {});
    process.env.IMAGES = `questlog-api:${tag}\nquestlog-stream:latest`;
    const before = engine.calls().length;
    assert.equal(await prepareProductImages(() => {}), tag);
    const builds = engine
      .calls()
      .slice(before)
      .filter((line) => line.startsWith("build "));
    assert.deepEqual(
      builds.map((line) => /--target (\w+)/.exec(line)?.[1]),
      ["stream"],
    );
  });

  it("names the platform of an engine that cannot run the images", async () => {
    process.env.PLATFORM = "windows/amd64";
    await assert.rejects(
      prepareProductImages(() => {}),
      {
        message: "the Docker engine: expected one for linux/amd64 or linux/arm64, got windows/amd64",
      },
    );
  });

  it("tells in one sentence that a build fails", async () => {
    engine.failAt("build", "no space left on device");
    await assert.rejects(
      prepareProductImages(() => {}),
      {
        message: /^the disk of the Docker engine is full: /,
      },
    );
  });
});

describe("packagesFor(cpu, log)", function () {
  this.timeout(60_000);
  let root: string;
  before(() => (root = mkdtempSync(join(tmpdir(), "questlog packages "))));
  after(() => rmSync(root, { recursive: true }));

  it("lets npm fetch the packages of another processor, once, by the lock file", async () => {
    const lock = JSON.parse(readFileSync(join(settings.root, "package-lock.json"), "utf8")) as {
      packages: Record<string, { version: string }>;
    };
    const names = ["x64", "arm64"].map((cpu) => `@napi-rs/snappy-linux-${cpu}-gnu`);
    const paths = names.map((name) => `node_modules/${name}`);
    const optionalDependencies = Object.fromEntries(
      names.map((name, i) => [name, lock.packages[paths[i]!]!.version]),
    );
    const manifest = { name: "small", version: "1.0.0", optionalDependencies };
    const packages = Object.fromEntries(paths.map((path) => [path, lock.packages[path]]));
    const small = {
      ...manifest,
      lockfileVersion: 3,
      requires: true,
      packages: { "": manifest, ...packages },
    };
    writeFileSync(join(root, "package.json"), JSON.stringify(manifest));
    writeFileSync(join(root, "package-lock.json"), JSON.stringify(small));
    const lines: string[] = [];
    for (const cpu of ["arm64", "arm64"]) {
      const folder = await packagesFor(cpu, (line) => lines.push(line), { root, cache: join(root, "cache") });
      const made = paths.map((path) => existsSync(join(folder, path)));
      assert.deepEqual(made, [false, true]);
    }
    assert.deepEqual(lines, ["packages: npm fetches those for linux/arm64"]);
  });
});

describe("layOut(files, packagesRoot, context)", function () {
  this.timeout(60_000);
  let context: string;
  before(() => (context = mkdtempSync(join(tmpdir(), "questlog product (images) "))));
  after(() => rmSync(context, { recursive: true }));

  it("makes a folder in which each command runs without the checkout", () => {
    layOut(findProductFiles(COMMANDS, settings.root), settings.root, context);
    renameSync(join(context, "packages"), join(context, "modules", "node_modules"));
    for (const name of COMMANDS) {
      const env = { PATH: process.env.PATH, QUESTLOG_HOME: join(context, "home") };
      const args = [join("scripts", `${name}.ts`), "--help"];
      const out = execFileSync(process.execPath, args, {
        cwd: join(context, "modules"),
        env,
        encoding: "utf8",
      });
      assert.match(out, new RegExp(`\\b${name}\\b`));
    }
  });
});

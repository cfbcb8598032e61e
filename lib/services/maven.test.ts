import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { settings } from "../settings.ts";
import { canPrepareArtifacts, prepareArtifacts } from "./artifacts.ts";
import { FakeDocker } from "./fake-docker.fixture.ts";
import { findMaven } from "./maven.ts";

describe("findMaven(java), on a machine without Maven", function () {
  this.timeout(60_000); // each call of docker starts a Node
  let fake: FakeDocker;
  let folder: string;
  beforeEach(() => {
    fake = new FakeDocker();
    fake.hideOthers();
    folder = mkdtempSync(join(tmpdir(), 'questlog maven, "a" '));
  });
  afterEach(() => {
    fake.remove();
    rmSync(folder, { recursive: true });
  });

  it("runs Maven in a container, as this user, with the folders mounted", async () => {
    const maven = await findMaven(undefined);
    const cache = join(folder, "cache");
    const project = join(folder, "project");
    await maven("kafka: Maven", { project, cache, output: folder }, (seen) => [seen.cache, seen.output]);
    const call = fake.calls().at(-1)!;
    assert.match(call, new RegExp(`^run --rm --init --user=${process.getuid!()}:${process.getgid!()} `));
    const quoted = (path: string) => path.replaceAll('"', '""');
    for (const [source, target] of [
      [project, "project"],
      [cache, "cache"],
      [folder, "output"],
    ] as const)
      assert.ok(call.includes(`"type=bind","source=${quoted(source)}","target=/questlog/${target}"`), call);
    assert.ok(call.includes(` ${settings.mavenImage} mvn -Duser.home=/tmp `));
    assert.ok(call.endsWith(" /questlog/cache /questlog/output"));
  });

  it("names Maven and an engine if the machine has neither", async () => {
    fake.failAt("version", "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.");
    await assert.rejects(
      findMaven(undefined),
      /mvn \(Maven\): apt install maven, .* Docker engine makes it unnec/,
    );
  });

  it("does not count a machine without Java and Python as one for processes", async () => {
    const { javaHome, cache } = settings;
    settings.javaHome = undefined;
    settings.cache = folder;
    try {
      assert.equal(await canPrepareArtifacts(), false);
      await assert.rejects(
        prepareArtifacts(() => {}),
        /python3 ≥ 3\.10 with pip: apt install/,
      );
    } finally {
      Object.assign(settings, { javaHome, cache });
    }
  });
});

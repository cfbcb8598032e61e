import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { settings } from "../settings.ts";
import { chooseRuntime, describeRuntime, forgetRuntime, keepRuntime, rememberRuntime } from "./choice.ts";
import { dockerRuntime } from "./containers.ts";
import { FakeDocker } from "./fake-docker.fixture.ts";
import { imageTag, TARGETS } from "./images.ts";
import { nativeRuntime } from "./native.ts";

const NO_ENGINE = "Cannot connect to the Docker daemon at unix:///var/run/docker.sock.";

describe("chooseRuntime(options)", function () {
  this.timeout(60_000); // each call of docker starts a Node
  const { home, runtime } = settings;
  let fake: FakeDocker;
  beforeEach(() => {
    settings.home = mkdtempSync(join(tmpdir(), "questlog-choice-"));
    settings.runtime = undefined;
    fake = new FakeDocker();
    process.env.IMAGES = TARGETS.map((target) => `questlog-${target}:${imageTag()}`).join("\n");
  });
  afterEach(() => {
    fake.remove();
    rmSync(settings.home, { recursive: true });
    settings.home = home;
    settings.runtime = runtime;
  });

  const cases: [given: string, arrange: () => void, name: string, why: RegExp][] = [
    ["an engine has the images", () => {}, "docker", /has the images/],
    [
      "an engine lacks the images",
      () => (process.env.IMAGES = ""),
      "native",
      /does not have the images, which --docker builds/,
    ],
    ["no engine answers", () => fake.failAt("version", NO_ENGINE), "native", /^no Docker engine answers$/],
    ["the setting says so", () => (settings.runtime = "native"), "native", /^QUESTLOG_RUNTIME says so$/],
    [
      "the stack ran so before",
      () => rememberRuntime(nativeRuntime),
      "native",
      /^this stack was started so$/,
    ],
    [
      "the stack ran so before, and the setting says the other",
      () => {
        rememberRuntime(dockerRuntime);
        settings.runtime = "native";
      },
      "docker",
      /^this stack was started so$/,
    ],
    [
      "the stack has data of processes",
      () => mkdirSync(join(settings.home, "data")),
      "native",
      /^this stack has data of processes$/,
    ],
  ];
  for (const [given, arrange, name, why] of cases)
    it(`chooses ${name === "docker" ? "containers" : "processes"} if ${given}`, async () => {
      arrange();
      const choice = await chooseRuntime();
      assert.match(choice.why, why);
      assert.equal(choice.runtime.name, name);
    });

  it("follows an option of the command before anything else", async () => {
    rememberRuntime(nativeRuntime);
    assert.equal((await chooseRuntime({ docker: true })).runtime.name, "docker");
    await assert.rejects(chooseRuntime({ docker: true, native: true }), {
      name: "UsageError",
      message: "expected --native or --docker, got both",
    });
  });

  it("tells the choice in one sentence", async () => {
    assert.equal(
      await describeRuntime(),
      "The servers run in containers: a Docker engine answers and has the images.",
    );
  });

  it("chooses anew after a wipe", async () => {
    rememberRuntime(nativeRuntime);
    forgetRuntime();
    assert.equal((await chooseRuntime()).runtime.name, "docker");
  });

  it("keeps an option for later commands, but not if no engine answers", async () => {
    await keepRuntime({});
    fake.failAt("version", NO_ENGINE);
    await assert.rejects(keepRuntime({ docker: true }), {
      message: /^no Docker engine answers: start Docker/,
    });
    await keepRuntime({ native: true });
    assert.equal((await chooseRuntime()).why, "this stack was started so");
  });
});

import assert from "node:assert/strict";
import { compose, docker, explain, findEngineProblem } from "./docker.ts";
import { FakeDocker } from "./fake-docker.fixture.ts";

// Each fault as Docker's client or Compose prints it.
const FAULTS: [fault: string, output: string, sentence: RegExp][] = [
  [
    "no engine",
    "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. Is the docker daemon running?",
    /^no Docker engine answers: start Docker, or use --native/,
  ],
  [
    "no engine at DOCKER_HOST",
    'error during connect: Get "http://10.1.1.1:2375/v1.24/version": dial tcp 10.1.1.1:2375: i/o timeout',
    /^no Docker engine answers/,
  ],
  [
    "no engine, in the words of docker-compose 1",
    "docker.errors.DockerException: Error while fetching server API version: ('Connection aborted.', FileNotFoundError(2, 'No such file or directory'))",
    /^no Docker engine answers/,
  ],
  [
    "no permission on the socket",
    'permission denied while trying to connect to the Docker daemon socket at unix:///var/run/docker.sock: Get "http://%2Fvar%2Frun%2Fdocker.sock/v1.24/version": dial unix /var/run/docker.sock: connect: permission denied',
    /^this user may not use the Docker engine: add the user to the group docker/,
  ],
  [
    "a full disk",
    "Error processing tar file(exit status 1): write /opt/questlog/trino/lib/x.jar: no space left on device",
    /^the disk of the Docker engine is full: docker system df shows/,
  ],
  [
    "a port of another container",
    "Error response from daemon: driver failed programming external connectivity on endpoint questlog-kafka-1 (abc): Bind for 127.0.0.1:9092 failed: port is already allocated",
    /^port 127\.0\.0\.1:9092 is taken: stop its holder, or set another QUESTLOG_…_PORT/,
  ],
  [
    "a port of a process",
    "Error response from daemon: driver failed programming external connectivity on endpoint x (abc): Error starting userland proxy: listen tcp4 127.0.0.1:8080: bind: address already in use",
    /^port 127\.0\.0\.1:8080 is taken/,
  ],
  [
    "a registry that does not answer",
    'Error response from daemon: Get "https://registry.example/v2/": dial tcp: lookup registry.example: no such host',
    /^the registry registry\.example does not answer: check the network, or name images that are here/,
  ],
  [
    "an unknown image",
    "pull access denied for questlog-test-java, repository does not exist or may require 'docker login'",
    /^the image questlog-test-java is not here, and its registry does not have it: check QUESTLOG_JAVA_IMAGE/,
  ],
  [
    "an unknown tag",
    "manifest for eclipse-temurin:99 not found: manifest unknown: manifest unknown",
    /^the image eclipse-temurin:99 is not here/,
  ],
  [
    "a failed step of a build",
    "Step 4/9 : RUN groupadd\n\nThe command '/bin/sh -c groupadd' returned a non-zero code: 127",
    /^the build failed: The command '\/bin\/sh -c groupadd' returned a non-zero code: 127$/,
  ],
  ["no reason at all", "", /^the build failed: it says no reason$/],
];

describe("explain(output, what)", () => {
  for (const [fault, output, sentence] of FAULTS)
    it(`tells ${fault} in one sentence with a remedy`, () => {
      const told = explain(output, "the build");
      assert.match(told, sentence);
      assert.ok(!told.includes("\n"));
    });
});

describe("docker and Compose, with a docker that records its calls", function () {
  this.timeout(60_000); // each call starts a Node
  let fake: FakeDocker;
  beforeEach(() => (fake = new FakeDocker()));
  afterEach(() => fake.remove());

  it("finds an engine that answers, and the problem of one that does not", async () => {
    assert.equal(await findEngineProblem(), null);
    fake.failAt("version", FAULTS[0]![1]);
    assert.match((await findEngineProblem())!, /^no Docker engine answers/);
  });

  it("throws the sentence of a failed command, without a stack's lines", async () => {
    fake.failAt("build", FAULTS[4]![1]);
    await assert.rejects(docker(["build", "."]), { message: /^the disk of the Docker engine is full/ });
  });

  it("runs Compose as the plugin, with the given variables", async () => {
    await compose(["ps"], {});
    assert.deepEqual(fake.calls(), ["compose version", "compose ps"]);
  });

  it("says how to get Docker if there is no such command", async () => {
    const { PATH } = process.env;
    process.env.PATH = "/nowhere";
    try {
      assert.match((await findEngineProblem())!, /^this machine has no docker command: install Docker/);
      await assert.rejects(docker(["ps"]), /this machine has no docker command/);
    } finally {
      process.env.PATH = PATH;
    }
  });
});

/**
 * Words of a command → the output of Docker's client or of Compose, or one sentence with a remedy.
 *
 * The clients tell most faults in their own words, and with exit code 1. FAULTS knows the words of
 * the common ones. Any engine with Docker's API works, such as Podman by DOCKER_HOST.
 */
import { $, type ProcessOutput, which } from "zx";

interface Fault {
  words: RegExp; // in the client's output
  sentence: (words: RegExpExecArray) => string;
}

const PROBE_LIMIT = "10s"; // an engine far away may not answer at all

const FAULTS: readonly Fault[] = [
  {
    words: /permission denied while trying to connect|connect: permission denied/,
    sentence: () =>
      "this user may not use the Docker engine: add the user to the group docker and log in again, " +
      "or use a rootless engine by DOCKER_HOST",
  },
  {
    words:
      /Cannot connect to the Docker daemon|error during connect|failed to connect to the docker API|fetching server API version/i,
    sentence: () => "no Docker engine answers: start Docker, or use --native (Maven and Python)",
  },
  {
    words: /no space left on device/i,
    sentence: () =>
      "the disk of the Docker engine is full: docker system df shows its parts, and " +
      "docker image prune --all --filter label=questlog deletes unused images of Questlog",
  },
  {
    words:
      /(?:Bind for |listen tcp4? )?([\d.]+:\d+)(?: failed)?: (?:port is already allocated|bind: address already in use)/,
    sentence: ([, address = ""]) =>
      `port ${address} is taken: stop its holder, or set another QUESTLOG_…_PORT`,
  },
  {
    words:
      /pull access denied for ([\w./:-]+)|manifest for ([\w./:@-]+) not found|([\w./:@-]+): (?:failed to resolve|not found)/,
    sentence: ([, denied, missing, unresolved]) =>
      `the image ${denied ?? missing ?? unresolved} is not here, and its registry does not have it: ` +
      "check QUESTLOG_JAVA_IMAGE, QUESTLOG_MAVEN_IMAGE and QUESTLOG_NODE_IMAGE",
  },
  {
    words: /Get "https?:\/\/([^/"]+)[^"]*": |lookup (\S+?):? .*(?:no such host|i\/o timeout)/,
    sentence: ([, url, name]) =>
      `the registry ${url ?? name} does not answer: check the network, or name images that are here by ` +
      "QUESTLOG_JAVA_IMAGE, QUESTLOG_MAVEN_IMAGE and QUESTLOG_NODE_IMAGE",
  },
  {
    words: /client version ([\d.]+) is too (?:new|old)/,
    sentence: () => "the Docker client and the engine do not fit: update the older one",
  },
];

/** Runs Docker's client; resolves with its output. @throws Error with one sentence */
export async function docker(args: readonly string[], what = `docker ${args[0]}`): Promise<string> {
  await requireClient();
  return outputOf(await $({ quiet: true, nothrow: true })`docker ${args}`, what);
}

/** The last lines that a container has printed, on both of its outputs. */
export async function containerLog(id: string, lines: number): Promise<string[]> {
  const { stdall } = await $({ quiet: true, nothrow: true })`docker logs --tail ${lines} ${id}`;
  return stdall.trim().split("\n").slice(-lines);
}

/** Runs Compose: Docker's plugin, or else docker-compose 1. @throws Error with one sentence */
export async function compose(args: readonly string[], env: Record<string, string>): Promise<string> {
  await requireClient();
  const command = await composeCommand();
  const run = $({ env: { ...process.env, ...env }, quiet: true, nothrow: true });
  return outputOf(await run`${command} ${args}`, "Compose");
}

/** The reason that this machine has no Docker engine to use; null: an engine answers. */
export async function findEngineProblem(): Promise<string | null> {
  if ((await which("docker", { nothrow: true })) === null) return NO_CLIENT;
  const probe = $({ quiet: true, nothrow: true, timeout: PROBE_LIMIT });
  const { exitCode, stdout, stderr } = await probe`docker version --format ${"{{.Server.Version}}"}`;
  return exitCode === 0 && stdout.trim() !== "" ? null : explain(stderr, "docker version");
}

/**
 * One sentence for a failed command: the known fault in `output`, or else the last line of
 * `output`.
 */
export function explain(output: string, what: string): string {
  for (const { words, sentence } of FAULTS) {
    const found = words.exec(output);
    if (found) return sentence(found);
  }
  const last = output
    .trim()
    .split("\n")
    .at(-1)!
    .replace(/^(?:Error response from daemon|ERROR): /, "");
  return `${what} failed: ${last === "" ? "it says no reason" : last}`;
}

const NO_CLIENT = "this machine has no docker command: install Docker, or use --native (Maven and Python)";

async function requireClient(): Promise<void> {
  if ((await which("docker", { nothrow: true })) === null) throw new Error(NO_CLIENT);
}

async function composeCommand(): Promise<string[]> {
  const ask = $({ quiet: true, nothrow: true });
  if ((await ask`docker compose version`).exitCode === 0) return ["docker", "compose"];
  if ((await ask`docker-compose version`).exitCode === 0) return ["docker-compose"];
  throw new Error("Docker has no Compose here: install the compose plugin, or docker-compose ≥ 1.29");
}

function outputOf({ exitCode, stdout, stderr }: ProcessOutput, what: string): string {
  if (exitCode === 0) return stdout;
  throw new Error(explain(`${stdout}\n${stderr}`, what));
}

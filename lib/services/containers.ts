/**
 * Service → a container of compose/compose.yml. API and stream stay processes.
 *
 * Named volumes hold the data, the images hold the configuration. Compose only makes the
 * containers, all in one call: two calls at once would make the network twice. Everything else
 * is asked of the engine, by the labels that Compose gives, because Compose takes much longer.
 */
import { join } from "node:path";
import { portVariable, settings } from "../settings.ts";
import { compose, containerLog, docker, findEngineProblem } from "./docker.ts";
import { imageTag, prepareImages } from "./images.ts";
import { nativeRuntime } from "./native.ts";
import type { Log } from "./log.ts";
import type { Runtime } from "./runtime.ts";
import { type Service, serverNames } from "./services.ts";

const LOG_LINES = 20;
const ALIVE = ["status=running", "status=restarting", "status=paused"];

/** Compose's name of this stack: two stacks on one machine have different ports. */
export const PROJECT = `questlog-${settings.ports.kafka}`;

const NETWORK = `${PROJECT}_default`;

export const dockerRuntime: Runtime = {
  name: "docker",
  words: "in containers",

  async prepare(services, log: Log) {
    const servers = services.filter(isServer);
    if (servers.length === 0) return;
    const problem = await findEngineProblem();
    if (problem !== null) throw new Error(problem);
    await prepareImages(log);
    await composeStack(["up", "--no-start", ...servers.map(({ name }) => name)]);
  },

  async isRunning(service) {
    if (!isServer(service)) return nativeRuntime.isRunning(service);
    return (await findContainer(service, ALIVE)) !== undefined;
  },

  async restarts(service) {
    if (!isServer(service)) return nativeRuntime.restarts(service);
    const id = await findContainer(service);
    if (id === undefined) return 0;
    return Number(await docker(["inspect", "--format", "{{.RestartCount}}", id]));
  },

  async start(service) {
    if (!isServer(service)) return nativeRuntime.start(service);
    await docker(["start", await requireContainer(service)], `${service.name}: docker start`);
    return `docker start ${(await containerName(service)) ?? service.name}`;
  },

  async startWith(service, args) {
    await composeStack(["up", "--no-start", service.name], { QUESTLOG_ARGUMENTS: args.join(" ") });
    await this.start(service);
  },

  async stop(service) {
    if (!isServer(service)) return nativeRuntime.stop(service);
    const id = await findContainer(service, ALIVE);
    if (id === undefined) return false;
    await docker(["stop", "--time", String(service.graceMs / 1000), id]);
    return true;
  },

  async kill(service) {
    if (!isServer(service)) return nativeRuntime.kill(service);
    await docker(["kill", await requireContainer(service)]); // no restart follows it
  },

  async pause(service) {
    if (!isServer(service)) return nativeRuntime.pause(service);
    await docker(["pause", await requireContainer(service)]);
  },

  async resume(service) {
    if (!isServer(service)) return nativeRuntime.resume(service);
    await docker(["unpause", await requireContainer(service)]);
  },

  async disconnect(service) {
    await docker(["network", "disconnect", NETWORK, await requireContainer(service)]);
  },

  async connect(service) {
    const alias = ["--alias", service.name]; // Compose gave it; a new connection has none
    await docker(["network", "connect", ...alias, NETWORK, await requireContainer(service)]);
  },

  async readData(service, path) {
    return docker(["exec", await requireContainer(service), "cat", `/data/${path}`]);
  },

  async lastLogLines(service) {
    if (!isServer(service)) return nativeRuntime.lastLogLines(service);
    const id = await findContainer(service);
    return id === undefined ? [] : containerLog(id, LOG_LINES);
  },

  async wipe() {
    await composeStack(["down", "--volumes"]);
  },
};

function isServer({ name }: Service): boolean {
  return (serverNames as readonly string[]).includes(name);
}

/** The id of a service's container with one of the states in `filters`. */
async function findContainer(service: Service, filters: readonly string[] = []): Promise<string | undefined> {
  const lines = await listContainers(service, "{{.ID}}", filters);
  return lines[0];
}

async function containerName(service: Service): Promise<string | undefined> {
  return (await listContainers(service, "{{.Names}}"))[0];
}

async function listContainers(
  { name }: Service,
  format: string,
  filters: readonly string[] = [],
): Promise<string[]> {
  const labels = [`label=com.docker.compose.project=${PROJECT}`, `label=com.docker.compose.service=${name}`];
  const words = [...labels, ...filters].flatMap((filter) => ["--filter", filter]);
  const lines = await docker(["ps", "--all", "--no-trunc", "--format", format, ...words]);
  return lines.split("\n").filter((line) => line !== "");
}

async function requireContainer(service: Service): Promise<string> {
  const id = await findContainer(service);
  if (id !== undefined) return id;
  throw new Error(`${service.name}: expected a container of the project ${PROJECT}, found none`);
}

/** Runs a command of Compose on this stack. */
function composeStack(words: readonly string[], variables: Record<string, string> = {}): Promise<string> {
  const file = join(settings.root, "compose", "compose.yml");
  const env: Record<string, string> = { QUESTLOG_IMAGES: imageTag(), ...variables };
  for (const [name, port] of Object.entries(settings.ports)) env[portVariable(name)] = String(port);
  return compose(["--project-name", PROJECT, "--file", file, ...words], env);
}

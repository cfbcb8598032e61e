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
const ALIVE = ["running", "restarting", "paused"]; // Podman refuses "restarting" in a filter

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
    return (await findAlive(service)) !== undefined;
  },

  async restarts(service) {
    if (!isServer(service)) return nativeRuntime.restarts(service);
    const container = await findContainer(service);
    if (container === undefined) return 0;
    return Number(await docker(["inspect", "--format", "{{.RestartCount}}", container.id]));
  },

  async start(service) {
    if (!isServer(service)) return nativeRuntime.start(service);
    const { id, name } = await requireContainer(service);
    await docker(["start", id], `${service.name}: docker start`);
    return `docker start ${name}`;
  },

  async startWith(service, args) {
    await composeStack(["up", "--no-start", service.name], { QUESTLOG_ARGUMENTS: args.join(" ") });
    await this.start(service);
  },

  async stop(service) {
    if (!isServer(service)) return nativeRuntime.stop(service);
    const container = await findAlive(service);
    if (container === undefined) return false;
    await docker(["stop", "--time", String(service.graceMs / 1000), container.id]);
    return true;
  },

  async kill(service) {
    if (!isServer(service)) return nativeRuntime.kill(service);
    await docker(["kill", (await requireContainer(service)).id]); // no restart follows it
  },

  async pause(service) {
    if (!isServer(service)) return nativeRuntime.pause(service);
    await docker(["pause", (await requireContainer(service)).id]);
  },

  async resume(service) {
    if (!isServer(service)) return nativeRuntime.resume(service);
    await docker(["unpause", (await requireContainer(service)).id]);
  },

  async disconnect(service) {
    await docker(["network", "disconnect", NETWORK, (await requireContainer(service)).id]);
  },

  async connect(service) {
    const alias = ["--alias", service.name]; // Compose gave it; a new connection has none
    await docker(["network", "connect", ...alias, NETWORK, (await requireContainer(service)).id]);
  },

  async readData(service, path) {
    return docker(["exec", (await requireContainer(service)).id, "cat", `/data/${path}`]);
  },

  async lastLogLines(service) {
    if (!isServer(service)) return nativeRuntime.lastLogLines(service);
    const container = await findContainer(service);
    return container === undefined ? [] : containerLog(container.id, LOG_LINES);
  },

  async wipe() {
    await composeStack(["down", "--volumes"]);
  },
};

function isServer({ name }: Service): boolean {
  return (serverNames as readonly string[]).includes(name);
}

interface Container {
  id: string;
  name: string;
  state: string; // "running", "exited", …
}

/** The container of a service, if Compose has made one. */
async function findContainer({ name }: Service): Promise<Container | undefined> {
  const labels = [`label=com.docker.compose.project=${PROJECT}`, `label=com.docker.compose.service=${name}`];
  const words = labels.flatMap((label) => ["--filter", label]);
  const format = "{{.ID}} {{.Names}} {{.State}}";
  const lines = await docker(["ps", "--all", "--no-trunc", "--format", format, ...words]);
  const [id, found, state] = lines.split("\n")[0]!.split(" ");
  return id && found && state ? { id, name: found, state } : undefined;
}

/** The same, unless its server has ended. */
async function findAlive(service: Service): Promise<Container | undefined> {
  const container = await findContainer(service);
  return container && ALIVE.includes(container.state) ? container : undefined;
}

async function requireContainer(service: Service): Promise<Container> {
  const container = await findContainer(service);
  if (container !== undefined) return container;
  throw new Error(`${service.name}: expected a container of the project ${PROJECT}, found none`);
}

/** Runs a command of Compose on this stack. */
function composeStack(words: readonly string[], variables: Record<string, string> = {}): Promise<string> {
  const file = join(settings.root, "compose", "compose.yml");
  const env: Record<string, string> = { QUESTLOG_IMAGES: imageTag(), ...variables };
  for (const [name, port] of Object.entries(settings.ports)) env[portVariable(name)] = String(port);
  return compose(["--project-name", PROJECT, "--file", file, ...words], env);
}

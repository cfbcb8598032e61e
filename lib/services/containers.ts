/**
 * Service → a container of compose/compose.yml. API and stream stay processes.
 *
 * Named volumes hold the data. <home>/conf-docker holds the same configuration as for processes,
 * filled in. All containers share one network (see compose.yml), so addresses are the same inside
 * and outside. The servers listen on all interfaces of that network, because Docker forwards the
 * published loopback ports to them.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import { portVariable, settings } from "../settings.ts";
import { type Paths, writeConfiguration } from "./configuration.ts";
import { nativeRuntime } from "./native.ts";
import { seconds } from "./log.ts";
import type { Runtime } from "./runtime.ts";
import { type Service, serverNames } from "./services.ts";

const CONF = join(settings.home, "conf-docker");
const MOUNT = "/questlog"; // the folder to which compose.yml mounts CONF
const NETWORK = "network"; // the other services share this one's network
const LOG_LINES = 20;

const paths: Paths = {
  bindHost: "0.0.0.0",
  conf: MOUNT,
  kafkaData: "/var/lib/kafka/data",
  namenodeData: "/data/namenode",
  datanodeData: "/data/datanode",
  metastoreData: "/data/metastore",
  hadoopTmp: "/tmp/hadoop",
  trinoConf: "/etc/trino",
  trinoPlugins: "/usr/lib/trino/plugin",
};

export const dockerRuntime: Runtime = {
  name: "docker",

  async prepare(services, log) {
    const servers = services.filter(isServer);
    if (servers.length === 0) return;
    writeConfiguration(CONF, paths);
    writeFileSync(
      join(CONF, "trino", "node.properties"),
      "node.environment=questlog\nnode.data-dir=/data/trino\n",
    );
    const start = Date.now();
    log(`images of ${servers.map(({ name }) => name).join(", ")}: pulling the missing images`);
    await compose("pull", "--quiet", ...servers.map(({ name }) => name));
    log(`images: complete, ${seconds(start)} s`);
  },

  async isRunning(service) {
    if (!isServer(service)) return nativeRuntime.isRunning(service);
    const id = (await compose("ps", "--quiet", service.name)).trim();
    if (id === "") return false;
    return (await $`docker inspect --format ${"{{.State.Running}}"} ${id}`.quiet()).stdout.trim() === "true";
  },

  async start(service) {
    if (!isServer(service)) return nativeRuntime.start(service);
    await compose("up", "--detach", service.name);
    return `docker compose up --detach ${service.name}`;
  },

  async stop(service) {
    if (!isServer(service)) return nativeRuntime.stop(service);
    if (!(await this.isRunning(service))) return false;
    await compose("stop", "--timeout", String(service.graceMs / 1000), service.name);
    const running = (await compose("ps", "--services", "--filter", "status=running")).trim().split("\n");
    if (running.join() === NETWORK) await compose("stop", NETWORK); // no other service needs it now
    return true;
  },

  async lastLogLines(service) {
    if (!isServer(service)) return nativeRuntime.lastLogLines(service);
    return (await compose("logs", "--no-color", "--tail", String(LOG_LINES), service.name))
      .trim()
      .split("\n");
  },

  async wipe() {
    await compose("down", "--volumes");
  },
};

function isServer({ name }: Service): boolean {
  return (serverNames as readonly string[]).includes(name);
}

/** Runs a command of Compose on this stack; resolves with its output. */
async function compose(...args: string[]): Promise<string> {
  const ports = Object.entries(settings.ports).map(([name, port]) => [portVariable(name), String(port)]);
  const env = { ...process.env, ...Object.fromEntries(ports), QUESTLOG_CONFIG: CONF } as NodeJS.ProcessEnv;
  const project = `questlog-${settings.ports.kafka}`; // two stacks on one machine have different ports
  const file = join(settings.root, "compose", "compose.yml");
  await requireEngine();
  const command = (await hasPlugin()) ? ["docker", "compose"] : ["docker-compose"];
  return (await $({ env, quiet: true })`${command} --project-name ${project} --file ${file} ${args}`).stdout;
}

async function hasPlugin(): Promise<boolean> {
  return (await $`docker compose version`.quiet().nothrow()).exitCode === 0;
}

let engine: Promise<void> | undefined;

/** Checks once that this machine can run containers. @throws Error if it cannot. */
function requireEngine(): Promise<void> {
  return (engine ??= findEngine());
}

async function findEngine(): Promise<void> {
  const { exitCode, stderr } = await $`docker info --format ${"{{.ServerVersion}}"}`.quiet().nothrow();
  if (exitCode !== 0) {
    throw new Error(
      `--docker needs a running Docker engine: ${stderr.trim().split("\n").at(-1)}\n` +
        "  start Docker, or use --native (Maven and Python)",
    );
  }
  if (!(await hasPlugin()) && (await $`docker-compose version`.quiet().nothrow()).exitCode !== 0) {
    throw new Error("--docker needs Compose: install Docker's compose plugin, or docker-compose ≥ 1.29");
  }
}

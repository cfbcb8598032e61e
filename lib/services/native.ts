/**
 * Service → a process of this machine.
 *
 * <home>/data holds the data, <home>/conf the configuration with its values filled in. The servers
 * run in <home>/run, and get each path from there: "../data/kafka". So no name of a folder above
 * is ever text in one of their five formats, and each name works.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { $ } from "zx";
import { HOST, settings } from "../settings.ts";
import { type Artifacts, prepareArtifacts } from "./artifacts.ts";
import { fillFolder, type Place, writeConfiguration } from "./configuration.ts";
import {
  findProcess,
  killProcess,
  lastLogLines,
  signalProcess,
  startProcess,
  stopProcess,
} from "./process.ts";
import { CONF, formatCommand, fromRun, ownCommand, prepareRun, serverCommand } from "./programs.ts";
import type { Runtime } from "./runtime.ts";
import { serverNames } from "./services.ts";

const { home, root } = settings;
const DATA = join(home, "data");

let artifacts: Artifacts | undefined; // set by prepare()

export const nativeRuntime: Runtime = {
  name: "native",
  words: "as processes",

  async prepare(services, log) {
    const names = services.map(({ name }) => name);
    if (!serverNames.some((name) => names.includes(name))) return;
    artifacts = await prepareArtifacts(log);
    prepareRun();
    configure(artifacts);
    if (names.includes("kafka")) await format("kafka", artifacts);
    if (names.includes("namenode")) await format("namenode", artifacts);
  },

  isRunning({ name }) {
    return Promise.resolve(findProcess(home, name) !== undefined);
  },

  restarts() {
    return Promise.resolve(0);
  },

  async start({ name }) {
    const command =
      name === "api" || name === "stream" ? ownCommand(name) : serverCommand(name, prepared(name));
    await startProcess(home, name, command);
    return [command.file, ...command.args].join(" ");
  },

  async startWith({ name }, args) {
    if (name === "api" || name === "stream") throw new Error(`${name}: expected the name of a server`);
    const command = serverCommand(name, artifacts ?? (await prepareArtifacts(() => {})));
    await startProcess(home, name, { ...command, args: [...command.args, ...args] });
  },

  async stop({ name, graceMs }) {
    return (await stopProcess(home, name, { graceMs })) !== "absent";
  },

  async kill({ name }) {
    await killProcess(home, name);
  },

  pause({ name }) {
    signalProcess(home, name, "SIGSTOP");
    return Promise.resolve();
  },

  resume({ name }) {
    signalProcess(home, name, "SIGCONT");
    return Promise.resolve();
  },

  readData(_, path) {
    return readFile(join(DATA, path), "utf8");
  },

  lastLogLines({ name }) {
    return Promise.resolve(lastLogLines(home, name));
  },

  wipe() {
    rmSync(DATA, { recursive: true, force: true });
    return Promise.resolve();
  },
};

function prepared(name: string): Artifacts {
  if (!artifacts) throw new Error(`${name}: expected prepare() before start()`);
  return artifacts;
}

/** Writes the configuration of the processes, and a second one for formatting new file systems. */
function configure({ trino }: Artifacts): void {
  const place: Place = {
    bindHost: HOST,
    hosts: { namenode: HOST, metastore: HOST, trino: HOST },
    internalKafka: null,
    usesDatanodeName: true,
    ports: Object.fromEntries(
      Object.entries(settings.ports).map(([name, port]) => [name, String(port)]),
    ) as Place["ports"],
    conf: fromRun(CONF),
    kafkaData: fromRun(join(DATA, "kafka")),
    namenodeData: fromRun(join(DATA, "namenode")),
    datanodeData: fromRun(join(DATA, "datanode")),
    metastoreData: fromRun(join(DATA, "metastore")),
    hadoopTmp: fromRun(join(home, "tmp", "hadoop")),
    trinoSpill: fromRun(join(home, "tmp", "trino-spill")),
    trinoConf: fromRun(join(CONF, "trino")),
    trinoPlugins: fromRun(join(trino, "plugin")),
  };
  writeConfiguration(CONF, place);
  const kafkaData = fromRun(asideOf("kafka"));
  const aside = { ...place, kafkaData, namenodeData: fromRun(asideOf("namenode")) };
  writeConfiguration(join(CONF, "format"), aside, ["kafka", "hadoop"]);
  for (const name of ["kafka", "namenode", "datanode", "metastore"]) {
    const logging = { log_file: fromRun(join(home, "logs", `${name}.log`)) };
    fillFolder(join(root, "compose", "native", "logging"), join(CONF, `logging-${name}`), logging);
  }
}

/**
 * Makes an empty file system, if there is no file system yet. It is made in another folder, which
 * is then renamed: so it is never incomplete.
 */
async function format(name: "kafka" | "namenode", artifacts: Artifacts): Promise<void> {
  const target = join(DATA, name);
  if (existsSync(target)) return;
  rmSync(asideOf(name), { recursive: true, force: true });
  mkdirSync(DATA, { recursive: true });
  const { file, args, ...place } = formatCommand(name, artifacts, join(CONF, "format"));
  const { exitCode, stdout, stderr } = await $({ quiet: true, nothrow: true, ...place })`${file} ${args}`;
  if (exitCode !== 0) {
    throw new Error(
      `${name}: formatting an empty file system ended with exit code ${exitCode}:\n${stdout}${stderr}`,
    );
  }
  renameSync(asideOf(name), target);
}

function asideOf(name: "kafka" | "namenode"): string {
  return join(DATA, `${name}.new`);
}

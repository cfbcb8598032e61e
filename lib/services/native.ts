/**
 * Service → a process of this machine.
 *
 * <home>/data holds the data, <home>/conf the configuration with its values filled in.
 */
import { existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import { HOST, settings } from "../settings.ts";
import { type Artifacts, prepareArtifacts } from "./artifacts.ts";
import { fillFolder, type Paths, writeConfiguration } from "./configuration.ts";
import { findProcess, lastLogLines, startProcess, stopProcess } from "./process.ts";
import { CONF, formatCommand, ownCommand, serverCommand } from "./programs.ts";
import type { Runtime } from "./runtime.ts";
import { serverNames } from "./services.ts";

const { home, root } = settings;
const DATA = join(home, "data");

let artifacts: Artifacts | undefined; // set by prepare()

export const nativeRuntime: Runtime = {
  name: "native",

  async prepare(services, log) {
    const names = services.map(({ name }) => name);
    if (!serverNames.some((name) => names.includes(name))) return;
    artifacts = await prepareArtifacts(log);
    configure(artifacts);
    if (names.includes("kafka")) await format("kafka", artifacts);
    if (names.includes("namenode")) await format("namenode", artifacts);
  },

  isRunning({ name }) {
    return Promise.resolve(findProcess(home, name) !== undefined);
  },

  async start({ name }) {
    const command =
      name === "api" || name === "stream" ? ownCommand(name) : serverCommand(name, prepared(name));
    await startProcess(home, name, command);
    return [command.file, ...command.args].join(" ");
  },

  async stop({ name, graceMs }) {
    return (await stopProcess(home, name, { graceMs })) !== "absent";
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
  const paths: Paths = {
    bindHost: HOST,
    conf: CONF,
    kafkaData: join(DATA, "kafka"),
    namenodeData: join(DATA, "namenode"),
    datanodeData: join(DATA, "datanode"),
    metastoreData: join(DATA, "metastore"),
    hadoopTmp: join(home, "tmp"),
    trinoConf: join(CONF, "trino"),
    trinoPlugins: join(trino, "plugin"),
  };
  writeConfiguration(CONF, paths);
  const aside = { ...paths, kafkaData: asideOf("kafka"), namenodeData: asideOf("namenode") };
  writeConfiguration(join(CONF, "format"), aside, ["kafka", "hadoop"]);
  for (const name of ["kafka", "namenode", "datanode", "metastore"]) {
    const logging = { log_file: join(home, "logs", `${name}.log`) };
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
  const { file, args, env } = formatCommand(name, artifacts, join(CONF, "format"));
  const { exitCode, stdout, stderr } = await $({ quiet: true, nothrow: true, env })`${file} ${args}`;
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

/**
 * Options, settings and the machine → the runtime of this stack: processes or containers.
 *
 * A stack keeps its runtime until its data is deleted, because the data of the two runtimes lies in
 * different places. <home>/run/runtime has its name. A new stack runs in containers only if that
 * needs no build: the first build takes minutes.
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "../command.ts";
import { settings } from "../settings.ts";
import { canPrepareArtifacts } from "./artifacts.ts";
import { dockerRuntime } from "./containers.ts";
import { findEngineProblem } from "./docker.ts";
import { hasImages } from "./images.ts";
import { nativeRuntime } from "./native.ts";
import type { Runtime } from "./runtime.ts";
import { serverNames, services } from "./services.ts";

/** Options of commands, for parseArgs. */
export const runtimeOptions = {
  native: { type: "boolean", default: false },
  docker: { type: "boolean", default: false },
} as const;

export interface RuntimeChoice {
  runtime: Runtime;
  why: string; // e.g. "this stack was started so"
}

interface RuntimeValues {
  native?: boolean | undefined;
  docker?: boolean | undefined;
}

const RUNTIMES = { native: nativeRuntime, docker: dockerRuntime };

/** The runtime of this stack, and the reason in words. The options of a command are stronger. */
export async function chooseRuntime(values: RuntimeValues = {}): Promise<RuntimeChoice> {
  const option = optionOf(values);
  if (option !== undefined) return { runtime: RUNTIMES[option], why: `--${option} says so` };
  const remembered = rememberedRuntime();
  if (remembered !== undefined) return { runtime: remembered, why: "this stack was started so" };
  if (settings.runtime !== undefined)
    return { runtime: RUNTIMES[settings.runtime], why: "QUESTLOG_RUNTIME says so" };
  if (existsSync(join(settings.home, "data")))
    return { runtime: nativeRuntime, why: "this stack has data of processes" };
  return chooseByMachine();
}

/** The runtime of this stack. */
export async function stackRuntime(): Promise<Runtime> {
  return (await chooseRuntime()).runtime;
}

/** One sentence: how the servers of this stack run, and why. */
export async function describeRuntime(): Promise<string> {
  const { given } = settings;
  if (given.kafka && given.hdfs && given.trino) return "The settings name all servers: none is started here.";
  const { runtime, why } = await chooseRuntime();
  return `The servers run ${runtime.words}: ${why}.`;
}

/**
 * Lets this stack run as the options of a command say, also for the kernels of its notebooks.
 * Without an option, nothing changes.
 * @throws Error if a server of the other runtime runs, or if no engine answers
 */
export async function keepRuntime(values: RuntimeValues): Promise<void> {
  const option = optionOf(values);
  if (option === undefined) return;
  const other = option === "docker" ? nativeRuntime : dockerRuntime;
  const hasOther = other === nativeRuntime || rememberedRuntime() === dockerRuntime;
  if (hasOther) await refuseRunning(other, option);
  const problem = option === "docker" ? await findEngineProblem() : null;
  if (problem !== null) throw new Error(problem);
  rememberRuntime(RUNTIMES[option]);
}

/** Writes the runtime's name into the stack's folder. */
export function rememberRuntime({ name }: Runtime): void {
  mkdirSync(join(settings.home, "run"), { recursive: true });
  writeFileSync(file(), `${name}\n`);
}

/** After a wipe, the stack is a new one. */
export function forgetRuntime(): void {
  rmSync(file(), { force: true });
}

async function chooseByMachine(): Promise<RuntimeChoice> {
  const problem = await findEngineProblem();
  if (problem === null && (await hasImages()))
    return { runtime: dockerRuntime, why: "a Docker engine answers and has the images" };
  if (await canPrepareArtifacts()) {
    const why =
      problem === null
        ? "the Docker engine here does not have the images, which --docker builds"
        : "no Docker engine answers";
    return { runtime: nativeRuntime, why };
  }
  if (problem === null)
    return { runtime: dockerRuntime, why: "a Docker engine answers, and Maven or Python is missing" };
  return { runtime: nativeRuntime, why: "no Docker engine answers" };
}

function optionOf({ native = false, docker = false }: RuntimeValues): "native" | "docker" | undefined {
  if (native && docker) throw new UsageError("expected --native or --docker, got both");
  return native ? "native" : docker ? "docker" : undefined;
}

function rememberedRuntime(): Runtime | undefined {
  if (!existsSync(file())) return undefined;
  return readFileSync(file(), "utf8").trim() === "docker" ? dockerRuntime : nativeRuntime;
}

async function refuseRunning(other: Runtime, option: string): Promise<void> {
  const servers = services.filter(({ name }) => serverNames.some((server) => server === name));
  for (const service of servers)
    if (await other.isRunning(service).catch(() => false))
      // without an engine, no container runs
      throw new Error(
        `--${option}: ${service.name} of this stack runs ${other.words}; npm run down stops it. ` +
          "Each of the two has data of its own.",
      );
}

function file(): string {
  return join(settings.home, "run", "runtime");
}

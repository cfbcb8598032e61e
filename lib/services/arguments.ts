/**
 * Words and options of `up`, `down` and `status` → the services that they name, and a runtime.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { which } from "zx";
import { UsageError } from "../command.ts";
import { settings } from "../settings.ts";
import { dockerRuntime } from "./containers.ts";
import { nativeRuntime } from "./native.ts";
import type { Runtime } from "./runtime.ts";
import { ownNames, serverNames, type ServiceName } from "./services.ts";

const groups: Record<string, readonly ServiceName[]> = {
  services: serverNames,
  hdfs: ["namenode", "datanode"],
  ...Object.fromEntries([...serverNames, ...ownNames].map((name) => [name, [name]])),
};

/** The names of single services, and of `hdfs`, for a usage. */
export const serviceWords = Object.keys(groups)
  .filter((word) => word !== "services")
  .join(", ");

/** Options of `up`, `down` and `status`, for parseArgs. */
export const runtimeOptions = {
  native: { type: "boolean", default: false },
  docker: { type: "boolean", default: false },
} as const;

export interface Choice {
  names: ServiceName[]; // all services, if the words are empty
  all: boolean; // whether the words are empty
  runtime: Runtime;
}

/**
 * Chooses the services that `words` name (`services`: all servers; `hdfs`: both of its nodes).
 * @throws UsageError if a word names no service, or if both runtimes are chosen.
 */
export function chooseServices(
  words: readonly string[],
  { native, docker }: { native: boolean; docker: boolean },
): Choice {
  const unknown = words.find((name) => !Object.hasOwn(groups, name));
  if (unknown !== undefined)
    throw new UsageError(`expected names of services (${Object.keys(groups).join(", ")}), got "${unknown}"`);
  if (native && docker) throw new UsageError("expected --native or --docker, got both");
  const all = words.length === 0;
  const names = all ? [...serverNames, ...ownNames] : words.flatMap((name) => groups[name] ?? []);
  return { names, all, runtime: chooseRuntime({ native, docker }) };
}

/**
 * The runtime that the stack was started with. Without a stack: processes, or containers if the
 * machine has Docker and no Maven.
 */
export function stackRuntime(): Runtime {
  return chooseRuntime({ docker: false, native: false });
}

function chooseRuntime({ docker, native }: { docker: boolean; native: boolean }): Runtime {
  if (docker || native) return docker ? dockerRuntime : nativeRuntime;
  const file = join(settings.home, "run", "runtime");
  if (existsSync(file)) return readFileSync(file, "utf8").trim() === "docker" ? dockerRuntime : nativeRuntime;
  const has = (command: string) => which.sync(command, { nothrow: true }) !== null;
  return !has("mvn") && has("docker") ? dockerRuntime : nativeRuntime;
}

/** Writes the runtime's name into the stack's folder, for `down` and `status`. */
export function rememberRuntime(runtime: Runtime): void {
  mkdirSync(join(settings.home, "run"), { recursive: true });
  writeFileSync(join(settings.home, "run", "runtime"), `${runtime.name}\n`);
}

/**
 * The command line of `up`, `down` and `status` → which services, in which runtime.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { which } from "zx";
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

export interface Choice {
  names: ServiceName[]; // everything, if none was named
  all: boolean; // none was named
  runtime: Runtime;
  wipe: boolean;
}

/**
 * Reads the arguments: names of services (`services` for all servers, `hdfs` for both of its
 * nodes),
 * `--native` or `--docker`, and `--wipe` where `canWipe`.
 * @throws UsageError if they are something else.
 */
export function readChoice(args: string[], { canWipe = false } = {}): Choice {
  const { values, positionals } = parse(args);
  if (values.wipe && !canWipe) throw new UsageError("--wipe belongs to npm run down");
  const unknown = positionals.find((name) => !(name in groups));
  if (unknown !== undefined) {
    throw new UsageError(`expected names of services (${Object.keys(groups).join(", ")}), got "${unknown}"`);
  }
  if (values.native && values.docker) throw new UsageError("expected --native or --docker, got both");
  const all = positionals.length === 0;
  const names = all ? [...serverNames, ...ownNames] : positionals.flatMap((name) => groups[name] ?? []);
  return { names, all, runtime: chooseRuntime(values), wipe: values.wipe };
}

/** Thrown when a command line cannot be understood; scripts answer it with exit code 2. */
export class UsageError extends Error {
  override name = "UsageError";
}

/**
 * The runtime that the stack was started with; else processes, or containers if only Docker is
 * there.
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

/** Keeps the runtime's name with the stack, for `down` and `status`. */
export function rememberRuntime(runtime: Runtime): void {
  mkdirSync(join(settings.home, "run"), { recursive: true });
  writeFileSync(join(settings.home, "run", "runtime"), `${runtime.name}\n`);
}

function parse(args: string[]) {
  const option = { type: "boolean", default: false } as const;
  try {
    return parseArgs({
      args,
      allowPositionals: true,
      options: { native: option, docker: option, wipe: option },
    });
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
}

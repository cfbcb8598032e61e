/**
 * Services to start → an error that names the taken port or the missing memory or disk, before any
 * start.
 */
import { mkdirSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { portVariable, settings } from "../settings.ts";
import { findPortHolder } from "./ports.ts";
import type { Service } from "./services.ts";

const DATA_MB = 1_000; // in the stack's home: room for data and logs

/** @throws Error naming each port of `services` that is taken, with its holder. */
export async function checkPorts(services: readonly Service[]): Promise<void> {
  const problems: string[] = [];
  for (const { name, ports } of services) {
    for (const port of ports) {
      const holder = await findPortHolder(port);
      if (!holder) continue;
      const who =
        holder.pid === undefined ? "another user's process" : `process ${holder.pid} (${holder.name})`;
      const variable = Object.entries(settings.ports).find(([, each]) => each === port)?.[0] ?? name;
      problems.push(`${name}: port ${port} is taken by ${who}; stop it, or set ${portVariable(variable)}`);
    }
  }
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

/** @throws Error if the machine lacks memory for all of `services`, or disk for their data. */
export async function checkSpace(services: readonly Service[]): Promise<void> {
  const neededMb = services.reduce((sum, { memoryMb }) => sum + memoryMb, 0);
  const availableMb = Math.floor(process.availableMemory() / 2 ** 20);
  if (availableMb < neededMb) {
    throw new Error(
      `memory: expected ${neededMb} MB available for ${services.map(({ name }) => name).join(", ")}, got ${availableMb} MB; ` +
        "close other programs, or use existing services (QUESTLOG_KAFKA_BROKERS, QUESTLOG_WEBHDFS_URL, QUESTLOG_TRINO_URL)",
    );
  }
  await checkDisk(settings.home, DATA_MB, "QUESTLOG_HOME");
}

/**
 * @throws Error if `folder` has less than `neededMb` of disk free; `variable` can move the folder.
 */
export async function checkDisk(folder: string, neededMb: number, variable: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { bavail, bsize } = await statfs(folder);
  const freeMb = Math.floor((bavail * bsize) / 1e6);
  if (freeMb < neededMb) {
    throw new Error(
      `disk: expected ${neededMb} MB free in ${folder}, got ${freeMb} MB; make room, or choose another folder by ${variable}`,
    );
  }
}

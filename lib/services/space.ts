/**
 * Services to start → an error, before any start, that names a taken port, or missing memory or
 * disk.
 */
import { mkdirSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { portVariable, settings } from "../settings.ts";
import { isOurs, otherCatalogue } from "./catalogue.ts";
import { findPortHolder } from "./ports.ts";
import type { Service } from "./services.ts";

const DATA_MB = 1_000; // for data and logs in the stack's home

/** @throws Error that names each taken port of `services` and its holder. */
export async function checkPorts(services: readonly Service[]): Promise<void> {
  const problems: string[] = [];
  for (const service of services) {
    const { name, ports } = service;
    for (const port of ports) {
      const holder = await findPortHolder(port);
      if (!holder) continue;
      const who =
        holder.pid === undefined ? "another user's process" : `process ${holder.pid} (${holder.name})`;
      const variable = Object.entries(settings.ports).find(([, each]) => each === port)?.[0] ?? name;
      const remedy = `stop it${await byHand(service, port)}, or set ${portVariable(variable)}`;
      problems.push(`${name}: port ${port} is taken by ${who}; ${remedy}`);
    }
  }
  if (problems.length > 0) throw new Error(problems.join("\n"));
}

/** The way to stop an API or stream that a person started in a terminal; else an empty text. */
async function byHand(service: Service, port: number): Promise<string> {
  if (port !== service.ports[0] || !(await isOurs(service))) return "";
  const other = await otherCatalogue(service);
  return ` by Ctrl-C in its terminal (npm run up did not start it${other === null ? "" : `, and it ${other}`})`;
}

/** @throws Error if the machine has too little memory for `services`, or disk for their data. */
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

/** @throws Error if `folder` has less than `neededMb` free; `variable` sets another folder. */
export async function checkDisk(folder: string, neededMb: number, variable: string): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const { bavail, bsize } = await statfs(folder);
  const freeMb = Math.floor((bavail * bsize) / 1e6);
  if (freeMb < neededMb) {
    throw new Error(
      `disk: expected ${neededMb} MB free in ${folder}, got ${freeMb} MB; free some space, or set ${variable} to another folder`,
    );
  }
}

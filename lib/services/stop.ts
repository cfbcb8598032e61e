/**
 * Names of services → these services stopped, each after its dependents. So the stream can write
 * its last events to HDFS and commit to Kafka before both stop.
 */
import { join } from "node:path";
import { recordCommand } from "../history.ts";
import { settings } from "../settings.ts";
import { withLock } from "../lock.ts";
import { seconds } from "./log.ts";
import { stackRuntime } from "./choice.ts";
import type { Runtime } from "./runtime.ts";
import { type Service, type ServiceName, services } from "./services.ts";

/** The lock of every start and stop: two calls cannot start the same service. */
export const stackLock = join(settings.home, "run", "lock");

export interface StoppedRow {
  service: ServiceName;
  seconds: number;
}

export interface StopOptions {
  names: readonly ServiceName[];
  runtime?: Runtime; // default: the runtime of the stack
  onStopped?: (row: StoppedRow) => void;
}

/**
 * Stops running services, and resolves with a row for each. Given services keep running.
 * @throws Error if a process still runs after SIGKILL.
 */
export async function stopServices(options: StopOptions): Promise<StoppedRow[]> {
  return withLock(stackLock, console.log, () => stopLocked(options));
}

/** The same as stopServices, for a caller that holds the stack's lock. */
export async function stopLocked(options: StopOptions): Promise<StoppedRow[]> {
  const { names, onStopped = () => {} } = options;
  const runtime = options.runtime ?? (await stackRuntime());
  const rows: StoppedRow[] = [];
  const stopped = new Map<ServiceName, Promise<void>>();
  const stop = async (service: Service) => {
    const dependents = services.filter(({ needs }) => needs.includes(service.name));
    await Promise.all(dependents.flatMap(({ name }) => stopped.get(name) ?? []));
    const start = Date.now();
    if (!(await runtime.stop(service))) return;
    recordCommand(`stop ${service.name}`);
    const row = { service: service.name, seconds: Number(seconds(start)) };
    rows.push(row);
    onStopped(row);
  };
  const order = services.filter(({ name, given }) => names.includes(name) && !given).reverse();
  for (const service of order) stopped.set(service.name, stop(service));
  await Promise.all(stopped.values());
  return rows;
}

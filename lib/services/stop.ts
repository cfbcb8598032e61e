/**
 * Names of services → none of them running. Each is stopped after those that need it: the stream
 * drains into HDFS and commits to Kafka before they go.
 */
import { recordCommand } from "../history.js";
import { seconds } from "./progress.js";
import { stackRuntime } from "./choose.js";
import type { Runtime } from "./runtime.js";
import { type Service, type ServiceName, services } from "./services.js";

export interface StoppedRow {
  service: ServiceName;
  seconds: number;
}

/**
 * Stops the services that run, and resolves with a row for each that was stopped. What the environment gives is left alone.
 * @throws Error if a process is still there after SIGKILL.
 */
export async function stopServices({
  names,
  runtime = stackRuntime(),
  onStopped = () => {},
}: {
  names: readonly ServiceName[];
  runtime?: Runtime;
  onStopped?: (row: StoppedRow) => void;
}): Promise<StoppedRow[]> {
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

/** Services → whether each one is ready now, and if not, why. Each is asked its question once. */
import { stackRuntime } from "./arguments.ts";
import type { Runtime } from "./runtime.ts";
import { type ServiceName, services } from "./services.ts";

export interface StatusRow {
  service: ServiceName;
  version: string | null; // null: the environment names the endpoint
  port: number | null; // null: it listens nowhere
  ready: boolean;
  problem: string; // empty when it is ready
}

/** Asks every service, all at once; each answer is awaited for a few seconds. */
export async function serviceStatus(runtime: Runtime = stackRuntime()): Promise<StatusRow[]> {
  return Promise.all(
    services.map(async (service) => {
      const { name, version, ports, given, ask } = service;
      const answer = ask().then(
        () => "",
        (error: Error) => error.message,
      );
      const problem = given || (await runtime.isRunning(service)) ? await answer : "not running";
      return {
        service: name,
        version: given ? null : version,
        port: ports[0] ?? null,
        ready: problem === "",
        problem,
      };
    }),
  );
}

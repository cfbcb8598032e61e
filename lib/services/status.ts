/** Services → version and readiness of each one, or its problem. Each is asked once. */
import { stackRuntime } from "./choice.ts";
import { otherCatalogue } from "./catalogue.ts";
import type { Runtime } from "./runtime.ts";
import { type Service, type ServiceName, services } from "./services.ts";
import { isPinned } from "./versions.ts";

export interface StatusRow {
  service: ServiceName;
  version: string | null; // the service's answer; null without an answer
  port: number | null; // null for a service without a known port
  ready: boolean;
  problem: string; // empty if it is ready
}

/** Asks all services at the same time, and waits a few seconds for each answer. */
export async function serviceStatus(chosen?: Runtime): Promise<StatusRow[]> {
  const runtime = chosen ?? (await stackRuntime());
  return Promise.all(
    services.map(async (service) => {
      const { name, ports, given } = service;
      const isThere = given || (await runtime.isRunning(service));
      const { version, problem } = isThere ? await ask(service) : { version: null, problem: "not running" };
      return { service: name, version, port: ports[0] ?? null, ready: problem === "", problem };
    }),
  );
}

async function ask(service: Service): Promise<Pick<StatusRow, "version" | "problem">> {
  const [answer, version] = await Promise.allSettled([service.ask(), service.askVersion()]);
  if (answer.status === "rejected") return { version: valueOf(version), problem: messageOf(answer) };
  if (version.status === "rejected") {
    // A given service has no pinned version, and its owner may hide the version.
    return { version: null, problem: service.given ? "" : `version: ${messageOf(version)}` };
  }
  const isWrong = !service.given && !isPinned(version.value, service.version);
  if (isWrong) {
    const problem = `expected version ${service.version}, got ${version.value}: npm run down, npm run up`;
    return { version: version.value, problem };
  }
  const other = await otherCatalogue(service);
  return { version: version.value, problem: other === null ? "" : `${other}: npm run up starts it anew` };
}

function valueOf(result: PromiseSettledResult<string>): string | null {
  return result.status === "fulfilled" ? result.value : null;
}

function messageOf({ reason }: PromiseRejectedResult): string {
  return reason instanceof Error ? reason.message : String(reason);
}

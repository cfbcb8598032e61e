/**
 * Servers of this machine's stack: killed without a warning, away for a while, and started again.
 *
 * Only servers of the stack in settings.home are killed: its processes, or its containers. A server
 * that the environment names belongs to somebody else.
 */
import { once } from "node:events";
import { setTimeout as sleep } from "node:timers/promises";
import { stackRuntime } from "../services/choice.ts";
import { type Service, type ServiceName, services } from "../services/services.ts";
import { startServices, waitUntilReady } from "../services/start.ts";
import { settings } from "../settings.ts";

const ALL_BYTES = 2 ** 60; // more than any disk has

/** The time that services were away, in milliseconds since 1970. */
export interface Away {
  killedAt: number;
  readyAt: number; // when they answered again
}

/** @throws Error if a server belongs to somebody else. */
export function requireOwnServices({ given = settings.given } = {}): void {
  const named = Object.entries(given).flatMap(([name, isGiven]) => (isGiven ? [name] : []));
  if (named.length > 0)
    throw new Error(
      `expected services that npm run up started, because this drill kills them; got ${named.join(", ")} from the ` +
        "environment: unset QUESTLOG_KAFKA_BROKERS, QUESTLOG_WEBHDFS_URL and QUESTLOG_TRINO_URL",
    );
}

const outages = new Set<Promise<Away>>();
const broken = new Set<ServiceName>(); // killed, and not started again so far
const interruption = new AbortController();
const interrupted = once(interruption.signal, "abort").then(() => interruption.signal.throwIfAborted());
interrupted.catch(() => {}); // an outage throws it

/**
 * Kills services one after another, runs `meanwhile`, and starts the services again, after an error
 * too. Resolves when they are ready.
 */
export function withoutServices(
  names: readonly ServiceName[],
  meanwhile: () => Promise<unknown>,
): Promise<Away> {
  return outage(names, () => Promise.race([meanwhile(), interrupted]));
}

/**
 * Ends all outages at once, and resolves when the services are ready. Afterwards no drill can begin
 * an outage.
 */
export async function endOutages(): Promise<void> {
  interruption.abort(new Error("interrupted"));
  await Promise.allSettled(outages);
  // A start that a Ctrl-C interrupts stops the services that it has started.
  if (broken.size > 0) await startServices({ names: [...broken], log: () => {} });
}

function outage(names: readonly ServiceName[], meanwhile: () => Promise<unknown>): Promise<Away> {
  const running = breakAndMend(names, meanwhile).finally(() => outages.delete(running));
  outages.add(running);
  return running;
}

/**
 * Freezes a server, or cuts it off from its network, for `ms`. Resolves when it answers again. Only
 * containers can be cut off.
 */
export function unreachableFor(name: ServiceName, way: "frozen" | "cut off", ms: number): Promise<Away> {
  const running = hinder(name, way, ms).finally(() => outages.delete(running));
  outages.add(running);
  return running;
}

async function hinder(name: ServiceName, way: "frozen" | "cut off", ms: number): Promise<Away> {
  requireOwnServices();
  interruption.signal.throwIfAborted();
  const runtime = await stackRuntime();
  const service = serviceOf(name);
  const isCut = way === "cut off";
  const killedAt = Date.now();
  try {
    await (isCut ? runtime.disconnect?.(service) : runtime.pause(service));
    await Promise.race([sleep(ms), interrupted]);
  } finally {
    await (isCut ? runtime.connect?.(service) : runtime.resume(service));
  }
  await waitUntilReady(service, runtime);
  return { killedAt, readyAt: Date.now() };
}

async function breakAndMend(names: readonly ServiceName[], meanwhile: () => Promise<unknown>): Promise<Away> {
  requireOwnServices();
  interruption.signal.throwIfAborted();
  const killedAt = Date.now();
  try {
    for (const name of names) {
      broken.add(name);
      await killService(name);
    }
    await meanwhile();
  } finally {
    await startServices({ names, log: () => {} });
    for (const name of names) broken.delete(name);
  }
  return { killedAt, readyAt: Date.now() };
}

/** Kills services, and starts them again after `ms`. Resolves when they are ready. */
export function awayFor(names: readonly ServiceName[], ms: number): Promise<Away> {
  return withoutServices(names, () => sleep(ms));
}

async function killService(name: ServiceName): Promise<void> {
  await (await stackRuntime()).kill(serviceOf(name));
}

/**
 * Runs `meanwhile` while the DataNode's disk is full. The DataNode reserves all of its room for
 * other programs, so files can be read but not written.
 */
export async function withFullDisk(meanwhile: () => Promise<unknown>): Promise<Away> {
  return outage(["datanode"], async () => {
    const runtime = await stackRuntime();
    const datanode = serviceOf("datanode");
    await runtime.startWith(datanode, ["-D", `dfs.datanode.du.reserved=${ALL_BYTES}`]);
    try {
      await waitUntilReady(datanode, runtime);
      await Promise.race([meanwhile(), interrupted]);
    } finally {
      await killService("datanode");
    }
  });
}

function serviceOf(name: ServiceName): Service {
  return services.find((service) => service.name === name)!;
}

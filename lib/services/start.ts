/**
 * Names of services → all of them ready, a row for each; or an error, and the stack as it was
 * before. A running API or stream with another lib/game.ts is stopped and started.
 */
import { within, $ } from "zx";
import { recordCommand } from "../history.ts";
import { until } from "../until.ts";
import { withLock } from "../lock.ts";
import { otherCatalogue } from "./catalogue.ts";
import { type Log, seconds } from "./log.ts";
import { rememberRuntime, stackRuntime } from "./choice.ts";
import type { Runtime } from "./runtime.ts";
import { stackLock, stopLocked } from "./stop.ts";
import { type Service, type ServiceName, withNeeds } from "./services.ts";
import { checkPorts, checkSpace } from "./space.ts";

/** A service that is ready. */
export interface ServiceRow {
  service: ServiceName;
  version: string | null; // null: the environment names the endpoint
  port: number | null; // null: it listens nowhere
  seconds: number; // between the call and the right answer
  state: "started" | "running" | "given";
}

export interface StartOptions {
  names: readonly ServiceName[]; // their needs are started too
  runtime?: Runtime; // default: the runtime of the stack
  /** Runs when a service is ready, before its dependents go on; e.g. topics after Kafka. */
  after?: Partial<Record<ServiceName, () => Promise<unknown>>>;
  onReady?: (row: ServiceRow) => void; // as each becomes ready
  log?: Log; // lines of progress
  signal?: AbortSignal; // ends the start; the services that this call has started are stopped
}

const POLL_MS = 250;

/**
 * Starts the services that do not run, all at once, and resolves when each one has answered
 * its question. Given and running services are only asked.
 *
 * At the first failure, and when `signal` aborts, this call stops the services that it started.
 * @throws Error with the service, its question, the time waited, and its last 20 log lines;
 * or, before any start, with the obstacle: a port's holder, memory, disk, a missing tool.
 */
export async function startServices(options: StartOptions): Promise<ServiceRow[]> {
  const { names, log = console.log, signal } = options;
  const runtime = options.runtime ?? (await stackRuntime());
  const start = Date.now();
  const selected = withNeeds(names);
  const started: Service[] = [];
  const startAll = async (): Promise<ServiceRow[]> => {
    if (signal) $.signal = signal; // ends a running command of zx; within() limits this to startAll
    signal?.throwIfAborted();
    await checkPorts(await notRunning(selected, runtime)); // before a running process is stopped
    await stopOutdated(selected, runtime, log);
    const toStart = await notRunning(selected, runtime);
    if (toStart.length > 0) {
      await checkSpace(toStart);
      await runtime.prepare(toStart, log);
      rememberRuntime(runtime);
    }
    return allReady(selected, { ...options, runtime, toStart, started, start });
  };
  const startLocked = async (): Promise<ServiceRow[]> => {
    try {
      return await within(startAll);
    } catch (error) {
      if (started.length > 0)
        log(`stopping the services just started: ${started.map(({ name }) => name).join(", ")}`);
      await stopLocked({ runtime, names: started.map(({ name }) => name) });
      throw signal?.aborted ? (signal.reason as Error) : error;
    }
  };
  return withLock(stackLock, log, startLocked, signal);
}

interface Start extends StartOptions {
  runtime: Runtime;
  toStart: Service[];
  started: Service[]; // allReady adds each service that it starts
  start: number;
}

/** Starts each service and waits for it. A service is asked only after its needs are ready. */
async function allReady(selected: Service[], options: Start): Promise<ServiceRow[]> {
  const { runtime, toStart, started, start, after = {}, onReady = () => {} } = options;
  const failed = new AbortController();
  const signal = AbortSignal.any([failed.signal, ...(options.signal ? [options.signal] : [])]);
  const ready = new Map<ServiceName, Promise<ServiceRow>>();
  const becomeReady = async (service: Service): Promise<ServiceRow> => {
    const needs = Promise.all(service.needs.flatMap((name) => ready.get(name) ?? []));
    if (!service.patient) await needs;
    const starts = toStart.includes(service);
    if (starts) {
      signal.throwIfAborted();
      started.push(service);
      recordCommand(await runtime.start(service));
    }
    await needs;
    await waitUntilReady(service, runtime, signal);
    const { name, version, ports, given } = service;
    const state = given ? "given" : starts ? "started" : "running";
    const row: ServiceRow = {
      service: name,
      version: given ? null : version,
      port: ports[0] ?? null,
      seconds: Number(seconds(start)),
      state,
    };
    onReady(row);
    await after[name]?.();
    return row;
  };
  for (const service of selected) ready.set(service.name, becomeReady(service));
  try {
    return await Promise.all(ready.values());
  } catch (error) {
    failed.abort(error);
    await Promise.allSettled(ready.values());
    throw error;
  }
}

/** Stops our processes with another list of events; then they are started like the others. */
async function stopOutdated(selected: Service[], runtime: Runtime, log: Log): Promise<void> {
  const names: ServiceName[] = [];
  for (const service of selected) {
    const problem = await otherCatalogue(service);
    if (problem === null || !(await runtime.isRunning(service))) continue;
    log(`${service.name} ${problem}: it is started anew`);
    names.push(service.name);
  }
  if (names.length > 0) await stopLocked({ runtime, names });
}

async function notRunning(selected: Service[], runtime: Runtime): Promise<Service[]> {
  const running = await Promise.all(
    selected.map(async (service) => service.given || (await runtime.isRunning(service))),
  );
  return selected.filter((_, i) => !running[i]);
}

/** Asks a service its question until the answer is right. */
export async function waitUntilReady(
  service: Service,
  runtime: Runtime,
  signal?: AbortSignal,
): Promise<void> {
  const start = Date.now();
  let problem = "";
  const restarts = service.given ? 0 : await runtime.restarts(service);
  const hasEnded = async () =>
    !(await runtime.isRunning(service)) || (await runtime.restarts(service)) > restarts;
  const ask = async (): Promise<"ready" | "ended" | undefined> => {
    try {
      await service.ask();
      return "ready";
    } catch (error) {
      problem = (error as Error).message;
      return !service.given && (await hasEnded()) ? "ended" : undefined;
    }
  };
  const wait = { limitMs: service.limitMs, everyMs: POLL_MS, signal };
  const state = await until(service.question, ask, wait).catch((error: Error) => {
    if (signal?.aborted) throw error;
    return "late";
  });
  if (state !== "ready")
    throw new Error(await explain(service, runtime, { problem, ended: state === "ended", start }));
}

async function explain(
  service: Service,
  runtime: Runtime,
  { problem, ended, start }: { problem: string; ended: boolean; start: number },
): Promise<string> {
  const what = ended ? "ended before it was ready" : "is not ready";
  const lines = service.given ? [] : await runtime.lastLogLines(service);
  return [
    `${service.name} ${what}: awaited ${service.question} for ${seconds(start)} s`,
    `  last answer: ${problem}`,
    ...(lines.length > 0
      ? [`  its last ${lines.length} log lines:`, ...lines.map((line) => `    ${line}`)]
      : []),
  ].join("\n");
}

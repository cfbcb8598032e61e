// Listening sockets of the stack, an API and a notebook's kernel, as /proc shows them.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { YAML } from "zx";
import { type Kernel, startKernel } from "../report/kernel.ts";
import { HOST, settings } from "../settings.ts";
import { printFigures } from "../testbed/full.fixture.ts";
import type { Child } from "../testbed/child.ts";
import { openPipeline, type Pipeline } from "../testbed/pipeline.ts";
import { listeningSocketsOf } from "./ports.ts";
import { findProcess } from "./process.ts";
import { serverNames } from "./services.ts";

describe("listening sockets", function () {
  this.timeout(60_000);
  let pipeline: Pipeline;
  let api: Child;
  let kernel: Kernel;

  before(async function () {
    if (process.platform !== "linux") return this.skip();
    pipeline = await openPipeline("sockets");
    [api, kernel] = await Promise.all([pipeline.startApi(), startKernel(join(settings.root, "notebooks"))]);
  });
  after(() => Promise.all([kernel?.shutdown(), pipeline?.close()]));

  it(`of servers, API and kernel are all on ${HOST}, and each server has one`, () => {
    const servers = serverNames.map((name) => findProcess(settings.home, name)!.pid);
    const listening = descendants([process.pid, ...servers]).flatMap(listeningSocketsOf);
    assert.deepEqual(
      listening.filter(({ address }) => address !== HOST),
      [],
    );
    for (const pid of [...servers, api.pid])
      assert.ok(descendants([pid]).flatMap(listeningSocketsOf).length > 0, `process ${pid} does not listen`);
    const kernels = descendants([process.pid]).flatMap(listeningSocketsOf).length;
    assert.ok(kernels > listeningSocketsOf(process.pid).length + listeningSocketsOf(api.pid).length);
    printFigures({ listening_sockets: listening.length });
  });

  it(`published by compose.yml are all on ${HOST}`, () => {
    const published = publishedPorts();
    assert.ok(published.length >= serverNames.length);
    assert.deepEqual(
      published.filter((port) => !port.startsWith(`${HOST}:`)),
      [],
    );
    printFigures({ published_ports: published.length });
  });
});

/** These processes and all their descendants. */
function descendants(roots: number[]): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const stat = unlessGone(() => readFileSync(`/proc/${name}/stat`, "utf8"));
    if (stat !== undefined)
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const belongs = (pid: number | undefined): boolean =>
    pid !== undefined && pid > 1 && (roots.includes(pid) || belongs(parents.get(pid)));
  return [...parents.keys()].filter(belongs);
}

/** The result of `read`, or undefined if the process has ended in the meantime. */
function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!["ENOENT", "ESRCH", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    return undefined;
  }
}

/** The `ports:` of all services of compose.yml, unchanged. */
function publishedPorts(): string[] {
  const text = readFileSync(join(settings.root, "compose", "compose.yml"), "utf8");
  const { services } = YAML.parse(text) as {
    services: Record<string, { ports?: unknown[]; network_mode?: string }>;
  };
  for (const [name, { network_mode: mode }] of Object.entries(services))
    if (mode === "host") throw new Error(`compose.yml: expected no network_mode host, got it in ${name}`);
  return Object.values(services).flatMap(({ ports = [] }) =>
    ports.map((port) => (typeof port === "string" ? port : JSON.stringify(port))),
  );
}

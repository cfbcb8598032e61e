/**
 * Drill `down-up`: commands take the whole stack down and up again under traffic. The players send
 * again, and the data stays the same.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { $ } from "zx";
import { stackRuntime } from "../services/choice.ts";
import { type ServiceName, services } from "../services/services.ts";
import { settings } from "../settings.ts";
import { underLoad } from "./drill.ts";
import { countCommits, untilCommitted } from "../testbed/witness.ts";
import type { Pipeline } from "../testbed/pipeline.ts";
import { requireOwnServices } from "../testbed/outages.ts";

const WARM_MS = 1_000; // under load before each time
const RESUME_LIMIT_MS = 30_000; // from the end of `up` to the next commits

/** The files that identify the file systems. Formatting would change each of these values. */
const IDENTITIES = [
  { server: "kafka", file: "kafka/meta.properties", names: ["cluster.id", "directory.id"] },
  {
    server: "namenode",
    file: "namenode/current/VERSION",
    names: ["clusterID", "namespaceID", "blockpoolID"],
  },
  { server: "datanode", file: "datanode/current/VERSION", names: ["clusterID", "datanodeUuid"] },
] as const;

export const downUp = underLoad(
  {
    name: "down-up",
    what: "npm run down and npm run up alternate under traffic: no event is lost, and no file system is formatted again",
    perSecond: 50,
  },
  async ({ pipeline, short, log }) => {
    requireOwnServices();
    const times = short ? 1 : 10;
    const names = await runningNames();
    const identities = await readIdentities();
    const awayMs: number[] = [];
    const resumedMs: number[] = [];
    for (let time = 1; time <= times; time++) {
      await sleep(WARM_MS);
      const since = Date.now();
      try {
        await runScript("down", [], pipeline);
      } finally {
        await runScript("up", names, pipeline);
      }
      awayMs.push(Date.now() - since);
      const before = await countCommits(pipeline);
      resumedMs.push(
        await untilCommitted(pipeline, { before, partitions: "every", limitMs: RESUME_LIMIT_MS }),
      );
      expectSame(identities, await readIdentities());
      log(`time ${time} of ${times}: away for ${awayMs.at(-1)} ms, resumed after ${resumedMs.at(-1)} ms`);
    }
    return {
      times,
      away_longest_ms: Math.max(...awayMs),
      resumed_longest_ms: Math.max(...resumedMs),
    };
  },
);

async function runScript(script: "down" | "up", names: readonly string[], { env }: Pipeline): Promise<void> {
  const { QUESTLOG_HISTORY } = env;
  const run = $({
    cwd: settings.root,
    env: { ...process.env, QUESTLOG_HISTORY },
    nothrow: true,
    quiet: true,
  })`npm run --silent ${script} -- ${names}`;
  const { exitCode, stdout, stderr } = await run;
  if (exitCode !== 0)
    throw new Error(`npm run ${script}: expected exit code 0, got ${exitCode} and:\n${stdout}${stderr}`);
}

async function runningNames(): Promise<ServiceName[]> {
  const runtime = await stackRuntime();
  const names: ServiceName[] = [];
  for (const service of services) if (await runtime.isRunning(service)) names.push(service.name);
  return names;
}

/** Identities of the stack's file systems: "kafka/meta.properties cluster.id" → value. */
async function readIdentities(): Promise<Record<string, string>> {
  const runtime = await stackRuntime();
  const found: Record<string, string> = {};
  for (const { server, file, names } of IDENTITIES) {
    const service = services.find(({ name }) => name === server)!;
    const lines = (await runtime.readData(service, file)).split("\n");
    for (const name of names) {
      const line = lines.find((line) => line.startsWith(`${name}=`));
      if (line === undefined) throw new Error(`${file}: expected a line ${name}=…, got none`);
      found[`${file} ${name}`] = line.slice(name.length + 1);
    }
  }
  return found;
}

function expectSame(before: Record<string, string>, after: Record<string, string>): void {
  for (const [name, value] of Object.entries(before))
    if (after[name] !== value)
      throw new Error(
        `${name}: expected ${value} as before, got ${after[name]}: the file system was formatted again`,
      );
}

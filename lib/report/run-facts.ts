/**
 * This machine and checkout → the facts at the report's end, which help to judge or repeat the run.
 */
import { readFileSync } from "node:fs";
import { arch, availableParallelism, platform, totalmem } from "node:os";
import { join } from "node:path";
import { $ } from "zx";
import { settings } from "../settings.ts";
import type { RunFacts } from "./html.ts";

const PACKAGES = ["tslab", "kafkajs", "express", "parquetjs-lite", "hyparquet", "trino-client", "vega-lite"];

/**
 * Collects facts about the run. Asks each of `services` for its version, so they must still run.
 */
export async function collectFacts(
  services: readonly { name: string; given: boolean; askVersion: () => Promise<string> }[],
): Promise<RunFacts[]> {
  const memory = `${(totalmem() / 2 ** 30).toFixed(1)} GiB of memory`;
  return [
    {
      title: "Where it ran",
      rows: [
        ["Commit", await describeCommit()],
        ["Machine", `${availableParallelism()} cores, ${memory}, ${platform()} ${arch()}`],
        ["Node", process.versions.node],
      ],
    },
    {
      title: "Services",
      rows: await Promise.all(
        services.map(async (service) => [service.name, await describeVersion(service)]),
      ),
    },
    { title: "Packages", rows: PACKAGES.map((name) => [name, versionOf(name)]) },
  ];
}

/** "476"; a service without an answer is a fact too. Tells if the environment names the service. */
async function describeVersion({
  given,
  askVersion,
}: {
  given: boolean;
  askVersion: () => Promise<string>;
}): Promise<string> {
  const version = await askVersion().catch((error: Error) => `no answer: ${error.message}`);
  return given ? `${version}, given by the environment` : version;
}

/** "8bfc9e7", or "8bfc9e7, with changes"; a checkout without git has no commit. */
async function describeCommit(): Promise<string> {
  const git = $({ cwd: settings.root, quiet: true, nothrow: true });
  const { exitCode, stdout } = await git`git describe --always --dirty=${", with changes"} --exclude ${"*"}`;
  return exitCode === 0 ? stdout.trim() : "not a git checkout";
}

function versionOf(name: string): string {
  const file = join(settings.root, "node_modules", name, "package.json");
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

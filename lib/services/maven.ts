/**
 * The machine → a way to run Maven: its own, or one in a container.
 *
 * Either way the files come into the same cache, and are checked against the same SHA-256.
 */
import { existsSync, mkdirSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { $, type ProcessPromise, which } from "zx";
import { settings } from "../settings.ts";
import { findEngineProblem } from "./docker.ts";
import { runTool } from "./tools.ts";

/** The folders of a run of Maven, by absolute paths. */
export interface MavenFolders {
  project: string; // with the pom.xml
  cache: string; // with the local repository
  output: string; // for the file that the run writes
}

/** Runs Maven; `args` gets the folders as Maven sees them. @throws Error with its last lines */
export type Maven = (
  what: string,
  folders: MavenFolders,
  args: (seen: MavenFolders) => string[],
) => Promise<void>;

/**
 * Finds Maven on this machine, or else an engine that can run it. Without a Java of its own, the
 * machine's Maven gets `java`.
 * @throws Error that names how to get one
 */
export async function findMaven(java: string | undefined): Promise<Maven> {
  if ((await which("mvn", { nothrow: true })) !== null) {
    const { exitCode } = await $({ quiet: true, nothrow: true })`mvn --version`;
    if (exitCode === 0) return ownMaven(process.env);
    if (java !== undefined) return ownMaven({ ...process.env, JAVA_HOME: dirname(dirname(java)) });
  }
  if ((await findEngineProblem()) === null) return containerMaven;
  throw new Error(
    "the services need a tool that this machine lacks:\n" +
      "  mvn (Maven): apt install maven, or brew install maven; a Docker engine makes it unnecessary",
  );
}

function ownMaven(env: NodeJS.ProcessEnv): Maven {
  return (what, folders, args) => runTool(what, $({ cwd: folders.project, env })`mvn ${args(folders)}`);
}

const containerMaven: Maven = (what, { project, cache, output }, args) => {
  const seen = { project: "/questlog/project", cache: "/questlog/cache", output: "/questlog/output" };
  mkdirSync(cache, { recursive: true });
  const mounts = [
    mount(project, seen.project, "readonly"),
    mount(cache, seen.cache),
    mount(output, seen.output),
  ];
  const ownSettings = join(homedir(), ".m2", "settings.xml"); // mirrors, proxies
  const settingsWords: string[] = [];
  if (existsSync(ownSettings)) {
    mounts.push(mount(ownSettings, "/questlog/settings.xml", "readonly"));
    settingsWords.push("--settings", "/questlog/settings.xml");
  }
  // The files must belong to this user, not to the user of the image.
  const user = process.getuid && process.getgid ? [`--user=${process.getuid()}:${process.getgid()}`] : [];
  const words = ["--rm", "--init", ...user, "--env=HOME=/tmp", `--workdir=${seen.project}`, ...mounts];
  const maven = ["mvn", "-Duser.home=/tmp", ...settingsWords, ...args(seen)];
  return runTool(what, dockerRun([...words, settings.mavenImage, ...maven]));
};

function dockerRun(words: readonly string[]): ProcessPromise {
  return $`docker run ${words}`;
}

/** An option of `docker run`. It is a line of CSV, so a path may have any character. */
function mount(source: string, target: string, ...rest: string[]): string {
  const fields = ["type=bind", `source=${source}`, `target=${target}`, ...rest];
  return `--mount=${fields.map((field) => `"${field.replaceAll('"', '""')}"`).join(",")}`;
}

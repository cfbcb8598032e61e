/**
 * The Node of this process → nothing, or an error in one line and exit code 1.
 *
 * The lock file pins Node: npm installs it for this platform as node_modules/.bin/node. In every npm
 * script this folder stands first on the PATH. If npm has none, or a user leaves it out, the scripts
 * run on the machine's Node. This file runs on any Node from 20.19 on.
 */
import { readFileSync } from "node:fs";

const LEAST_MAJOR = 26; // runs TypeScript without a compiler, and has the functions that lib/ uses

/** The reason why `version` is not the pinned one; undefined if it is. */
export function missingNode() {
  const file = new URL("../package.json", import.meta.url);
  const { optionalDependencies } = JSON.parse(readFileSync(file, "utf8"));
  const pinned = Object.values(optionalDependencies)[0];
  const { version, platform, arch } = process;
  if (version === `v${pinned}`) return undefined;
  const isMusl = platform === "linux" && !process.report.getReport().header.glibcVersionRuntime;
  const system = `${platform} ${arch}${isMusl ? ", musl" : ""}`;
  return `npm has no Node ${pinned} for this system (${system}), or its options exclude it`;
}

/** Ends the process with 1 if its Node cannot run the scripts. */
export function refuseOldNode() {
  const { version } = process;
  if (Number.parseInt(version.slice(1)) >= LEAST_MAJOR) return;
  console.error(
    `questlog: ${missingNode()}; install Node ${LEAST_MAJOR} or later, and run npm ci again; got ${version}`,
  );
  process.exit(1);
}

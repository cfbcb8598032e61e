/**
 * The Node of npm scripts → no output, a line, or an error. `npm ci` runs this file at its end.
 *
 * The lock file pins Node: npm installs it for this platform as node_modules/.bin/node. In every npm
 * script this folder stands first on the PATH. This file runs on any Node from 20.19 on.
 */
import { readFileSync } from "node:fs";

const LEAST_MAJOR = 26; // runs TypeScript without a compiler, and has the functions that lib/ uses

const { optionalDependencies } = JSON.parse(
  readFileSync(new URL("../package.json", import.meta.url), "utf8"),
);
const pinned = Object.values(optionalDependencies)[0];
const { version, platform, arch } = process;
if (version !== `v${pinned}`) {
  const missing = `npm has no Node ${pinned} for ${platform} ${arch}, or its options exclude it`;
  if (Number.parseInt(version.slice(1)) < LEAST_MAJOR) {
    console.error(
      `questlog: ${missing}; install Node ${LEAST_MAJOR} or later, and run npm ci again; got ${version}`,
    );
    process.exit(1);
  }
  console.log(`questlog: ${missing}; npm scripts run on this machine's Node ${version}`);
}

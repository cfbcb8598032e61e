/**
 * A folder → the package `kerberos` in it, built on this machine.
 *
 * No binary of its makers is fetched. The build takes seconds; it needs Debian's libkrb5-dev, a
 * compiler, and the headers of this Node, which come with Node.
 */
import { existsSync, mkdirSync } from "node:fs";
import { dirname, join } from "node:path";
import { $ } from "zx";
import { runTool } from "../services/tools.ts";

const PACKAGE = "kerberos@7.0.0";

/** Resolves with the file of the main module. */
export async function installKerberos(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const node = dirname(dirname(process.execPath));
  const env = {
    ...process.env,
    npm_config_build_from_source: "true",
    ...(existsSync(join(node, "include", "node")) && { npm_config_nodedir: node }),
  };
  const args = ["--prefix", folder, "--no-save", "--no-audit", "--no-fund", PACKAGE];
  await runTool("npm install kerberos", $({ env, cwd: folder })`npm install ${args}`);
  return join(folder, "node_modules", "kerberos", "lib", "index.js");
}

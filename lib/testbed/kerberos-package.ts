/**
 * A new folder with the package `kerberos`, built on this machine.
 *
 * No binary of its makers is fetched. The build takes seconds; it needs Debian's libkrb5-dev, a
 * compiler, and the headers of this Node, which come with Node. node-gyp cannot build in a path
 * with a space, so the folder is a temporary one, with a link to Node.
 */
import { existsSync, mkdtempSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { $ } from "zx";
import { runTool } from "../services/tools.ts";

const PACKAGE = "kerberos@7.0.0";

/** Resolves with the folder, which the caller deletes, and the file of the main module. */
export async function installKerberos(): Promise<{ folder: string; file: string }> {
  const folder = mkdtempSync(join(tmpdir(), "kerberos-"));
  const node = join(folder, "node");
  symlinkSync(dirname(dirname(process.execPath)), node);
  const env = {
    ...process.env,
    npm_config_build_from_source: "true",
    ...(existsSync(join(node, "include", "node")) && { npm_config_nodedir: node }),
  };
  const args = ["--prefix", folder, "--no-save", "--no-audit", "--no-fund", PACKAGE];
  await runTool("npm install kerberos", $({ env, cwd: folder })`npm install ${args}`);
  return { folder, file: join(folder, "node_modules", "kerberos", "lib", "index.js") };
}

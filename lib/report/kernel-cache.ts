/**
 * The kernel's modules → compiled code in the user's cache folder. Preloaded first into a kernel,
 * because it holds only for modules that are loaded later.
 *
 * A kernel is ended by a signal, so Node does not save the code at its end: kernel-side.ts does.
 */
import { readFileSync } from "node:fs";
import { enableCompileCache } from "node:module";

const connection = process.argv.at(-1) ?? "";
const isKernel = connection.endsWith("connection.json"); // not so in a thread of a cell
// Node measures less exactly which lines run when their code comes from a cache.
if (isKernel && process.env.NODE_V8_COVERAGE === undefined) {
  const info = JSON.parse(readFileSync(connection, "utf8")) as { compile_cache?: string };
  if (info.compile_cache !== undefined) enableCompileCache(info.compile_cache);
}

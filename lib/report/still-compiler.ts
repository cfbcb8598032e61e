/**
 * tslab's compiler → the same compiler, told of no change of a file, and with `await` outside of
 * functions. Preloaded into a kernel's process.
 *
 * tslab compiles in watch mode. A file that changes while a cell is compiled makes tslab fail with
 * "unexpected error". A kernel loads each module once, so it has no use for changes anyway.
 * tslab switches off the compiler's own `await` outside of functions, and so refuses `for await`.
 */
import { createRequire } from "node:module";
import "./own-package.ts";

const require = createRequire(import.meta.url);
const requireOfTslab = createRequire(require.resolve("tslab/dist/converter.js"));
const COMPILER = "@tslab/typescript-for-tslab";

interface Compiler {
  sys: Record<string, unknown>;
  createWatchCompilerHost: (files: string[], options: object, ...rest: unknown[]) => unknown;
}

const compiler = requireOfTslab(COMPILER) as Compiler;
const { sys, createWatchCompilerHost } = compiler;

const watchNothing = () => ({ close() {} });
sys.watchFile = watchNothing;
sys.watchDirectory = watchNothing;
require.cache[requireOfTslab.resolve(COMPILER)]!.exports = Object.defineProperties(
  {},
  {
    ...Object.getOwnPropertyDescriptors(compiler), // they cannot be replaced in place
    createWatchCompilerHost: {
      enumerable: true,
      value: (files: string[], options: object, ...rest: unknown[]) =>
        createWatchCompilerHost(files, { ...options, disableTopLevelAwait: false }, ...rest),
    },
  },
);

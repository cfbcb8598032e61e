/**
 * tslab's compiler → the same compiler, told of no change of a file. Preloaded into a kernel's
 * process.
 *
 * tslab compiles in watch mode. A file that changes while a cell is compiled makes tslab fail with
 * "unexpected error". A kernel loads each module once, so it has no use for changes anyway.
 */
import { createRequire } from "node:module";
import "./own-package.ts";

const require = createRequire(import.meta.url);
const requireOfTslab = createRequire(require.resolve("tslab/dist/converter.js"));
const { sys } = requireOfTslab("@tslab/typescript-for-tslab") as { sys: Record<string, unknown> };

const watchNothing = () => ({ close() {} });
sys.watchFile = watchNothing;
sys.watchDirectory = watchNothing;

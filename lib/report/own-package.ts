/**
 * The name "questlog" in cells → this checkout's package, also for notebooks in other folders.
 * Preloaded into a kernel's process, for Node and for the kernel's compiler.
 *
 * The compiler looks for node_modules/questlog beside the notebook and in each folder above. So it
 * is told that this folder exists, and gets the files of the checkout for it.
 */
import { createRequire, registerHooks } from "node:module";

const NAME = "questlog";
const ROOT = new URL("../../", import.meta.url);
const ENTRY = new URL("dist/questlog.js", ROOT).href;
const INSTALLED = /^.*\/node_modules\/questlog(?=\/|$)/;

registerHooks({
  resolve: (specifier, context, next) =>
    specifier === NAME ? { url: ENTRY, shortCircuit: true } : next(specifier, context),
});

type Call = (path: string, ...more: unknown[]) => unknown;

const require = createRequire(import.meta.url);
const requireOfTslab = createRequire(require.resolve("tslab/dist/converter.js"));
const { sys } = requireOfTslab("@tslab/typescript-for-tslab") as { sys: Record<string, Call> };
const folder = decodeURIComponent(ROOT.pathname).replace(/\/$/, "");

for (const name of ["fileExists", "directoryExists", "readFile", "realpath"]) {
  const call = sys[name]!.bind(sys);
  sys[name] = (path, ...more) =>
    call(
      path.replace(INSTALLED, () => folder),
      ...more,
    );
}

/**
 * A package's name, the file of its main module → `import` loads that file in this process, as if
 * the package were installed.
 *
 * The package `kerberos` is no dependency, so tests have it in a folder of their own.
 */
import { registerHooks } from "node:module";
import { pathToFileURL } from "node:url";

/** Returns a function that takes the place back. */
export function placePackage(name: string, file: string): () => void {
  const hooks = registerHooks({
    resolve: (specifier, context, next) =>
      next(specifier === name ? pathToFileURL(file).href : specifier, context),
  });
  return () => hooks.deregister();
}

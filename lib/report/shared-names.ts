/**
 * The names that a notebook's cells declare → their values. Loaded only in the kernel's process.
 *
 * A cell's code reads and assigns `values.total`. Until its declaration has run, a name is no
 * property of `values`: then the prototype answers, with the error of a variable without a value.
 * So a name with a value costs no more than a property.
 */
import { existsSync } from "node:fs";
import Module, { isBuiltin } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";

const COMPILED_BY_TSLAB = /^\.\.?\/|\.json$/; // if it is not a file that Node can import

export interface SharedNames {
  values: Record<string, unknown>;
  first: Record<string, unknown>; // takes the value of each declaration
  /** Imports a module, and binds its exports to names: `{ local: "exported" }`, "*" for all. */
  load: Load;
}

interface Load {
  (specifier: string, bindings: Record<string, string>): Promise<object>;
  dynamic(specifier: string): Promise<object>; // import() without the attributes of JSON
  meta: { url: string; dirname: string; filename: string; resolve(specifier: string): string };
}

/** @param folder with the notebook, where the specifiers of imports start */
export function createSharedNames(folder: string): SharedNames {
  const fail = (_: object, name: string | symbol): never => {
    throw new ReferenceError(`Cannot access '${String(name)}' before initialization`);
  };
  const values = Object.create(
    new Proxy({}, { get: fail, set: fail, has: () => false }),
  ) as SharedNames["values"];
  const define = (name: string, property: PropertyDescriptor): boolean =>
    Reflect.defineProperty(values, name, { ...property, enumerable: true, configurable: true });
  const first = new Proxy(
    {},
    { set: (_, name, value) => define(String(name), { value: value as unknown, writable: true }) },
  );
  const filename = join(folder, "cells.js");
  const importFrom = importerAt(filename);
  const load = async (specifier: string, bindings: Record<string, string>): Promise<object> => {
    const module = isRequired(specifier, folder) ? required(specifier) : await importFrom(specifier);
    for (const [local, name] of Object.entries(bindings)) {
      if (name === "*") define(local, { value: module, writable: true });
      else if (name in module) define(local, { get: () => (module as Record<string, unknown>)[name] });
      else throw new SyntaxError(`The module '${specifier}' has no export named '${name}'`);
    }
    return module;
  };
  const dynamic = (specifier: string): Promise<object> => load(String(specifier), {});
  const url = pathToFileURL(filename).href;
  const resolve = (specifier: string): string => new URL(specifier, url).href;
  return {
    values,
    first,
    load: Object.assign(load, { dynamic, meta: { url, dirname: folder, filename, resolve } }),
  };
}

/** The `import` of a module at this path, where no file has to be. */
function importerAt(filename: string): (specifier: string) => Promise<object> {
  const module = new Module(filename) as Module & { _compile(code: string, filename: string): void };
  module._compile("module.exports = (specifier) => import(specifier);", filename);
  return module.exports as (specifier: string) => Promise<object>;
}

/**
 * Whether the kernel's `require` loads the module: Node's own, with the assert that counts claims;
 * tslab; and files that tslab compiled, as TypeScript without an extension.
 */
function isRequired(specifier: string, folder: string): boolean {
  if (isBuiltin(specifier) || specifier === "tslab") return true;
  return (
    COMPILED_BY_TSLAB.test(specifier) && (specifier.endsWith(".json") || !existsSync(join(folder, specifier)))
  );
}

/** A module of `require` in the form that an import has. */
function required(specifier: string): object {
  const { require } = (globalThis as unknown as { __tslab__: { require: NodeJS.Require } }).__tslab__;
  const module = require(specifier) as object & { __esModule?: boolean };
  if (module.__esModule) return module;
  const isObject = typeof module === "object" || typeof module === "function";
  return { ...(isObject ? module : {}), default: module };
}

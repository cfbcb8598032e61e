/**
 * Commands of scripts/ → the files that they need: their modules, and the packages that these
 * modules import.
 *
 * A package may be needed by `require` alone, or only by another package. Imports of types need no
 * file, so the modules are read as the JavaScript that they become.
 */
import { existsSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import ts from "typescript";

/** A folder or file of the checkout; paths relative to its root. */
export interface ProductFiles {
  modules: string[]; // e.g. "lib/settings.ts"
  packages: string[]; // folders, e.g. "node_modules/express"
}

interface Manifest {
  dependencies?: Record<string, string>;
  optionalDependencies?: Record<string, string>;
  peerDependencies?: Record<string, string>;
}

/**
 * Finds the files of the commands in the checkout `root`.
 * @param packagesRoot a folder with another node_modules
 */
export function findProductFiles(
  commands: readonly string[],
  root: string,
  packagesRoot = root,
): ProductFiles {
  const modules = new Set<string>();
  const names = new Set<string>();
  const visit = (module: string): void => {
    if (modules.has(module)) return;
    modules.add(module);
    for (const name of importsOf(join(root, module))) {
      if (name.startsWith(".")) visit(relative(root, join(root, dirname(module), name)));
      else if (!name.startsWith("node:")) names.add(packageOf(name));
    }
  };
  for (const command of commands) visit(join("scripts", `${command}.ts`));
  const packages = new Set<string>();
  for (const name of names) addPackage(packages, packagesRoot, { name, from: "", isOptional: false });
  return {
    modules: [...modules].sort(),
    packages: [...packages].filter((folder) => !isBelowAnother(folder, packages)).sort(),
  };
}

/** The modules that a module needs when it runs: by `import`, `export … from`, `require`. */
function importsOf(file: string): string[] {
  const options = {
    module: ts.ModuleKind.ESNext,
    target: ts.ScriptTarget.ESNext,
    verbatimModuleSyntax: true,
  };
  const { outputText } = ts.transpileModule(readFileSync(file, "utf8"), { compilerOptions: options });
  return ts.preProcessFile(outputText, true, true).importedFiles.map(({ fileName }) => fileName);
}

interface Need {
  name: string;
  from: string; // folder of the package that needs it; "": the checkout
  isOptional: boolean; // it may be missing, such as the compiled code of another platform
}

/** Adds the folder of a package and of all that it needs. @throws Error if one is missing */
function addPackage(found: Set<string>, root: string, { name, from, isOptional }: Need): void {
  const folder = findPackage(root, name, from);
  if (folder === undefined) {
    if (isOptional) return;
    throw new Error(`the package ${name} is missing in ${join(root, "node_modules")}: npm ci`);
  }
  if (found.has(folder)) return;
  found.add(folder);
  const manifest = JSON.parse(readFileSync(join(root, folder, "package.json"), "utf8")) as Manifest;
  const { dependencies = {}, optionalDependencies, peerDependencies } = manifest;
  const optional = { ...optionalDependencies, ...peerDependencies };
  for (const need of Object.keys({ ...dependencies, ...optional }))
    addPackage(found, root, { name: need, from: folder, isOptional: need in optional });
}

/** The folder in which Node finds a package from the folder `from`. */
function findPackage(root: string, name: string, from: string): string | undefined {
  for (let folder = from; ; folder = dirname(folder)) {
    const candidate = join(folder, "node_modules", name);
    if (existsSync(join(root, candidate, "package.json"))) return candidate;
    if (folder === "" || folder === ".") return undefined;
  }
}

function packageOf(name: string): string {
  return name.split("/", name.startsWith("@") ? 2 : 1).join("/");
}

function isBelowAnother(folder: string, folders: ReadonlySet<string>): boolean {
  return [...folders].some((other) => folder.startsWith(`${other}/`));
}

/**
 * tslab's compiler → the same checks of types, but the code of cell-code.ts. Preloaded into every
 * kernel, of the report and of JupyterLab.
 *
 * tslab compiles a cell as a module, and names of earlier cells as its imports. That gives wrong
 * values without an error: a function does not see that a later cell assigns to its variable.
 * tslab's executor takes the code from `convert`; so this module replaces its result there.
 */
import { createRequire } from "node:module";
import { compileCell } from "./cell-code.ts";
import { withoutExports } from "./cell-exports.ts";
import { type SharedNames, createSharedNames } from "./shared-names.ts";
import "./kernel-statements.ts";
import "./still-compiler.ts";

const require = createRequire(import.meta.url);

interface Position {
  line: number;
  character: number;
}

/** The part of tslab's result that this module reads or replaces. */
interface Converted {
  diagnostics: { start: Position; end: Position; messageText: string }[];
  output?: string;
  declOutput?: string; // types of the names, for the next cell
  hasToplevelAwait?: boolean;
  lastExpressionVar?: string | undefined;
}

interface Converter {
  convert(declarations: string, source: string): Converted;
}

type Create = (options?: { isBrowser?: boolean }) => Converter;

const converters = require("tslab/dist/converter.js") as { createConverter: Create };
const create = converters.createConverter;
converters.createConverter = (options) => {
  const converter = create(options);
  return options?.isBrowser ? converter : { ...converter, convert: rightConvert(converter) };
};

function rightConvert(converter: Converter): Converter["convert"] {
  const names = createSharedNames(process.cwd());
  const known = new Set<string>();
  const globals = new Set<string>(); // that cells used
  return (declarations, source) => {
    const converted = converter.convert(declarations, withoutExports(source));
    if (converted.diagnostics.length > 0) return converted;
    (globalThis as unknown as { __tslab__: { names: SharedNames } }).__tslab__.names = names;
    const { output = "" } = converted;
    // The old code has no import of a type: only the compiler that knows all files can tell.
    const isValue = (module: string, name?: string): boolean =>
      name === undefined
        ? output.includes(`require(${JSON.stringify(module)})`)
        : output.includes(`exports, "${name}"`) || output.includes(`exports.${name} = `);
    const cell = compileCell(source, { known, isValue });
    const taken = cell.declared.find((name) => globals.has(name) && !known.has(name));
    if (taken !== undefined) return refused(taken);
    for (const name of cell.declared) known.add(name);
    for (const name of cell.foreign) globals.add(name);
    return {
      ...converted,
      declOutput: (converted.declOutput ?? "") + cell.inBlocks.map((name) => `let ${name}: any;\n`).join(""),
      output: cell.code,
      hasToplevelAwait: cell.isAsync,
      lastExpressionVar: cell.lastName,
    };
  };
}

function refused(name: string): Converted {
  const start = { line: 0, character: 0 };
  return { diagnostics: [{ start, end: start, messageText: takenText(name) }] };
}

function takenText(name: string): string {
  return `${name}: an earlier cell uses the global of this name; give the variable another name`;
}

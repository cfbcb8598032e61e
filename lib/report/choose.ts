/**
 * The report's command line → the names of the notebooks to run, in reading order.
 */
import { parseArgs } from "node:util";

/** Notebooks that run only when asked for, by the word that asks for them. */
const EXTRA: Record<string, string> = { drill: "6-drill" };

/**
 * Reads the arguments: names of notebooks (without one: all but the extra ones), and `--with` an extra one.
 * @param all the names that there are, in order
 * @throws Error if they are something else
 */
export function chooseNotebooks(args: string[], all: readonly string[]): string[] {
  const { values, positionals } = parseArgs({
    args,
    allowPositionals: true,
    options: { with: { type: "string", multiple: true, default: [] } },
  });
  const usual = all.filter((name) => !Object.values(EXTRA).includes(name));
  const named = positionals.length > 0 ? positionals : usual;
  const extra = values.with.map((word) => EXTRA[word] ?? `--with ${word}`);
  const unknown = [...named, ...extra].filter((name) => !all.includes(name));
  if (unknown.length > 0)
    throw new Error(
      `expected names of notebooks (${all.join(", ")}) or --with ${Object.keys(EXTRA).join(", ")}, ` +
        `got ${unknown.join(", ")}`,
    );
  return all.filter((name) => named.includes(name) || extra.includes(name));
}

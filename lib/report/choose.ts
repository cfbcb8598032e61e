/**
 * The words of `npm run report` → the names of the notebooks to run, in reading order.
 */
import { UsageError } from "../command.ts";

/** Word of `--with` → the notebook that runs only with this word. */
const EXTRA = new Map([["drill", "6-drill"]]);

/**
 * Chooses the named notebooks, and those of `--with`; without a name, all but the extra ones.
 * @param all the names of all notebooks, in order
 * @throws UsageError if a word is not the name of a notebook.
 */
export function chooseNotebooks(
  words: readonly string[],
  extras: readonly string[],
  all: readonly string[],
): string[] {
  const optional = [...EXTRA.values()];
  const named = words.length > 0 ? words : all.filter((name) => !optional.includes(name));
  const extra = extras.map((word) => EXTRA.get(word) ?? `--with ${word}`);
  const unknown = [...named, ...extra].filter((name) => !all.includes(name));
  if (unknown.length > 0)
    throw new UsageError(
      `expected names of notebooks (${all.join(", ")}) or --with ${[...EXTRA.keys()].join(", ")}, ` +
        `got ${unknown.join(", ")}`,
    );
  return all.filter((name) => named.includes(name) || extra.includes(name));
}

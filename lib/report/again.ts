/**
 * `--resume` and `--only-failed`: the notebooks of the last failed run → those to run again.
 *
 * The kernels of that run are gone. So a notebook runs again from its first cell, and the failed
 * cell finds the values that it needs.
 */
import { UsageError } from "../command.ts";
import { failedFolder } from "./place.ts";
import { readResults, type Results } from "./results.ts";

export interface AgainOptions {
  resume?: boolean | undefined; // the failed notebook, and those that did not run
  "only-failed"?: boolean | undefined; // the failed notebook
}

/**
 * The notebooks of the last failed run in `out`, for `--resume` and `--only-failed` without names.
 * @throws Error if the last run did not fail
 */
export async function lastNotebooks(out: string): Promise<string[]> {
  return (await readFailed(out)).notebooks.map(({ name }) => name);
}

/**
 * Chooses among `notebooks` by the last failed run in `out`.
 * @param nameOf the name that a path has in the results
 * @param place.names the notebooks' names in the results, in the order of `notebooks`
 * @throws UsageError if both options are given
 * @throws Error if the last run did not fail, or ran none of these notebooks
 */
export async function chooseAgain(
  notebooks: readonly string[],
  options: AgainOptions,
  { out, names }: { out: string; names: readonly string[] },
): Promise<string[]> {
  if (!options.resume && !options["only-failed"]) return [...notebooks];
  if (options.resume && options["only-failed"])
    throw new UsageError("expected --resume or --only-failed, got both");
  const results = await readFailed(out);
  const statuses = options.resume ? ["failed", "not run"] : ["failed"];
  const again = results.notebooks.filter(({ status }) => statuses.includes(status)).map(({ name }) => name);
  if (again.length === 0) throw new Error("expected a failed notebook in the last run, got none");
  const chosen = notebooks.filter((_, i) => again.includes(names[i]!));
  if (chosen.length > 0) return chosen;
  const option = options.resume ? "--resume" : "--only-failed";
  throw new Error(
    `expected ${again.join(", ")}, which failed, among the notebooks, got ${names.join(", ")}; ` +
      `without names, npm run report -- ${option} takes the notebooks of the failed run`,
  );
}

function readFailed(out: string): Promise<Results> {
  return readResults(failedFolder(out)).catch((error: Error) => {
    throw new Error(`the last run did not fail: ${error.message}`, { cause: error });
  });
}

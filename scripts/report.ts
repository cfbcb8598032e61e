/**
 * Run the notebooks on real services, and write out/report.html.
 *
 * The modules of a run take a second to load. They are loaded only if something changed.
 */
import { dirname, join } from "node:path";
import { command } from "../lib/command.ts";
import { keyOf } from "../lib/report/cache-key.ts";
import { cachedLines, findCached, reasonNotCached } from "../lib/report/cached-report.ts";
import { chooseNotebooks } from "../lib/report/choose.ts";
import { startKernel } from "../lib/report/kernel.ts";
import { reportOptions, reportUsage, type ReportValues } from "../lib/report/report-options.ts";
import { foldersOf } from "../lib/report/run-folder.ts";
import { readLimits } from "../lib/report/time-limits.ts";
import { settings } from "../lib/settings.ts";
import { forTerminal } from "../lib/untrusted.ts";
import { userFolder } from "../lib/user-folder.ts";

const frame = {
  usage: reportUsage,
  options: reportOptions,
  positionals: true,
  interruptible: true,
};

await command("report", frame, async ({ values, positionals, signal }) => {
  try {
    return await report(values, positionals, signal);
  } catch (error) {
    const { tellRefusal } = await import("../lib/report/refused-run.ts");
    await tellRefusal(error as Error, values.junit);
    throw error;
  }
});

async function report(values: ReportValues, positionals: string[], signal: AbortSignal): Promise<number> {
  const { "no-cache": isFresh = false, ...options } = values;
  const folders = foldersOf(options.out, new Date());
  const isAgainFailed = options.resume || options["only-failed"];
  let words = positionals;
  if (words.length === 0 && isAgainFailed) {
    const { lastNotebooks } = await import("../lib/report/again.ts");
    words = await lastNotebooks(folders.out);
  }
  const notebooks = chooseNotebooks(words, {
    extras: options.with ?? [],
    folder: join(settings.root, "notebooks"),
    bases: [userFolder(), settings.root],
  });
  const isWhole = !options.watch && !isAgainFailed;
  const key = isWhole ? await keyOf({ notebooks, options, ...folders }) : null;
  const cached = isFresh ? null : findCached(folders.out, key);
  const isAgain = isWhole && !isFresh && positionals.length > 0; // our own notebooks always run
  const reason = isAgain ? reasonNotCached(folders.out, { notebooks, options, ...folders }, key) : null;
  if (cached !== null) {
    for (const line of cachedLines(cached)) console.log(line);
    return 0;
  }
  if (options.docker || options.native) {
    const { keepRuntime } = await import("../lib/services/choice.ts");
    await keepRuntime(options);
  }
  // The kernel starts while the modules load, lib/ is compiled and the services are asked.
  const kernel = isWhole ? startKernel(dirname(notebooks[0]!), readLimits(options)) : undefined;
  kernel?.catch(() => {}); // the first cell gets the error
  try {
    const { makeReport } = await import("../lib/report/make-report.ts");
    const exitCode = await makeReport(notebooks, options, signal, key, kernel, folders);
    if (exitCode === 0 && reason !== null) console.log(`not from the cache: ${forTerminal(reason)}`);
    return exitCode;
  } finally {
    await kernel?.then((started) => started.shutdown()).catch(() => {}); // if no cell ran
  }
}

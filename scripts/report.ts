/** Run the notebooks on real services, and write out/report.html. */
import { basename, join } from "node:path";
import { glob } from "zx";
import { command } from "../lib/command.ts";
import { chooseNotebooks } from "../lib/report/choose.ts";
import { makeReport } from "../lib/report/make-report.ts";
import { reportOptions, reportUsage } from "../lib/report/report-options.ts";
import { settings } from "../lib/settings.ts";

const frame = {
  usage: reportUsage,
  options: reportOptions,
  positionals: true,
  interruptible: true,
};

await command("report", frame, async ({ values, positionals, signal }) => {
  const all = (await glob(join(settings.root, "notebooks", "[0-9]-*.ipynb"))).sort();
  const nameOf = (path: string): string => basename(path, ".ipynb");
  const names = chooseNotebooks(positionals, values.with ?? [], all.map(nameOf));
  return makeReport(
    all.filter((path) => names.includes(nameOf(path))),
    values,
    signal,
  );
});

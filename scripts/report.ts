/** Run the notebooks on real services, and write out/report.html. */
import { join } from "node:path";
import { command } from "../lib/command.ts";
import { chooseNotebooks } from "../lib/report/choose.ts";
import { makeReport } from "../lib/report/make-report.ts";
import { reportOptions, reportUsage } from "../lib/report/report-options.ts";
import { settings } from "../lib/settings.ts";
import { userFolder } from "../lib/user-folder.ts";

const frame = {
  usage: reportUsage,
  options: reportOptions,
  positionals: true,
  interruptible: true,
};

await command("report", frame, ({ values, positionals, signal }) => {
  const notebooks = chooseNotebooks(positionals, {
    extras: values.with ?? [],
    folder: join(settings.root, "notebooks"),
    bases: [userFolder(), settings.root],
  });
  return makeReport(notebooks, values, signal);
});

/** Run the notebooks on real services, and write out/report.html. */
import { basename, join } from "node:path";
import { glob } from "zx";
import { command } from "../lib/command.ts";
import { chooseNotebooks } from "../lib/report/choose.ts";
import { makeReport } from "../lib/report/make-report.ts";
import { settings } from "../lib/settings.ts";

const usage = `npm run report -- [NAME…] [--with drill]
  Runs the notebooks on real services, and writes out/report.html.
  NAME            only these notebooks
  --with drill    also 6-drill, which breaks each service in turn
  Exit code 0: every cell ran; 1: a cell failed, which the report shows;
  130: interrupted.`;
const options = { with: { type: "string", multiple: true, default: [] as string[] } } as const;
const frame = { usage, options, positionals: true, interruptible: true };

await command("report", frame, async ({ values, positionals, signal }) => {
  const all = (await glob(join(settings.root, "notebooks", "[0-9]-*.ipynb"))).sort();
  const nameOf = (path: string): string => basename(path, ".ipynb");
  const names = chooseNotebooks(positionals, values.with, all.map(nameOf));
  return makeReport(
    all.filter((path) => names.includes(nameOf(path))),
    signal,
  );
});

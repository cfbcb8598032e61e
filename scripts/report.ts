/**
 * Run the notebooks on the real services and write out/report.html, with the executed notebooks beside it
 * and out/report.json: the events that the report counted.
 * What was running before is used and left running; what the run started is stopped at its end.
 *
 *   npm run report
 *   npm run report -- 1-services 2-requests     only these notebooks
 *   npm run report -- --with drill              the sixth one too, which breaks each service in turn
 *
 * Exit 0: every cell ran; 1: one failed, the report shows which; 130: interrupted.
 */
import { writeFile } from "node:fs/promises";
import { basename, join, relative } from "node:path";
import { glob } from "zx";
import { forTerminal } from "../lib/untrusted.ts";
import { recordScript } from "../lib/history.ts";
import { buildLib } from "../lib/report/build.ts";
import { chooseNotebooks } from "../lib/report/choose.ts";
import { collectFacts } from "../lib/report/run-facts.ts";
import { renderReport, verdictOf } from "../lib/report/html.ts";
import { writeRecord } from "../lib/report/record.ts";
import { formatSeconds, showProgress } from "../lib/report/progress.ts";
import { runNotebooks } from "../lib/report/run.ts";
import { services } from "../lib/services/services.ts";
import { serviceStatus, type StatusRow } from "../lib/services/status.ts";
import { stopServices } from "../lib/services/stop.ts";
import { settings } from "../lib/settings.ts";

const TITLE = "What the players did";
const SAME_CTRL_C_MS = 1_000; // npm and the terminal may both pass on one Ctrl-C

const paths = await choosePaths();
recordScript("report");
const signal = interruptSignal();
try {
  await buildLib();
  const before = await serviceStatus();
  const report = join(settings.out, "report.html");
  const progress = showProgress();
  let verdict: string;
  try {
    const run = await runNotebooks(paths, {
      outFolder: settings.out,
      onProgress: progress.onProgress,
      signal,
    });
    const facts = [...(await collectFacts(services)), await writeRecord(run, report)];
    await writeFile(report, await renderReport(run, { title: TITLE, facts }));
    verdict = forTerminal(verdictOf(run).text); // it may quote what players sent
    process.exitCode = { ok: 0, failed: 1, interrupted: 130 }[run.status];
  } finally {
    progress.stop();
    await stopAllBut(before.filter(({ problem }) => problem !== "not running"));
  }
  console.log(`${verdict}\n${relative(process.cwd(), report)}`);
} catch (error) {
  console.error(`report: ${(error as Error).message}`);
  process.exitCode = 1;
}

async function choosePaths(): Promise<string[]> {
  const all = (await glob(join(settings.root, "notebooks", "[0-9]-*.ipynb"))).sort();
  try {
    const names = chooseNotebooks(
      process.argv.slice(2),
      all.map((path) => basename(path, ".ipynb")),
    );
    return all.filter((path) => names.includes(basename(path, ".ipynb")));
  } catch (error) {
    console.error(`report: ${(error as Error).message}`);
    process.exit(2);
  }
}

/** Stops what was not running before. */
async function stopAllBut(running: StatusRow[]): Promise<void> {
  const names = services
    .map(({ name }) => name)
    .filter((name) => !running.some(({ service }) => service === name));
  const started = performance.now();
  const stopped = await stopServices({ names });
  if (stopped.length === 0) return;
  const seconds = formatSeconds((performance.now() - started) / 1000);
  console.log(`stopped ${stopped.map(({ service }) => service).join(", ")}, ${seconds}`);
}

/** Aborts at Ctrl-C; a second one ends this process at once, and its kernels with it. */
function interruptSignal(): AbortSignal {
  const abort = new AbortController();
  let first = 0;
  const interrupt = (): void => {
    if (first > 0 && Date.now() - first > SAME_CTRL_C_MS) process.exit(130);
    if (first === 0) console.log("\ninterrupted: saving what there is, stopping what was started");
    first ||= Date.now();
    abort.abort();
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt).on("SIGHUP", interrupt);
  return abort.signal;
}

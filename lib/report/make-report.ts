/**
 * Notebooks → out/report.html, the executed notebooks beside it, and out/report.json with the counted events.
 *
 * A running stack is used and stays up; services that the run has started are stopped at its end.
 */
import { writeFile } from "node:fs/promises";
import { join, relative } from "node:path";
import { services } from "../services/services.ts";
import { serviceStatus, type StatusRow } from "../services/status.ts";
import { stopServices } from "../services/stop.ts";
import { settings } from "../settings.ts";
import { forTerminal } from "../untrusted.ts";
import { buildLib } from "./build.ts";
import { renderReport, verdictOf } from "./html.ts";
import { formatSeconds, showProgress } from "./progress.ts";
import { writeRecord } from "./record.ts";
import { recount } from "./recount.ts";
import { collectFacts } from "./run-facts.ts";
import { runNotebooks } from "./run.ts";

const TITLE = "What the players did";
const EXIT_CODES = { ok: 0, failed: 1, interrupted: 130 };

/** Runs the notebooks and writes the report; resolves with the exit code: 0 only if every cell ran. */
export async function makeReport(notebooks: string[], signal: AbortSignal): Promise<number> {
  const onAbort = (): void => console.log("\ninterrupted: saving what there is, stopping what was started");
  signal.addEventListener("abort", onAbort, { once: true });
  await buildLib();
  const before = await serviceStatus();
  const file = join(settings.out, "report.html");
  const { run, verdict } = await writeReport(notebooks, file, signal).finally(() =>
    stopAllBut(before.filter(({ problem }) => problem !== "not running")),
  );
  console.log(`${verdict}\n${relative(process.cwd(), file)}`);
  return EXIT_CODES[run.status];
}

async function writeReport(notebooks: string[], file: string, signal: AbortSignal) {
  const { onProgress, stop } = showProgress();
  try {
    const run = await runNotebooks(notebooks, { outFolder: settings.out, onProgress, signal });
    if (run.status === "ok") await recount(run, settings.out);
    const facts = [...(await collectFacts(services)), await writeRecord(run, file)];
    await writeFile(file, await renderReport(run, { title: TITLE, facts }));
    return { run, verdict: forTerminal(verdictOf(run).text) }; // it may quote what players sent
  } finally {
    stop();
  }
}

/** Stops the services that were not running before. */
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

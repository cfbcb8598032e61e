/**
 * Show every service and whether it is ready. Exit 0 when all are, else 1.
 *
 *   npm run status
 */
import Table from "cli-table3";
import { recordScript } from "../lib/history.ts";
import { readChoice, UsageError } from "../lib/services/arguments.ts";
import { serviceStatus } from "../lib/services/status.ts";

recordScript("status");
try {
  const { runtime } = readChoice(process.argv.slice(2));
  const rows = await serviceStatus(runtime);
  const table = new Table({
    head: ["service", "version", "port", "ready", "problem"],
    style: { head: [], border: [] },
  });
  for (const { service, version, port, ready, problem } of rows) {
    table.push([service, version ?? "", port ?? "", ready ? "yes" : "no", problem]);
  }
  console.log(table.toString());
  const waiting = rows.filter(({ ready }) => !ready).map(({ service }) => service);
  if (waiting.length > 0) {
    console.error(`status: not ready: ${waiting.join(", ")}; npm run up starts what is not running`);
    process.exitCode = 1;
  }
} catch (error) {
  console.error(`status: ${(error as Error).message}`);
  process.exitCode = error instanceof UsageError ? 2 : 1;
}

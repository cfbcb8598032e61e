/** Show each service, its version and its readiness; exit code 0 if all are ready. */
import { findConflicts, findMissingTables } from "../lib/ask/table-problems.ts";
import { tableLines } from "../lib/ask/text-table.ts";
import { command } from "../lib/command.ts";
import { chooseRuntime, runtimeOptions } from "../lib/services/choice.ts";
import type { ServiceName } from "../lib/services/services.ts";
import { serviceStatus } from "../lib/services/status.ts";
import { printLines, terminalWidth } from "../lib/print-lines.ts";

const usage = `npm run status -- [--json] [--native | --docker]
  Shows each service, its version and its readiness, and problems of tables.
  --json    one document: ready, services (service, version, port, ready,
            problem), problems of tables
  Exit code 1: a service is not ready, or a table has a problem.`;
const MAX_CELL = 120; // characters
const options = { ...runtimeOptions, json: { type: "boolean", default: false } } as const;

await command("status", { usage, options, onlyPrints: true }, async ({ values }) => {
  const rows = await serviceStatus((await chooseRuntime(values)).runtime);
  const shown = rows.map(({ service, version, port, ready, problem }) => {
    return {
      service,
      version: version ?? "",
      port: port ?? "",
      ready: ready ? "yes" : "no",
      problem: short(problem),
    };
  });
  if (!values.json) await printLines(tableLines(shown, { width: terminalWidth() }));
  const waiting = rows.filter(({ ready }) => !ready).map(({ service }) => service);
  const problems = await tableProblems((service) => !waiting.includes(service));
  const isReady = waiting.length + problems.length === 0;
  if (values.json) console.log(JSON.stringify({ ready: isReady, services: rows, problems }, null, 2));
  for (const problem of problems) console.error(`status: ${problem}`);
  if (waiting.length > 0)
    console.error(`status: not ready: ${waiting.join(", ")}; npm run up starts the services that do not run`);
  return isReady ? 0 : 1;
});

/** A problem in one line of a table; --json has the whole text. */
function short(problem: string): string {
  const line = problem.replace(/\s+/g, " ");
  return line.length > MAX_CELL ? `${line.slice(0, MAX_CELL)}…` : line;
}

/** The problems of tables, as far as the services that know them are ready. */
async function tableProblems(isReady: (service: ServiceName) => boolean): Promise<string[]> {
  const asked = [
    ...(isReady("datanode") ? [findConflicts()] : []),
    ...(isReady("trino") ? [findMissingTables()] : []),
  ];
  const answers = await Promise.allSettled(asked);
  return answers.flatMap((answer) =>
    answer.status === "fulfilled" ? answer.value : `tables: ${(answer.reason as Error).message}`,
  );
}

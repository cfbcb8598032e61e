/** Show each service, its version and its readiness; exit code 0 if all are ready. */
import { textTable } from "../lib/ask/table.ts";
import { command } from "../lib/command.ts";
import { chooseServices, runtimeOptions } from "../lib/services/arguments.ts";
import { serviceStatus } from "../lib/services/status.ts";

const usage = `npm run status -- [--native | --docker]
  Shows each service, its version and its readiness.
  Exit code 0: all are ready; 1: a service is not ready.`;

await command("status", { usage, options: runtimeOptions, onlyPrints: true }, async ({ values }) => {
  const rows = await serviceStatus(chooseServices([], values).runtime);
  const shown = rows.map(({ service, version, port, ready, problem }) => {
    return { service, version: version ?? "", port: port ?? "", ready: ready ? "yes" : "no", problem };
  });
  console.log(textTable(shown));
  const waiting = rows.filter(({ ready }) => !ready).map(({ service }) => service);
  if (waiting.length === 0) return;
  console.error(`status: not ready: ${waiting.join(", ")}; npm run up starts the services that do not run`);
  return 1;
});

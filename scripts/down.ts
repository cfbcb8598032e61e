/** Stop the whole stack, each service after its dependents; the data stays. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { command, UsageError } from "../lib/command.ts";
import { chooseServices, serviceWords } from "../lib/services/arguments.ts";
import { dockerRuntime } from "../lib/services/containers.ts";
import { findEngineProblem } from "../lib/services/docker.ts";
import { chooseRuntime, forgetRuntime, runtimeOptions } from "../lib/services/choice.ts";
import { serverNames } from "../lib/services/services.ts";
import { stopServices } from "../lib/services/stop.ts";
import { settings } from "../lib/settings.ts";

const usage = `npm run down -- [NAME… | --wipe] [--native | --docker]
  Stops the whole stack; the data stays.
  NAME      only these services: services (all servers), or
            ${serviceWords}
  --wipe    also deletes the data`;
const options = { ...runtimeOptions, wipe: { type: "boolean", default: false } } as const;

await command("down", { usage, options, positionals: true }, async ({ values, positionals }) => {
  const { names, all } = chooseServices(positionals);
  const { runtime } = await chooseRuntime(values);
  if (values.wipe && !all)
    throw new UsageError("--wipe deletes the data of all services; expected no names beside it");
  const problem = runtime === dockerRuntime ? await findEngineProblem() : null;
  if (problem !== null && serverNames.some((server) => names.includes(server))) throw new Error(problem); // before anything stops
  const rows = await stopServices({
    names,
    runtime,
    onStopped: ({ service, seconds }) => console.log(`${service.padEnd(10)} stopped ${seconds} s`),
  });
  if (rows.length === 0) console.log("nothing was running");
  if (!values.wipe) return;
  await runtime.wipe();
  forgetRuntime();
  rmSync(join(settings.home, "spool"), { recursive: true, force: true }); // else the next start sends it to the empty Kafka
  console.log("data deleted");
});

/** Run JupyterLab on the notebooks, with the TypeScript kernel, until Ctrl-C; print its address. */
import { once } from "node:events";
import { command } from "../lib/command.ts";
import { startLab } from "../lib/lab/lab.ts";
import { buildLib } from "../lib/report/build.ts";
import { keepRuntime, runtimeOptions } from "../lib/services/choice.ts";

const usage = `npm run lab -- [--native | --docker]
  Runs JupyterLab on the notebooks until Ctrl-C, and prints its address.
  --native    notebooks start services as processes
  --docker    notebooks start services in containers`;

const frame = { usage, options: runtimeOptions, interruptible: true };

await command("lab", frame, async ({ values, signal }) => {
  await keepRuntime(values);
  await buildLib();
  const lab = await startLab({ log: console.log });
  console.log(`JupyterLab is ready: ${lab.url}\nCtrl-C ends it.`);
  if (!signal.aborted) await once(signal, "abort");
  await lab.stop();
});

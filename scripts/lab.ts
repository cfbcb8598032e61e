/** Run JupyterLab on the notebooks, with the TypeScript kernel, until Ctrl-C; print its address. */
import { once } from "node:events";
import { command } from "../lib/command.ts";
import { startLab } from "../lib/lab/lab.ts";
import { buildLib } from "../lib/report/build.ts";

const usage = `npm run lab
  Runs JupyterLab on the notebooks until Ctrl-C, and prints its address.`;

await command("lab", { usage, interruptible: true }, async ({ signal }) => {
  await buildLib();
  const lab = await startLab({ log: console.log });
  console.log(`JupyterLab is ready: ${lab.url}\nCtrl-C ends it.`);
  if (!signal.aborted) await once(signal, "abort");
  await lab.stop();
});

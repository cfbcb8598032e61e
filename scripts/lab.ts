/**
 * JupyterLab on the notebooks, with the TypeScript kernel; prints its address, runs until Ctrl-C.
 *
 *   npm run lab
 */
import { recordScript } from "../lib/history.ts";
import { buildLib } from "../lib/report/build.ts";
import { startLab } from "../lib/lab/lab.ts";

recordScript("lab");
const stopped = new Promise((resolve) => {
  // Kept until the end: npm and the terminal may both pass on one Ctrl-C.
  process.on("SIGINT", resolve).on("SIGTERM", resolve).on("SIGHUP", resolve);
});
try {
  await buildLib();
  const lab = await startLab({ log: (line) => console.log(line) });
  console.log(`JupyterLab is ready: ${lab.url}\nCtrl-C ends it.`);
  await stopped;
  await lab.stop();
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
}

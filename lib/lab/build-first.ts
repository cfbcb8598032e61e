/**
 * Changed lib/ → a new dist/, before a kernel starts; preloaded into JupyterLab's kernels.
 *
 * So a restarted kernel sees the edited code. If lib/ does not compile, the kernel starts with the
 * last build, and the log of JupyterLab has the compiler's messages.
 */
import { buildLib } from "../report/build.ts";

await buildLib().catch((error: unknown) => console.error((error as Error).message));

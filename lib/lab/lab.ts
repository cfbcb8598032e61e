/**
 * The notebooks → JupyterLab in the browser, with a kernel for TypeScript.
 *
 * JupyterLab reads and writes only this stack's folders: environment variables move its settings,
 * kernels and state out of the user's home.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { closeSync, existsSync, mkdirSync, openSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { HOST, settings } from "../settings.ts";
import { until } from "../until.ts";
import { prepareVenv } from "./venv.ts";

const START_TIMEOUT_MS = 90_000;
const STOP_TIMEOUT_MS = 10_000;
const READY_INTERVAL_MS = 250;
/** Preloaded into a kernel: builds lib/ first, then compiles and prints as the report does. */
const PRELOADED = ["build-first.ts", "../report/kernel-compiler.ts", "lab-outputs.ts"];
const CONFIG = fileURLToPath(new URL("jupyter_server_config.py", import.meta.url));

export interface Lab {
  url: string; // contains the token
  stop: () => Promise<void>;
}

export interface LabOptions {
  folder?: string; // with the notebooks
  port?: number;
  log?: (line: string) => void; // gets lines while JupyterLab is installed
}

/**
 * Starts JupyterLab on 127.0.0.1 and resolves when it answers.
 * @throws Error if Python is missing or too old, or a package does not match its hash
 * @throws Error if the port is taken, or JupyterLab does not answer within 90 s
 */
export async function startLab({
  folder = join(settings.root, "notebooks"),
  port = settings.ports.lab,
  log = () => {},
}: LabOptions = {}): Promise<Lab> {
  const requirements = join(settings.root, "compose", "native", "jupyter-requirements.txt");
  const python = await prepareVenv("lab", requirements, log);
  const state = join(settings.home, "jupyter");
  const logFile = join(settings.home, "logs", "lab.log");
  writeKernelSpec(join(state, "share", "kernels", "tslab"));
  declineNews(join(state, "settings", "@jupyterlab", "apputils-extension"));
  mkdirSync(join(settings.home, "logs"), { recursive: true });
  const token = randomBytes(24).toString("hex");
  const output = openSync(logFile, "w");
  const child = spawn(python, labArguments(folder, port), {
    cwd: folder,
    detached: true, // Ctrl-C reaches only this process; `stop` ends the group with its kernels
    stdio: ["ignore", output, output],
    env: { ...process.env, ...foldersIn(state), JUPYTER_TOKEN: token },
  });
  closeSync(output);
  const url = `http://${HOST}:${port}`;
  try {
    await waitUntilReady(child, `${url}/api/status?token=${token}`, logFile);
  } catch (error) {
    await stop(child);
    throw error;
  }
  return { url: `${url}/lab?token=${token}`, stop: () => stop(child) };
}

/** Writes the kernel spec with which JupyterLab starts this checkout's tslab. */
function writeKernelSpec(folder: string): void {
  const tslab = createRequire(import.meta.url).resolve("tslab/bin/tslab");
  const spec = {
    argv: [
      process.execPath,
      ...PRELOADED.flatMap((file) => ["--import", new URL(file, import.meta.url).href]),
      tslab,
      "kernel",
      "--config-path",
      "{connection_file}",
    ],
    display_name: "TypeScript",
    language: "typescript",
  };
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, "kernel.json"), JSON.stringify(spec, null, 1) + "\n");
}

/** Answers JupyterLab's question about news; a user's own choice stays. */
function declineNews(folder: string): void {
  const file = join(folder, "notification.jupyterlab-settings");
  if (existsSync(file)) return;
  mkdirSync(folder, { recursive: true });
  writeFileSync(file, JSON.stringify({ fetchNews: "false", checkForUpdates: false }) + "\n");
}

/** The environment variables that move all of Jupyter's folders below `state`. */
function foldersIn(state: string): Record<string, string> {
  return {
    JUPYTER_PATH: join(state, "share"),
    JUPYTER_DATA_DIR: join(state, "data"),
    JUPYTER_CONFIG_DIR: join(state, "config"),
    JUPYTER_RUNTIME_DIR: join(state, "runtime"),
    JUPYTERLAB_SETTINGS_DIR: join(state, "settings"),
    JUPYTERLAB_WORKSPACES_DIR: join(state, "workspaces"),
    IPYTHONDIR: join(state, "ipython"),
  };
}

/** The command line, without the token: every user of the machine can read a command line. */
function labArguments(folder: string, port: number): string[] {
  return [
    "-m",
    "jupyterlab",
    "--no-browser",
    `--config=${CONFIG}`,
    `--ip=${HOST}`,
    `--port=${port}`,
    "--ServerApp.port_retries=0",
    `--ServerApp.root_dir=${folder}`,
    "--KernelSpecManager.ensure_native_kernel=False",
    "--KernelSpecManager.allowed_kernelspecs=tslab",
    // JupyterLab sends no requests for news, updates or extensions.
    "--LabApp.news_url=None",
    "--LabApp.check_for_updates_class=jupyterlab.handlers.announcements.NeverCheckForUpdate",
    "--LabApp.extension_manager=readonly",
    // Its limit would drop parts of a cell's outputs; lab-outputs.ts has a limit of its own.
    "--ZMQChannelsWebsocketConnection.limit_rate=False",
    ...(process.getuid?.() === 0 ? ["--allow-root"] : []),
  ];
}

async function waitUntilReady(child: ChildProcess, url: string, logFile: string): Promise<void> {
  const ask = async (): Promise<"ready" | "ended" | undefined> => {
    const answer = await fetch(url, { signal: AbortSignal.timeout(2_000) }).catch(() => null);
    if (child.exitCode !== null) return "ended";
    return answer?.ok ? "ready" : undefined;
  };
  const wait = { limitMs: START_TIMEOUT_MS, everyMs: READY_INTERVAL_MS };
  const state = await until("JupyterLab answers", ask, wait).catch(() => "late");
  if (state === "ready") return;
  const got = state === "ended" ? `it ended with code ${child.exitCode}` : "no answer";
  const lines = readFileSync(logFile, "utf8").trim().split("\n").slice(-10);
  throw new Error(
    `JupyterLab: expected an answer within ${START_TIMEOUT_MS / 1000} s, got ${got}; ` +
      `the last lines of ${logFile}:\n${lines.join("\n")}`,
  );
}

/** Asks JupyterLab to end; after its end, or 10 s, kills the whole group with its kernels. */
async function stop(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  if (child.exitCode === null && child.signalCode === null) {
    const exit = once(child, "exit");
    child.kill("SIGTERM");
    await Promise.race([exit, sleep(STOP_TIMEOUT_MS, undefined, { ref: false })]);
  }
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
  }
}

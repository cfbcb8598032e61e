/**
 * A small notebook → seconds of a report from nothing, and of `jupyter nbconvert --execute`.
 *
 * Both run the same cells in turn (A B B A), each from its command to its exit. nbconvert takes the
 * same kernel with the same compiler, so that the cells mean the same. No cell needs a service.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { prepareVenv } from "../lab/venv.ts";
import { settings } from "../settings.ts";
import { inTurns, ratios, rounds, tell } from "../testbed/figures.bench.ts";

const CELLS = [
  'import assert from "node:assert";\nimport { bars, show } from "questlog";',
  "const rows = [1, 2, 3, 4, 5].map((n) => ({ n: String(n), square: n * n }));\nrows.length",
  'show(bars(rows, { category: "n", value: "square", title: "Squares" }))',
  "assert.equal(rows.length, 5);",
];

/** Prints the seconds of each way, and their ratio. */
export async function benchReport(isShort: boolean): Promise<void> {
  const requirements = join(settings.root, "compose", "native", "jupyter-requirements.txt");
  const python = await prepareVenv("lab", requirements, console.log);
  const folder = mkdtempSync(join(tmpdir(), "questlog-bench-"));
  try {
    const notebook = join(folder, "small.ipynb");
    writeFileSync(notebook, JSON.stringify(notebookOf(CELLS)));
    writeKernelSpec(join(folder, "kernels", "bench"));
    const report = () =>
      timed("npm", ["run", "--silent", "report", "--", notebook, "--no-cache", "--out", join(folder, "out")]);
    const nbconvert = () => {
      const words = ["--execute", "--to=html", notebook]; // writes small.html beside it
      return timed(python, ["-m", "nbconvert", ...words], { JUPYTER_PATH: folder });
    };
    await report(); // the first run compiles lib/ and fills the cache of compiled code
    await nbconvert();
    const seconds = await inTurns(rounds(isShort), { report, nbconvert });
    const what = "of a small notebook";
    tell({ id: "report", what: `npm run report ${what}`, unit: "s", values: seconds.report });
    tell({ id: "report", what: `nbconvert --execute ${what}`, unit: "s", values: seconds.nbconvert });
    const values = ratios(seconds.report, seconds.nbconvert);
    tell({ id: "report", what: "npm run report over nbconvert", unit: "times", values });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Runs a command to its end, and returns its seconds. @throws Error with its output if it fails */
async function timed(command: string, words: readonly string[], variables = {}): Promise<number> {
  const env = { ...process.env, ...variables };
  const started = performance.now();
  const child = spawn(command, words, { cwd: settings.root, env, stdio: ["ignore", "pipe", "pipe"] });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) stream.on("data", (text) => (output += String(text)));
  const [code] = (await once(child, "close")) as [number | null];
  const seconds = (performance.now() - started) / 1000;
  if (code !== 0) throw new Error(`bench: ${command} ended with ${code}:\n${output}`);
  return seconds;
}

function notebookOf(sources: readonly string[]): object {
  const cells = sources.map((source, i) => {
    return { cell_type: "code", id: `c${i}`, metadata: {}, source, outputs: [], execution_count: null };
  });
  const kernelspec = { name: "bench", display_name: "bench", language: "typescript" };
  return { nbformat: 4, nbformat_minor: 5, metadata: { kernelspec }, cells };
}

function writeKernelSpec(folder: string): void {
  const tslab = createRequire(import.meta.url).resolve("tslab/bin/tslab");
  const compiler = fileURLToPath(new URL("kernel-compiler.ts", import.meta.url));
  const argv = [
    process.execPath,
    "--import",
    compiler,
    tslab,
    "kernel",
    "--config-path",
    "{connection_file}",
  ];
  mkdirSync(folder, { recursive: true });
  const spec = { argv, display_name: "bench", language: "typescript" };
  writeFileSync(join(folder, "kernel.json"), JSON.stringify(spec));
}

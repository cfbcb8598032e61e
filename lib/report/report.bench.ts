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

const ROUNDS = 6; // of A B or B A, in turn
const CELLS = [
  'import assert from "node:assert";\nimport { bars, show } from "questlog";',
  "const rows = [1, 2, 3, 4, 5].map((n) => ({ n: String(n), square: n * n }));\nrows.length",
  'show(bars(rows, { category: "n", value: "square", title: "Squares" }))',
  "assert.equal(rows.length, 5);",
];

type Way = () => Promise<number>; // seconds

/** Prints the median and the range of each way. */
export async function benchReport(): Promise<void> {
  const requirements = join(settings.root, "compose", "native", "jupyter-requirements.txt");
  const python = await prepareVenv("lab", requirements, console.log);
  const folder = mkdtempSync(join(tmpdir(), "questlog-bench-"));
  try {
    const notebook = join(folder, "small.ipynb");
    writeFileSync(notebook, JSON.stringify(notebookOf(CELLS)));
    writeKernelSpec(join(folder, "kernels", "bench"));
    const report: Way = () =>
      timed("npm", ["run", "--silent", "report", "--", notebook, "--no-cache", "--out", join(folder, "out")]);
    const nbconvert: Way = () => {
      const words = ["--execute", "--to=html", notebook]; // writes small.html beside it
      return timed(python, ["-m", "nbconvert", ...words], { JUPYTER_PATH: folder });
    };
    await report(); // the first run compiles lib/ and fills the cache of compiled code
    await nbconvert();
    const seconds = new Map<Way, number[]>([
      [report, []],
      [nbconvert, []],
    ]);
    for (let round = 0; round < ROUNDS; round++)
      for (const way of round % 2 === 0 ? [report, nbconvert] : [nbconvert, report])
        seconds.get(way)!.push(await way());
    tell("npm run report", seconds.get(report)!);
    tell("jupyter nbconvert --execute", seconds.get(nbconvert)!);
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

function tell(name: string, seconds: readonly number[]): void {
  const sorted = seconds.toSorted((a, b) => a - b);
  const [low, high] = [sorted[0]!, sorted.at(-1)!];
  const median = (sorted[(sorted.length - 1) >> 1]! + sorted[sorted.length >> 1]!) / 2;
  const range = `${low.toFixed(2)} to ${high.toFixed(2)} s`;
  console.log(`report ${name}: median ${median.toFixed(2)} s, ${range}, ${seconds.length} runs`);
}

/** Cells that print in many ways and amounts → their outputs, in each kernel. */

/** Outputs of one cell. */
export interface Printed {
  stdout: string;
  stderr: string;
  displays: number;
}

const MB = 1024 * 1024;
const READABLE = 'const { Readable } = require("node:stream"); ';

const lines = (count: number): string => Array.from({ length: count }, (_, i) => `${i}\n`).join("");
const loop = (count: number, body: string): string => `for (let i = 0; i < ${count}; i++) { ${body} }`;
const display = 'require("tslab").display.html(`<b>${i}</b>`)';

/** Kinds of many outputs → a cell that prints them, and all that it prints. */
export const floods: Record<string, [code: string, expected: Partial<Printed>]> = {
  "500 lines": [loop(500, "console.log(i)"), { stdout: lines(500) }],
  "200,000 lines": [loop(200_000, "console.log(i)"), { stdout: lines(200_000) }],
  "2,000 lines, then a wait": [
    `${loop(2_000, "console.log(i)")} await new Promise((r) => setTimeout(r, 500));`,
    { stdout: lines(2_000) },
  ],
  "one line of 20 MB": ['console.log("é".repeat(10 * 1024 * 1024));', { stdout: `${"é".repeat(10 * MB)}\n` }],
  "lines on both streams in turn": [
    loop(2_000, "console.log(i); console.error(i);"),
    { stdout: lines(2_000), stderr: lines(2_000) },
  ],
  "480 displays": [loop(480, display), { displays: 480 }],
  "characters outside of the basic plane": [
    loop(200, 'console.log("x" + "😀".repeat(1_000))'),
    { stdout: `x${"😀".repeat(1_000)}\n`.repeat(200) },
  ],
};

const called = "await new Promise<void>((done) => ";

/** Ways to print → a cell that prints so, and its texts. */
export const writes: Record<string, [code: string, stdout: string, stderr?: string]> = {
  "a callback": [
    `${called} process.stdout.write("hi\\n", () => done())); console.log("next");`,
    "hi\nnext\n",
  ],
  "three arguments": [`${called} process.stdout.write("aGk=", "base64", () => done()));`, "hi"],
  "a callback on stderr": [`${called} process.stderr.write("hi", () => done()));`, "", "hi"],
  "three arguments on stderr": [`${called} process.stderr.write("6869", "hex", () => done()));`, "", "hi"],
  "an encoding": ['process.stdout.write("\\xe9", "latin1"); process.stdout.write("ü", "utf8");', "\ufffdü"],
  "a Buffer": ['process.stdout.write(Buffer.from("ü"));', "ü"],
  "a Uint8Array": ["process.stdout.write(new Uint8Array([104, 105]));", "hi"],
  "a character in two writes": [
    "process.stdout.write(Buffer.from([0xe2, 0x82])); process.stdout.write(Buffer.from([0xac]));",
    "€",
  ],
  "its return value": [
    'console.log(process.stdout.write("a"), process.stderr.write("b"));',
    "atrue true\n",
    "b",
  ],
  "a wrong type": [
    "try { process.stdout.write(7 as never); } catch (error) { console.log((error as { code: string }).code); }",
    "ERR_INVALID_ARG_TYPE\n",
  ],
  "a pipe": [`${READABLE} Readable.from(["x\\n"]).pipe(process.stdout); const unseen = 1;`, "x\n"],
  "a pipe that begins when the cell has ended": [
    `${READABLE} setTimeout(() => Readable.from(["x\\n"]).pipe(process.stdout), 300); const unseen = 1;`,
    "x\n",
  ],
  "a pipe above the stream's mark": [
    `${READABLE} const parts = Array.from({ length: 40 }, () => "x".repeat(50_000));
    const piped = Readable.from(parts); piped.pipe(process.stdout); ${called} piped.on("end", done));`,
    "x".repeat(2_000_000),
  ],
  "an end": [`${called} void process.stdout.end("bye\\n", done)); console.log("still");`, "bye\nstill\n"],
  "console.table": [
    "console.table([{ a: 1 }]);",
    "┌─────────┬───┐\n│ (index) │ a │\n├─────────┼───┤\n│ 0       │ 1 │\n└─────────┴───┘\n",
  ],
};

/** Ways that go round the process's own streams. */
export const rawWrites: typeof writes = {
  "a child process that inherits it": [
    'require("node:child_process").execSync("echo out; echo err >&2", { stdio: "inherit" });',
    "out\n",
    "err\n",
  ],
  "fs.writeSync": ['require("node:fs").writeSync(1, "raw\\n");', "raw\n"],
};

/**
 * A program named docker, in front of the PATH → its command lines, and answers as an engine's.
 *
 * It knows one container of Kafka. With `FAIL` in the environment, the command that FAIL names
 * prints the text of FAILURE and ends with exit code 1.
 */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";

const PROGRAM = `const { appendFileSync, existsSync, rmSync, writeFileSync } = require("node:fs");
const args = process.argv.slice(2);
const words = args.join(" ");
const { FAKE_DOCKER: record, FAIL, FAILURE } = process.env;
appendFileSync(record, JSON.stringify(args) + "\\n");
if (FAIL && words.includes(FAIL)) {
  console.error(FAILURE);
  process.exit(1);
}
const has = (state) => existsSync(record + "." + state);
const set = (state, on) => on ? writeFileSync(record + "." + state, "") : rmSync(record + "." + state, { force: true });
if (args[0] === "version") console.log(/Arch/.test(words) ? process.env.PLATFORM : "20.10.24");
if (args[0] === "images") console.log(process.env.IMAGES);
if (/ up --no-start /.test(words)) set("made", true);
if (/ down /.test(words)) set("made", false);
if (args[0] === "start") set("running", true);
if (args[0] === "stop" || args[0] === "kill") set("running", false);
if (/status=/.test(words)) { // Podman does not know each of Docker's states
  console.error("unknown container state: restarting: invalid argument");
  process.exit(1);
}
if (args[0] === "ps" && has("made"))
  console.log("id-of-kafka questlog_kafka_1 " + (has("running") ? "running" : "exited"));
if (args[0] === "inspect") console.log("0");
if (args[0] === "logs") console.log("one\\ntwo");
`;

export class FakeDocker {
  readonly #folder = mkdtempSync(join(tmpdir(), "questlog-docker-"));
  readonly #path = process.env.PATH;
  readonly #record = join(this.#folder, "record");

  constructor() {
    const program = join(this.#folder, "docker.cjs");
    writeFileSync(program, PROGRAM);
    writeFileSync(this.#record, "");
    const launcher = `#!/bin/sh\nexec "${process.execPath}" "${program}" "$@"\n`; // a path may hold spaces
    writeFileSync(join(this.#folder, "docker"), launcher, { mode: 0o755 });
    process.env.PATH = `${this.#folder}${delimiter}${this.#path}`;
    process.env.FAKE_DOCKER = this.#record;
  }

  /** Hides all other programs, such as Maven and Python. */
  hideOthers(): void {
    process.env.PATH = this.#folder;
  }

  /** Each command line so far. */
  calls(): string[] {
    const lines = readFileSync(this.#record, "utf8").split("\n").slice(0, -1);
    return lines.map((line) => (JSON.parse(line) as string[]).join(" "));
  }

  /** Lets each command whose line has `words` fail, with `output`. */
  failAt(words: string, output: string): void {
    process.env.FAIL = words;
    process.env.FAILURE = output;
  }

  remove(): void {
    process.env.PATH = this.#path;
    for (const name of ["FAKE_DOCKER", "FAIL", "FAILURE", "IMAGES", "PLATFORM"]) delete process.env[name];
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

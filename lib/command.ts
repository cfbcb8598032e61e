/**
 * A command line → a run command: one frame for all scripts.
 *
 * The frame parses the arguments, prints the usage, records the history, ends at Ctrl-C, and turns
 * an error into one sentence. Exit codes: 0, 1 for a failure, 2 for wrong arguments or settings,
 * 130 for Ctrl-C.
 * npm and the terminal may both pass on the same Ctrl-C, so two within a second count as one.
 *
 * A reader such as `head`, or `tee` at Ctrl-C, can close the pipe before the command ends. A
 * command that changes something then goes on without output, to its own end and exit code.
 */
import { parseArgs, type ParseArgsConfig } from "node:util";
import { type Heartbeat, startHeartbeat } from "./heartbeat.ts";
import { recordScript } from "./history.ts";
import { printProblem } from "./print-problem.ts";
import { SettingError } from "./setting-values.ts";
import { forTerminalLines } from "./untrusted.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;
/** The values that a call gives to the options `O`. */
export type OptionValues<O extends Options> = ReturnType<
  typeof parseArgs<{ options: O; strict: true; allowPositionals: true }>
>["values"];

export interface CommandOptions<O extends Options> {
  usage: string; // the first line is the form of the command, the others explain it
  options?: O;
  positionals?: boolean; // whether the command takes words beside options
  isWord?: (argument: string) => boolean; // an SQL comment, which looks like an option
  isRecorded?: boolean; // whether history/ gets the command; default: true
  hint?: string; // advice to print when the command fails
  /** Whether the command ends by itself when `signal` aborts. If not, Ctrl-C ends it at once. */
  interruptible?: boolean;
  interrupted?: string; // the advice after Ctrl-C
  isLong?: boolean; // whether stderr tells from time to time what the command is doing
  /** Whether the command does nothing but print: without a reader it ends at once, with 0. */
  onlyPrints?: boolean;
}

export interface Call<O extends Options> {
  values: OptionValues<O>;
  positionals: string[];
  signal: AbortSignal; // aborts at Ctrl-C, SIGTERM or SIGHUP
  doing: (what: string) => void; // of a long command: see heartbeat.ts
}

const SAME_CTRL_C_MS = 1_000;
const MAX_END_MS = 2_000; // after an error, a forgotten socket or child must not keep the process
const INTERRUPTED = 130; // a shell's exit code after Ctrl-C

/** Thrown when the arguments are wrong. */
export class UsageError extends Error {
  override name = "UsageError";
}

/** Refuses an option's value unless it is a day. @throws UsageError */
export function checkDay(option: string, text: string | undefined): void {
  if (text === undefined) return;
  const time = new Date(text);
  if (!Number.isNaN(time.getTime()) && time.toISOString().slice(0, 10) === text) return;
  throw new UsageError(`${option}: expected a day like 2026-01-31, got "${text}"`);
}

/** Runs the command `npm run NAME`. `run` resolves with its exit code; nothing means 0. */
export async function command<O extends Options = Options>(
  name: string,
  frame: CommandOptions<O>,
  run: (call: Call<O>) => Promise<number | void> | number | void,
): Promise<void> {
  const abort = new AbortController();
  const reader = { isNeeded: frame.onlyPrints ?? false };
  watchReader(reader);
  let beat: Heartbeat | undefined;
  try {
    const call = parse(frame);
    if (call.values.help) {
      reader.isNeeded = true;
      console.log(frame.usage);
      return;
    }
    if (frame.isRecorded ?? true) recordScript(name);
    if (frame.interruptible) abortAtSignals(abort);
    else endAtSignals(name, frame.interrupted);
    if (frame.isLong) beat = startHeartbeat(name);
    const doing = (what: string): void => beat?.doing(what);
    process.exitCode = (await run({ ...call, signal: abort.signal, doing })) ?? 0;
  } catch (error) {
    const { message } = error as Error;
    const isUsage = error instanceof UsageError;
    const advice = isUsage ? `try: ${frame.usage.split("\n")[0]}` : frame.hint;
    const isSaid = advice === undefined || message.includes(advice);
    printProblem(`${name}: ${forTerminalLines(message)}${isSaid ? "" : `; ${advice}`}`);
    const isRefused = isUsage || error instanceof SettingError;
    process.exitCode = isRefused ? 2 : abort.signal.aborted ? INTERRUPTED : 1;
    setTimeout(() => process.exit(), MAX_END_MS).unref();
  } finally {
    beat?.stop();
  }
}

function parse<O extends Options>(frame: CommandOptions<O>) {
  const { options, positionals = false, isWord = () => false } = frame;
  const given = process.argv.slice(2);
  const words = given.includes("--") ? [] : given.filter(isWord);
  const args = words.length === 0 ? given : [...given.filter((one) => !isWord(one)), "--", ...words];
  try {
    const parsed: unknown = parseArgs({
      args,
      options: { ...options, help: { type: "boolean" } },
      allowPositionals: positionals,
    });
    return parsed as { values: OptionValues<O> & { help?: boolean }; positionals: string[] };
  } catch (error) {
    throw new UsageError(inOurWords((error as Error).message));
  }
}

/** Node's message about arguments, without its advice and its marks. */
function inOurWords(message: string): string {
  const [sentence = ""] = message.split(/\.\s/);
  return sentence
    .replace(/^Unknown option '(.+)'$/s, "unknown option $1")
    .replace(/^Unexpected argument '(.+)'$/s, 'expected no further words, got "$1"')
    .replace(/^Option '(.+?)(?: <value>)?' argument missing$/s, "$1: expected a value, got none")
    .replace(
      /^Option '(.+?)(?: <value>)?' argument is ambiguous$/s,
      "$1: expected a value; write one that begins with - as $1=VALUE",
    )
    .replace(/^Option '(.+)' does not take an argument$/s, "$1: expected no value, got one");
}

/** The first signal aborts. A signal more than a second later ends the process at once. */
function abortAtSignals(abort: AbortController): void {
  let firstAt = 0;
  const interrupt = (name: NodeJS.Signals): void => {
    if (firstAt === 0) {
      firstAt = performance.now();
      abort.abort(new Error(`interrupted by ${name}`));
    } else if (performance.now() - firstAt > SAME_CTRL_C_MS) {
      process.exit(INTERRUPTED);
    }
  };
  process.on("SIGINT", interrupt).on("SIGTERM", interrupt).on("SIGHUP", interrupt);
}

/** A signal ends the process with a sentence, and the history gets its line. */
function endAtSignals(name: string, advice?: string): void {
  const end = (signal: NodeJS.Signals): never => {
    console.error(`${name}: interrupted by ${signal}${advice === undefined ? "" : `; ${advice}`}`);
    process.exit(INTERRUPTED);
  };
  process.on("SIGINT", end).on("SIGTERM", end).on("SIGHUP", end);
}

/**
 * Keeps the process alive when its output fails: the reader has closed the pipe, or a disk is full.
 * A process that needs its reader ends instead, with 0 after a closed pipe.
 */
function watchReader(reader: { isNeeded: boolean }): void {
  const onError = ({ code }: NodeJS.ErrnoException): void => {
    if (reader.isNeeded) process.exit(code === "EPIPE" ? 0 : 1);
  };
  process.stdout.on("error", onError);
  process.stderr.on("error", onError);
}

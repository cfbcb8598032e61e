/**
 * Errors that no code of a cell catches → texts for the runner. Loaded only in the kernel's
 * process.
 */
import { inspect } from "node:util";

const MAX_FAULTS = 10; // of one cell
const MAX_FAULT_CHARS = 10_000;

let faults: string[] = [];

/** Keeps the errors that no code catches from now on. */
export function watchFaults(): void {
  process.on("uncaughtExceptionMonitor", addFault);
  process.on("unhandledRejection", addFault);
}

/** Adds an error that fails the cell. */
export function addFault(error: unknown): void {
  if (faults.length === MAX_FAULTS) return; // the first ones are enough to fail the cell
  let text: string;
  try {
    text = inspect(error);
  } catch {
    text = "Error: (cannot be shown)"; // a class of the cell shows it, and throws
  }
  faults.push(text.slice(0, MAX_FAULT_CHARS));
}

/** The faults since the last time. */
export function takeFaults(): string[] {
  const taken = faults;
  faults = [];
  return taken;
}

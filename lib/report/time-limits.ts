/** The options --cell-timeout and --query-timeout, in seconds → limits in milliseconds. */
import { UsageError } from "../command.ts";
import type { ReportValues } from "./report-options.ts";

const MAX_SECONDS = 7 * 24 * 3600;

export interface TimeLimits {
  cellTimeoutMs?: number;
  queryTimeoutMs?: number;
}

/** @throws UsageError if a value is no number of seconds */
export function readLimits(values: Pick<ReportValues, "cell-timeout" | "query-timeout">): TimeLimits {
  const cellTimeoutMs = readMs("cell-timeout", values["cell-timeout"]);
  const queryTimeoutMs = readMs("query-timeout", values["query-timeout"]);
  return { ...(cellTimeoutMs && { cellTimeoutMs }), ...(queryTimeoutMs && { queryTimeoutMs }) };
}

function readMs(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const seconds = /^\d+(\.\d+)?$/.test(text) ? Number(text) : NaN;
  if (!(seconds >= 0.001 && seconds <= MAX_SECONDS))
    throw new UsageError(`--${option}: expected seconds from 0.001 to ${MAX_SECONDS}, got "${text}"`);
  return Math.ceil(seconds * 1000);
}

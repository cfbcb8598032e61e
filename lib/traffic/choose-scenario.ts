/** The words and options of `npm run traffic` → the named scenario as a function to call. */
import { UsageError } from "../command.ts";
import { load, type Totals } from "./load.ts";
import { basic, infinite, limit, type ScenarioTotals } from "./scenarios.ts";

/** The command's options, for parseArgs. */
export const trafficOptions = {
  n: { type: "string", short: "n", default: "10" },
  c: { type: "string", short: "c", default: "1" },
  H: { type: "string", short: "H", multiple: true, default: [] as string[] },
} as const;

export interface TrafficValues {
  n: string; // number of requests of `get`
  c: string; // number of concurrent requests of `get`
  H: string[]; // headers, "Name: value"
}

export interface RunOptions {
  url: string; // the API
  signal: AbortSignal; // ends the scenario early; it resolves with the totals so far
  log: (line: string) => void; // gets a line after each round
}

const REMEDIES: Record<string, string | undefined> = {
  400: "the API refused the request; npm run failed shows why",
  401: 'the API asks for a write key: -H "Write-Key: KEY"',
  404: "the API has no such route",
  429: "the API's limit of requests a minute is reached",
};
const SCENARIOS = ["basic", "limit", "infinite", "get"];

/** @throws UsageError if the words name no scenario, or an option has a wrong value */
export function chooseScenario(
  [verb = "", argument, ...rest]: readonly string[],
  { n, c, H }: TrafficValues,
): (options: RunOptions) => Promise<Totals | ScenarioTotals> {
  const headers = Object.fromEntries(H.map(header));
  const surplus = verb === "limit" || verb === "get" ? rest : [argument, ...rest].filter(Boolean);
  if (SCENARIOS.includes(verb) && surplus.length > 0)
    throw new UsageError(`${verb}: expected no further words, got "${surplus.join(" ")}"`);
  switch (verb) {
    case "basic":
      return ({ log, ...options }) => basic({ ...options, headers, onRound: roundLogger(log) });
    case "limit": {
      const rounds = positive("limit", argument ?? "");
      const of = ` of ${rounds}`;
      return ({ log, ...options }) => limit(rounds, { ...options, headers, onRound: roundLogger(log, of) });
    }
    case "infinite":
      return ({ log, ...options }) => infinite({ ...options, headers, onRound: roundLogger(log) });
    case "get": {
      if (!argument?.startsWith("/"))
        throw new UsageError(`get: expected a path that begins with "/", got "${argument}"`);
      const counts = { requests: positive("-n", n), concurrency: positive("-c", c) };
      return ({ url, signal }) => load(url + argument, { headers, signal, ...counts });
    }
    default:
      throw new UsageError(`expected basic, limit, infinite or get, got "${verb}"`);
  }
}

/**
 * The totals as lines for people, a figure on each line.
 * @param wholeSeconds with the pauses between rounds
 */
export function totalsText(totals: Totals | ScenarioTotals, wholeSeconds: number): string {
  const hasPauses = "rounds" in totals && totals.rounds > 1;
  const whole = hasPauses ? `, ${wholeSeconds.toFixed(2)} with the pauses between rounds` : "";
  const lines: [string, string][] = [
    ["requests", String(totals.requests)],
    ["failures", String(totals.failures)],
    ["statuses", countsText(totals.statuses)],
    ...("accepted" in totals ? [["accepted", countsText(totals.accepted)] as [string, string]] : []),
    ["requests/s", totals.requests_per_second.toFixed(1)],
    ["seconds", `${totals.seconds.toFixed(2)}${hasPauses ? " of requests" : ""}${whole}`],
    ["p50 ms", totals.p50_ms.toFixed(1)],
    ["p95 ms", totals.p95_ms.toFixed(1)],
    ["p99 ms", totals.p99_ms.toFixed(1)],
  ];
  return lines.map(([name, value]) => `${name.padEnd(12)}${value}`).join("\n");
}

/** The most frequent failure of some requests, with its remedy. */
export function failureText({ statuses }: Totals): string {
  const failed = Object.entries(statuses).filter(([status]) => status !== "200");
  const [status = ""] = failed.sort(([, a], [, b]) => b - a)[0] ?? [];
  const remedy = REMEDIES[status];
  return remedy === undefined ? `got ${status}; npm run status shows what runs` : `got ${status}: ${remedy}`;
}

function countsText(counts: Record<string, number>): string {
  const texts = Object.entries(counts).map(([name, count]) => `${name} ${count}`);
  return texts.join(", ") || "none";
}

/** Returns a function that logs a line with the totals so far. */
function roundLogger(log: RunOptions["log"], of = ""): (totals: ScenarioTotals) => void {
  const started = Date.now();
  return ({ rounds, requests, failures }) => {
    const seconds = ((Date.now() - started) / 1000).toFixed(1);
    log(`round ${rounds}${of}: ${requests} requests, ${failures} failures, ${seconds} s`);
  };
}

function positive(name: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw new UsageError(`${name}: expected a number from 1, got "${text}"`);
  return Number(text);
}

function header(line: string): [string, string] {
  const colon = line.indexOf(":");
  if (colon < 1) throw new UsageError(`-H: expected "Name: value", got "${line}"`);
  return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

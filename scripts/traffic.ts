/**
 * Play the players: send requests to the API, then print what they came to.
 *
 *   npm run traffic -- basic                 60 requests, 20 of each event type
 *   npm run traffic -- limit 11              11 rounds of 20 requests, 5 s between them
 *   npm run traffic -- infinite              rounds without end, 10 s between them; Ctrl-C ends it
 *   npm run traffic -- get '/join_a_guild?region=ny' -n 10 -c 1 -H "Host: user1.att.com"
 *   npm run traffic -- basic -H "Write-Key: KEY"     where the API asks for a key
 *
 * Exit 1 if a request failed, 130 if Ctrl-C ended a run that has an end of its own.
 */
import { parseArgs } from "node:util";
import { recordScript } from "../lib/history.ts";
import { HOST, settings } from "../lib/settings.ts";
import { load, type Totals } from "../lib/traffic/load.ts";
import { basic, infinite, limit, type ScenarioTotals } from "../lib/traffic/scenarios.ts";

const USAGE = `try: npm run traffic -- basic | limit N | infinite | get PATH [-n 10] [-c 1]; with -H "Name: value" for each header`;

recordScript("traffic");
const stop = new AbortController();
const { signal } = stop;
for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => stop.abort());

const url = `http://${HOST}:${settings.ports.api}`;
const started = Date.now();
const [scenario, totals] = await play();
print(totals);
if (totals.failures > 0) {
  const advice =
    totals.statuses["401"] === undefined
      ? "npm run status says what runs"
      : 'it asks for a write key: -H "Write-Key: KEY"';
  console.error(`traffic: expected the API at ${url} to answer 200; ${advice}`);
  process.exitCode = 1;
} else if (signal.aborted && scenario !== "infinite") process.exitCode = 130;

async function play(): Promise<[string, Totals | ScenarioTotals]> {
  const { values, positionals } = readArguments();
  const [verb = "", argument, ...rest] = positionals;
  const headers = Object.fromEntries(values.H.map(header));
  const onRound = (totals: ScenarioTotals) => progress(totals, verb, argument);
  const options = { url, headers, signal, onRound };
  if (rest.length > 0) refuse(`expected at most one word after ${verb}, got "${rest.join(" ")}"`);
  switch (verb) {
    case "basic":
      return [verb, await basic(options)];
    case "limit":
      return [verb, await limit(positive("limit", argument ?? ""), options)];
    case "infinite":
      return [verb, await infinite(options)];
    case "get": {
      if (!argument?.startsWith("/")) refuse(`get: expected a path that begins with "/", got "${argument}"`);
      const [requests, concurrency] = [positive("-n", values.n), positive("-c", values.c)];
      return [verb, await load(url + argument, { headers, requests, concurrency, signal })];
    }
    default:
      refuse(`expected basic, limit, infinite or get, got "${verb}"`);
  }
}

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        n: { type: "string", short: "n", default: "10" },
        c: { type: "string", short: "c", default: "1" },
        H: { type: "string", short: "H", multiple: true, default: [] },
      },
    });
  } catch (error) {
    return refuse((error as Error).message);
  }
}

function positive(name: string, text: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) refuse(`${name}: expected a number from 1, got "${text}"`);
  return Number(text);
}

function header(line: string): [string, string] {
  const colon = line.indexOf(":");
  if (colon < 1) refuse(`-H: expected "Name: value", got "${line}"`);
  return [line.slice(0, colon).trim(), line.slice(colon + 1).trim()];
}

function refuse(message: string): never {
  console.error(`traffic: ${message}; ${USAGE}`);
  process.exit(2);
}

function progress({ rounds, requests, failures }: ScenarioTotals, verb: string, argument?: string): void {
  const of = verb === "limit" ? ` of ${argument}` : "";
  const seconds = ((Date.now() - started) / 1000).toFixed(1);
  console.log(`round ${rounds}${of}: ${requests} requests, ${failures} failures, ${seconds} s`);
}

function print(totals: Totals | ScenarioTotals): void {
  const counts = (record: Record<string, number>) =>
    Object.entries(record)
      .map(([name, count]) => `${name} ${count}`)
      .join(", ") || "none";
  const lines: [string, string][] = [
    ["requests", String(totals.requests)],
    ["failures", String(totals.failures)],
    ["statuses", counts(totals.statuses)],
    ["requests/s", totals.requests_per_second.toFixed(1)],
    ["seconds", totals.seconds.toFixed(2)],
    ["p50 ms", totals.p50_ms.toFixed(1)],
    ["p95 ms", totals.p95_ms.toFixed(1)],
    ["p99 ms", totals.p99_ms.toFixed(1)],
  ];
  if ("accepted" in totals) lines.splice(3, 0, ["accepted", counts(totals.accepted)]);
  for (const [name, value] of lines) console.log(`${name.padEnd(12)}${value}`);
}

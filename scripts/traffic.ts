/** Play players: send requests to the API, then print the totals. */
import { command } from "../lib/command.ts";
import { settings } from "../lib/settings.ts";
import { requestCounts } from "../lib/traffic/scenarios.ts";
import { chooseScenario, failureText, totalsText, trafficOptions } from "../lib/traffic/choose-scenario.ts";

const usage = `npm run traffic -- basic | limit N | infinite | get PATH [-n N] [-c N] [-H TEXT]
  Plays players: sends requests to the API, then prints the totals.
  basic       ${requestCounts.basic} requests, 10 for each step of the game's traffic
  limit N     N rounds of ${requestCounts.round} requests, 5 s between them
  infinite    rounds until Ctrl-C, 10 s between them
  get PATH    -n requests (default 10), -c of them at once (default 1):
              get '/join_a_guild?region=ny' -n 10 -c 1 -H "Host: user1.att.com"
  -H TEXT     a header, "Name: value"; if the API asks for a key:
              -H "Write-Key: KEY"
  Exit code 1: a request failed; 130: Ctrl-C before the end of basic, limit
  or get.`;
const frame = { usage, options: trafficOptions, positionals: true, interruptible: true };

await command("traffic", frame, async ({ values, positionals, signal }) => {
  const run = chooseScenario(positionals, values);
  const started = performance.now();
  const totals = await run({ url: settings.apiUrl, signal, log: console.log });
  console.log(totalsText(totals, (performance.now() - started) / 1000));
  if (totals.failures > 0)
    throw new Error(`expected the API at ${settings.apiUrl} to answer 200, ${failureText(totals)}`);
  return signal.aborted && positionals[0] !== "infinite" ? 130 : 0;
});

/**
 * M7: the time that `query()` adds to a statement, over the elapsed time that Trino itself states.
 *
 * Beside it stands a bare loop over node:http, which reads the same pages and does nothing else.
 * Its time is the limit of any client: Trino answers a small statement in six to eight pages.
 */
import { Agent, request } from "node:http";
import { settings } from "./settings.ts";
import { inTurns, percentile, rounds, tell } from "./testbed/figures.bench.ts";
import { query } from "./trino.ts";

const SQL = "SELECT 1";
const STATEMENTS = 100; // a round
const FEW_STATEMENTS = 10; // of a short one

interface Page {
  nextUri?: string;
  stats: { elapsedTimeMillis: number };
}

/** Prints the figures of M7. It needs a running Trino without TLS. */
export async function benchQuery(isShort: boolean): Promise<void> {
  const agent = new Agent({ keepAlive: true });
  const halves: Record<"query()" | "bare", number[]> = { "query()": [], bare: [] };
  const timed = (side: "query()" | "bare", run: () => Promise<number>) => async () => {
    const over: number[] = [];
    for (let i = 0; i < (isShort ? FEW_STATEMENTS : STATEMENTS); i++) {
      const started = performance.now();
      const elapsed = await run();
      over.push(performance.now() - started - elapsed);
    }
    halves[side].push(percentile(over, 0.5));
    return percentile(over, 0.95);
  };
  const ours = async () => {
    let elapsed = 0;
    await query(SQL, { onStatistics: ({ elapsedTimeMillis }) => (elapsed = elapsedTimeMillis) });
    return elapsed;
  };
  const sides = { "query()": timed("query()", ours), bare: timed("bare", () => runBare(agent)) };
  await inTurns(1, sides); // Java compiles
  for (const side of Object.values(halves)) side.length = 0;
  const tails = await inTurns(rounds(isShort), sides);
  agent.destroy();
  const goal = { is: "at most", value: 5 } as const;
  tell({ id: "M7", what: "query() over Trino's elapsed time, p50", unit: "ms", values: halves["query()"] });
  tell({
    id: "M7",
    what: "query() over Trino's elapsed time, p95",
    unit: "ms",
    values: tails["query()"],
    goal,
  });
  tell({ id: "M7", what: "bare node:http over Trino's elapsed time, p50", unit: "ms", values: halves.bare });
  tell({ id: "M7", what: "bare node:http over Trino's elapsed time, p95", unit: "ms", values: tails.bare });
}

/** Runs the statement page by page; resolves with Trino's elapsed time. */
async function runBare(agent: Agent): Promise<number> {
  let page = await send(agent, `${settings.trinoUrl}/v1/statement`, SQL);
  while (page.nextUri !== undefined) page = await send(agent, page.nextUri);
  return page.stats.elapsedTimeMillis;
}

function send(agent: Agent, url: string, body?: string): Promise<Page> {
  return new Promise((resolve, reject) => {
    const method = body === undefined ? "GET" : "POST";
    const headers = { "X-Trino-User": settings.trinoAccess.user };
    const sent = request(url, { agent, method, headers }, (response) => {
      let text = "";
      response.setEncoding("utf8");
      response.on("data", (part: string) => (text += part));
      response.on("end", () => resolve(JSON.parse(text) as Page));
    });
    sent.on("error", reject);
    sent.end(body);
  });
}

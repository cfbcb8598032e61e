/**
 * A statement → its rows, by Trino's plain REST protocol.
 *
 * The product's client is lib/trino.ts. This module asks whether Trino is ready. Tests and drills
 * also use it as an independent witness for the answers of lib/trino.ts.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { settings } from "../settings.ts";
import { refusePlainPage, trinoLogin } from "../trino-login.ts";
import { getJson } from "./get-json.ts";

const STATEMENT_LIMIT_MS = 60_000;
const NO_WORKER_PAUSE_MS = 200;

interface Page {
  nextUri?: string;
  data?: unknown[][];
  error?: { message: string; errorName: string };
}

/**
 * Runs one statement for at most 60 s. Up to 5 s after Trino's start, no worker has the catalog:
 * then no part of the statement has run, and it is sent again.
 */
export async function runStatement(
  statement: string,
  { trinoUrl }: Pick<typeof settings, "trinoUrl"> = settings,
): Promise<unknown[][]> {
  const { catalog, schema, trinoAccess } = settings;
  const login = { headers: trinoLogin(), ca: trinoAccess.ca };
  const headers = { ...login.headers, "X-Trino-Catalog": catalog, "X-Trino-Schema": schema };
  const send = (): Promise<Page> =>
    getJson(`${trinoUrl}/v1/statement`, { ...login, method: "POST", body: statement, headers });
  const end = Date.now() + STATEMENT_LIMIT_MS; // no until(): each page is another part of one answer
  const rows: unknown[][] = [];
  let page = await send();
  for (;;) {
    if (page.error?.errorName === "NO_NODES_AVAILABLE" && Date.now() < end) {
      await sleep(NO_WORKER_PAUSE_MS);
      page = await send();
      continue;
    }
    rows.push(...(page.data ?? []));
    if (page.error) throw new Error(`${page.error.message}, in ${statement}`);
    if (page.nextUri === undefined) return rows;
    if (Date.now() > end)
      throw new Error(`${statement}: expected a result within ${STATEMENT_LIMIT_MS / 1000} s, got none`);
    refusePlainPage(page.nextUri);
    page = await getJson<Page>(page.nextUri, login);
  }
}

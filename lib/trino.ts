/**
 * Query Trino: one SQL statement in, row objects out.
 *
 * The driver returns each page of a result as it comes. A failed statement is such a page too, with
 * `error` set; nothing is thrown. If that page is the very first answer, `for await` drops it,
 * because the iterator returns it as its `done` value. So this module calls `next()` itself.
 *
 * `connect` replaces the driver's private function for requests, for five reasons. The driver has
 * no time-out, it cannot be interrupted, it rounds integers above 2^53, and it is slow
 * (trino-http.ts). It also hides empty pages, but the first of them have the statement's id, which
 * is needed to cancel the statement.
 *
 * All requests may be sent again: Trino runs a statement only at the request for its first page,
 * and returns the same page for the same address.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type QueryResult, type QueryStats, Trino } from "trino-client";
import { connectionFault } from "./connection-fault.ts";
import { settings } from "./settings.ts";
import { literal, type Parameter } from "./sql.ts";
import { HttpFailure, sendToTrino, type TrinoRequest } from "./trino-http.ts";
import { refusePlainPage, trinoLogin } from "./trino-login.ts";
import { answerText } from "./answer-text.ts";
import { parsePage, type ResultColumn, type Row, rowReader } from "./trino-values.ts";

export type { Parameter, QueryStats, Row };

/** The options of `query`. The settings name the server, the catalog and the schema. */
export interface QueryOptions {
  parameters?: Parameter[]; // one for each `?` of the statement, in order
  timeoutMs?: number; // of the whole statement; a late statement is cancelled
  signal?: AbortSignal; // cancels the statement
  onStatistics?: (statistics: QueryStats) => void; // after each page; the last are the totals
  onColumns?: (names: string[]) => void; // once, also for a result without rows
  server?: string; // e.g. "http://localhost:8080"
  catalog?: string;
  schema?: string;
  session?: Record<string, string>; // session properties, e.g. { "hive.compression_codec": "SNAPPY" }
}

/** A statement that Trino runs. */
export interface RunningStatement {
  id: string; // Trino's
  server: string;
  user: string;
}

/** What a notebook's kernel gives to the statements of its cells (report/kernel-statements.ts). */
export interface StatementHost {
  readonly timeoutMs?: number; // for statements without one of their own
  readonly signal: AbortSignal | undefined; // aborts when the cell is interrupted
  began(statement: RunningStatement): void;
  ended(statement: RunningStatement): void;
}

/** The name of the kernel's host in the global object; other programs have none. */
const STATEMENT_HOST: unique symbol = Symbol.for("questlog.statements");

type Server = Required<Pick<QueryOptions, "server" | "catalog" | "schema">> & Pick<QueryOptions, "session">;

const DEFAULT_TIMEOUT_MS = 60_000;
const CANCEL_TIMEOUT_MS = 5_000;
const MAX_ROWS = 1_000_000; // all rows are held in memory
const MAX_TRIES = 8; // of one request, or of a statement without a worker: about 7 s
const MAX_WAIT_MS = 2_000; // between two tries
const HINT = "npm run status shows what runs";
const LOGIN_HINT = "QUESTLOG_TRINO_USER and QUESTLOG_TRINO_PASSWORD_FILE or QUESTLOG_TRINO_TOKEN_FILE log in";
const CELL_HINT = "; npm run report -- --query-timeout SECONDS, or timeoutMs of query(), sets another limit";

/**
 * Runs `sql` to its end and resolves with all of its rows (at most 1,000,000). trino-values.ts has
 * the JavaScript type of each value.
 * @throws QueryError if Trino rejects the statement, fails or does not answer, at the time-out (60
 * s) and when aborted. The statement is then cancelled on the server.
 */
export async function query<T extends object = Row>(sql: string, options: QueryOptions = {}): Promise<T[]> {
  const host = (globalThis as { [STATEMENT_HOST]?: StatementHost })[STATEMENT_HOST];
  const { parameters = [], signal, onStatistics, onColumns } = options;
  const { timeoutMs = host?.timeoutMs ?? DEFAULT_TIMEOUT_MS } = options;
  const { server = settings.trinoUrl, catalog = settings.catalog, schema = settings.schema } = options;
  const { session = {} } = options;
  const statement = bind(sql, parameters);
  const deadline = AbortSignal.timeout(timeoutMs);
  const cell = host?.signal;
  const stop = AbortSignal.any([deadline, signal, cell].filter((one) => one !== undefined));
  let latest: QueryResult | undefined; // the latest page, empty ones included
  const running = new Map<string, RunningStatement>(); // several, if one is repeated
  const trino = connect({ server, catalog, schema, session }, stop, (page) => {
    latest = page;
    refusePlainPage(page.nextUri);
    if (host && page.id && !running.has(page.id)) {
      const statement = { id: page.id, server, user: settings.trinoAccess.user };
      running.set(page.id, statement);
      host.began(statement);
    }
    if (page.stats) onStatistics?.(page.stats);
  });
  try {
    return (await withWorkers(() => pullRows(trino, sql, statement, stop, onColumns), stop)) as T[];
  } catch (error) {
    const cancelled = latest?.nextUri ? await cancel({ server, catalog, schema }, latest.id) : "";
    if (signal?.aborted)
      throw new QueryError(sql, "ABORTED", `aborted by the caller${cancelled}`, signal.reason);
    if (cell?.aborted)
      throw new QueryError(sql, "ABORTED", `the cell was interrupted${cancelled}`, cell.reason);
    if (deadline.aborted) {
      if (!latest?.stats)
        throw new QueryError(
          sql,
          "NO_ANSWER",
          `${server} has not answered in ${timeoutMs} ms; ${HINT}`,
          error,
        );
      const hint = host && options.timeoutMs === undefined ? CELL_HINT : "";
      const state = `its state is ${latest.stats.state}${cancelled}${hint}`;
      throw new QueryError(sql, "TIME_OUT", `not finished after ${timeoutMs} ms: ${state}`, error);
    }
    throw error instanceof HttpFailure ? fromHttpFailure(sql, server, error) : error;
  } finally {
    for (const statement of running.values()) host?.ended(statement);
  }
}

/**
 * Repeats a statement while no worker has the catalog, as in the first seconds after Trino's start.
 * Such a statement did not run at all.
 */
async function withWorkers<R>(run: () => Promise<R>, signal: AbortSignal): Promise<R> {
  for (let tries = 1; ; tries++) {
    try {
      return await run();
    } catch (error) {
      const isEarly = error instanceof QueryError && error.code === "NO_NODES_AVAILABLE";
      if (!isEarly || tries === MAX_TRIES) throw error;
      await sleep(Math.min(50 * 2 ** tries, MAX_WAIT_MS), undefined, { signal });
    }
  }
}

async function pullRows(
  trino: Trino,
  sql: string,
  statement: string,
  stop: AbortSignal,
  onColumns: QueryOptions["onColumns"],
): Promise<Row[]> {
  const pages = await withRetries(() => trino.query(statement), stop);
  const rows: Row[] = [];
  let read: ((values: unknown[]) => Row) | undefined;
  for (;;) {
    const next = (): Promise<IteratorResult<QueryResult, QueryResult>> => pages.next();
    const { value: page, done } = await withRetries(next, stop);
    if (page.error) throw new QueryError(sql, page.error.errorName, page.error.message);
    if (done) return rows;
    if (page.columns && !read) {
      read = rowReader(page.columns as unknown as ResultColumn[]);
      onColumns?.(page.columns.map(({ name }) => name));
    }
    if (!read || !page.data) continue;
    for (const values of page.data) rows.push(read(values));
    if (rows.length > MAX_ROWS) {
      throw new QueryError(
        sql,
        "TOO_MANY_ROWS",
        `expected at most ${MAX_ROWS} rows: aggregate, or add a LIMIT`,
      );
    }
  }
}

/** Errors that say nothing about the statement: any statement would get them. */
const NOT_THE_STATEMENT = /^(ABORTED|NO_ANSWER|NO_NODES_AVAILABLE|SERVER_STARTING_UP|UNREACHABLE|HTTP_\d+)$/;

/** Thrown when Trino rejects a statement, fails or cannot be reached. */
export class QueryError extends Error {
  override name = "QueryError";
  sql: string;
  code: string; // Trino's errorName, e.g. "TABLE_NOT_FOUND"; or ours: NO_ANSWER, HTTP_401, …

  constructor(sql: string, code: string, message: string, cause?: unknown) {
    super(`${code}: ${message}${NOT_THE_STATEMENT.test(code) ? "" : `\n  in ${sql.trim()}`}`, { cause });
    this.sql = sql;
    this.code = code;
  }
}

/**
 * The statement with its parameters, as text. Trino would take prepared statements in headers,
 * which are too small for some.
 */
function bind(sql: string, parameters: Parameter[]): string {
  if (parameters.length === 0) return sql;
  const values = parameters.map((parameter, i) => {
    try {
      return literal(parameter);
    } catch (error) {
      throw new Error(`parameter ${i + 1}: ${(error as Error).message}\n  in ${sql.trim()}`, {
        cause: error,
      });
    }
  });
  return `EXECUTE IMMEDIATE ${literal(sql)} USING ${values.join(", ")}`;
}

/** A driver that ends at `signal`, keeps all digits, and calls `onPage` with each page. */
function connect(options: Server, signal: AbortSignal, onPage: (page: QueryResult) => void): Trino {
  const { server, catalog, schema, session = {} } = options;
  const properties = Object.entries(session)
    .map(([name, value]) => `${name}=${encodeURIComponent(value)}`)
    .join();
  const headers = {
    ...trinoLogin(),
    "X-Trino-Source": "questlog",
    "X-Trino-Catalog": catalog,
    "X-Trino-Schema": schema,
    ...(properties !== "" && { "X-Trino-Session": properties }),
    "X-Trino-Time-Zone": "UTC",
    "X-Trino-Client-Capabilities": "PARAMETRIC_DATETIME", // otherwise milliseconds
    "Content-Type": "text/plain; charset=utf-8",
  };
  const trino = Trino.create(options);
  const { client } = trino as unknown as { client: object };
  const request = async (sent: TrinoRequest): Promise<unknown> => {
    const text = await sendToTrino(sent, { server, headers, signal });
    if (text === "") return text;
    const page = readPage(text);
    onPage(page);
    return page;
  };
  Object.assign(client, { request });
  return trino;
}

/** @throws HttpFailure if the text is no page of Trino, which always has an id */
function readPage(text: string): QueryResult {
  try {
    const page = parsePage(text) as QueryResult | null;
    if (typeof page?.id === "string") return page;
  } catch {
    // the text is told below
  }
  throw new HttpFailure("answer 200", { response: { status: 200, text } });
}

/** Cancels a statement. Resolves with "", or with an addition to the error if that failed. */
async function cancel(server: Server, id: string): Promise<string> {
  try {
    await connect(server, AbortSignal.timeout(CANCEL_TIMEOUT_MS), () => {}).cancel(id);
    return "";
  } catch (error) {
    return ` (and could not be cancelled: ${(error as Error).message})`;
  }
}

function fromHttpFailure(sql: string, server: string, failure: HttpFailure): QueryError {
  if (failure.response) {
    const { status, text, location } = failure.response;
    const hint = status === 401 ? `; ${LOGIN_HINT}` : "";
    const answer = answerText(text, location);
    const told = status === 200 ? `expected an answer of Trino at ${server}, got` : `${server} answered`;
    return new QueryError(sql, `HTTP_${status}`, `${told} ${answer}${hint}`, failure);
  }
  const fault = connectionFault(failure, new URL(server), "QUESTLOG_TRINO_CA_FILE");
  const isExplained = fault !== failure.message;
  const reason = isExplained ? `: ${fault}` : ` (${failure.code || fault}); ${HINT}`;
  const message = `no answer from Trino at ${server}${reason}`;
  return new QueryError(sql, "UNREACHABLE", message, failure);
}

const TRANSIENT = new Set([429, 502, 503, 504]);
const TRANSIENT_CODES = new Set(["ECONNRESET", "EPIPE", "ETIMEDOUT"]);

/** Repeats a request, with growing pauses, while its failure is transient. */
async function withRetries<T>(request: () => Promise<T>, signal: AbortSignal): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await request();
    } catch (error) {
      if (!(error instanceof HttpFailure) || tries === MAX_TRIES) throw error;
      const { response, code = "" } = error;
      if (!(response ? TRANSIENT.has(response.status) : TRANSIENT_CODES.has(code))) throw error;
      const asked = Number(response?.retryAfter ?? 0) * 1000;
      await sleep(Math.min(Math.max(asked || 0, 50 * 2 ** tries), MAX_WAIT_MS), undefined, { signal });
    }
  }
}

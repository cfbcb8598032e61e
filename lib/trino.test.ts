import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { query } from "./trino.ts";

type Page = object | ((request: IncomingMessage, response: ServerResponse) => void);

const bigint = { name: "n", type: "bigint", typeSignature: { rawType: "bigint", arguments: [] } };

// The driver runs for real, against a server that answers like Trino's REST API: POST opens the
// statement, then each `nextUri` returns one page.
describe("query(sql, options)", () => {
  let server: Server;
  let requests: { method: string; url: string; body: string; headers: IncomingMessage["headers"] }[];
  afterEach(() => {
    server.closeAllConnections();
    server.close();
  });

  async function trino(...pages: Page[]) {
    requests = [];
    server = createServer((request, response) => {
      void (async () => {
        let body = "";
        for await (const chunk of request.setEncoding("utf8")) body += String(chunk);
        const { method = "", url = "", headers } = request;
        requests.push({ method, url, body, headers });
        if (method === "DELETE") return response.writeHead(204).end();
        const i = method === "POST" ? 0 : Number(url.slice(1));
        const page = pages[i]!;
        const nextUri = i + 1 < pages.length ? `http://${headers.host}/${i + 1}` : undefined;
        response.setHeader("content-type", "application/json");
        if (typeof page === "function") page(request, response);
        else response.end(JSON.stringify({ id: "q1", nextUri, ...page }));
      })();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    return { server: `http://127.0.0.1:${port}`, catalog: "hive", schema: "default" };
  }

  /** Answers with each status once, then with the page. */
  function after(statuses: number[], page: object): Page {
    return (_, response) => {
      const status = statuses.shift();
      if (status) response.writeHead(status).end("<html>busy</html>");
      else response.end(JSON.stringify({ id: "q1", ...page }));
    };
  }

  it("returns the rows of all pages in order", async () => {
    const page = (...numbers: number[]) => ({ columns: [bigint], data: numbers.map((n) => [n]) });
    const rows = await query("SELECT n", await trino({}, page(1, 2), {}, page(3), {}));
    assert.deepEqual(rows, [{ n: 1 }, { n: 2 }, { n: 3 }]);
  });

  it("returns no rows for a statement without a result", async () => {
    assert.deepEqual(await query("CREATE TABLE …", await trino({}, {})), []);
  });

  it("throws Trino's message, with the statement, when it fails in the first answer", async () => {
    const error = { errorName: "TABLE_NOT_FOUND", message: "Table 'events' does not exist" };
    const options = await trino({ error });
    await assert.rejects(query("SELECT * FROM events", options), {
      name: "QueryError",
      code: "TABLE_NOT_FOUND",
      sql: "SELECT * FROM events",
      message: "TABLE_NOT_FOUND: Table 'events' does not exist\n  in SELECT * FROM events",
    });
  });

  it("throws Trino's message when it fails after some rows", async () => {
    const error = { errorName: "DIVISION_BY_ZERO", message: "Division by zero" };
    const options = await trino({}, { columns: [bigint], data: [[1]] }, { error });
    await assert.rejects(query("SELECT 1 / n", options), { code: "DIVISION_BY_ZERO" });
  });

  it("keeps every digit of integers beyond 2^53, and leaves text alone", async () => {
    const varchar = { name: "t", type: "varchar", typeSignature: { rawType: "varchar", arguments: [] } };
    const t = 'n:9223372036854775807,"[9223372036854775807\\';
    const head = JSON.stringify({ id: "q1", columns: [bigint, varchar] }).slice(0, -1);
    const options = await trino({}, (_, response) => {
      response.end(`${head},"data":[[9223372036854775807,${JSON.stringify(t)}],[-9007199254740993,"1.5"]]}`);
    });
    assert.deepEqual(await query("SELECT n, t", options), [
      { n: 9223372036854775807n, t },
      { n: -9007199254740993n, t: "1.5" },
    ]);
  });

  it("binds parameters as literals behind the statement", async () => {
    const options = await trino({}, {});
    await query("SELECT * FROM t WHERE a = 'x' AND b = ? AND c > ?", {
      ...options,
      parameters: ["O'Hara", 5],
    });
    assert.equal(
      requests[0]!.body,
      "EXECUTE IMMEDIATE 'SELECT * FROM t WHERE a = ''x'' AND b = ? AND c > ?' USING 'O''Hara', 5",
    );
  });

  it("names the parameter that cannot be bound, and sends nothing", async () => {
    const options = await trino({});
    await assert.rejects(query("SELECT ?, ?", { ...options, parameters: [1, new Date(NaN)] }), {
      message: "parameter 2: expected a valid Date, got Invalid Date\n  in SELECT ?, ?",
    });
    assert.equal(requests.length, 0);
  });

  it("sends a request again after 502, 503, 504 and 429", async () => {
    const last = { columns: [bigint], data: [[7]] };
    const options = await trino({}, after([502, 503, 504, 429], last));
    assert.deepEqual(await query("SELECT n", options), [{ n: 7 }]);
    assert.equal(requests.length, 1 + 5);
  });

  it("runs a statement again while Trino has no worker for it yet", async () => {
    let early = 2;
    const options = await trino({}, (_, response) => {
      const error = { errorName: "NO_NODES_AVAILABLE", message: "No nodes available to run query" };
      const page = early-- > 0 ? { error } : { columns: [bigint], data: [[7]] };
      response.end(JSON.stringify({ id: "q1", ...page }));
    });
    assert.deepEqual(await query("SELECT n", options), [{ n: 7 }]);
    assert.equal(requests.length, 6);
  });

  it("throws the server's answer for any other status", async () => {
    const options = await trino({}, after([400], {}));
    await assert.rejects(query("SELECT n", options), {
      message: `HTTP_400: ${options.server} answered <html>busy</html>`,
    });
  });

  it("reports the statistics of each page, also of pages without rows", async () => {
    const seen: string[] = [];
    const options = await trino(
      { stats: { state: "QUEUED" } },
      { stats: { state: "RUNNING" } },
      {},
      {
        stats: { state: "FINISHED" },
      },
    );
    await query("SELECT n", { ...options, onStatistics: ({ state }) => seen.push(state) });
    assert.deepEqual(seen, ["QUEUED", "RUNNING", "FINISHED"]);
  });

  it("names the state and cancels the statement at the time-out", async () => {
    const options = await trino({ stats: { state: "RUNNING" } }, () => {});
    await assert.rejects(query("SELECT n", { ...options, timeoutMs: 100 }), {
      code: "TIME_OUT",
      message: "TIME_OUT: not finished after 100 ms: its state is RUNNING\n  in SELECT n",
    });
    assert.deepEqual(requests.at(-1), { ...requests.at(-1), method: "DELETE", url: "/v1/query/q1" });
  });

  it("reports a missing answer when the server only accepts the connection", async () => {
    const options = await trino(() => {});
    await assert.rejects(query("SELECT n", { ...options, timeoutMs: 100 }), {
      code: "NO_ANSWER",
      message: `NO_ANSWER: ${options.server} has not answered in 100 ms; npm run status shows what runs`,
    });
  });

  it("cancels the statement when the caller aborts", async () => {
    const abort = new AbortController();
    const options = await trino({}, () => abort.abort());
    await assert.rejects(query("SELECT n", { ...options, signal: abort.signal }), {
      message: "ABORTED: aborted by the caller",
    });
    assert.equal(requests.at(-1)!.method, "DELETE");
  });

  it("refuses a result with two columns of the same name, and cancels the statement", async () => {
    const options = await trino({}, { columns: [bigint, bigint], data: [[1, 2]] }, {});
    await assert.rejects(query("SELECT a.n, b.n", options), /columns of different names, got two "n"/);
    assert.equal(requests.at(-1)!.method, "DELETE");
  });

  it("names Trino's address and the next step when no process listens there", async () => {
    const options = await trino({});
    server.close();
    await assert.rejects(query("SELECT n", options), {
      code: "UNREACHABLE",
      message:
        `UNREACHABLE: no answer from Trino at ${options.server} (ECONNREFUSED); ` +
        "npm run status shows what runs",
    });
  });

  it("asks for exact timestamps, in UTC", async () => {
    await query("SELECT n", await trino({}, {}));
    assert.equal(requests[0]!.headers["x-trino-time-zone"], "UTC");
    assert.equal(requests[0]!.headers["x-trino-client-capabilities"], "PARAMETRIC_DATETIME");
  });

  it("sends session properties with the statement", async () => {
    const session = { "hive.compression_codec": "SNAPPY", "hive.other": "a, b" };
    await query("SELECT n", { ...(await trino({}, {})), session });
    assert.equal(
      requests[0]!.headers["x-trino-session"],
      "hive.compression_codec=SNAPPY,hive.other=a%2C%20b",
    );
  });
});

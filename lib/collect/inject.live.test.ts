// Texts that would be commands if any part of the pipeline ran them. The same events are checked in
// the reply, the log, the topic, the table, and the output of `npm run tail` and `npm run query`.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { query } from "../trino.ts";
import { tables } from "../ask/tables.ts";
import { events } from "../events.ts";
import { peek } from "../envelope.ts";
import { tableFolder, tablesFolder } from "../layout.ts";
import { readTopic } from "../topic.ts";
import { settings } from "../settings.ts";
import { HOSTILE_NAMES, HOSTILE_TEXTS, SQL_TEXTS } from "./hostile.fixture.ts";
import { printFigures } from "../testbed/full.fixture.ts";
import { landAll } from "../testbed/witness.ts";
import type { Child } from "../testbed/child.ts";
import { openPipeline, type Pipeline } from "../testbed/pipeline.ts";
import { askRaw } from "../testbed/raw.ts";
import { runScript } from "../testbed/child.ts";
import { assertInert } from "../testbed/terminal.ts";
import { until } from "../until.ts";

const LOG_LIMIT_MS = 30_000;
const PARAMETERS = 25; // of one statement
const HEADERS = [
  "Content-Type",
  "X-Content-Type-Options",
  "Content-Length",
  "Event-Id",
  "Event-Warning",
  "Date",
  "Connection",
];
const PATHS = [
  "/../../etc/passwd",
  "/%2e%2e/%2e%2e/etc/passwd",
  "/purchase_sword/..;/",
  "/__proto__",
  "/constructor",
]; // no routes

/** An event that was sent. */
interface Sent {
  id: string;
  params: [name: string, value: string][]; // `event_id` included
}

describe("texts with a meaning in HTTP, JSON, SQL, terminals, shells or spreadsheets", function () {
  this.timeout(120_000);
  let pipeline: Pipeline;
  let api: Child;
  let sent: Sent[];
  let logged: number; // requests with a line in the log

  before(async () => {
    pipeline = await openPipeline("inject");
    api = await pipeline.startApi({}, ["--log"]);
    sent = [];
    logged = 0;
  });
  after(() => pipeline.close());

  it("come back in the reply, and add no header to it", async () => {
    for (const value of HOSTILE_TEXTS)
      sent.push(
        await send(
          pipeline,
          ["metal", "player", "note"].map((name) => [name, value]),
        ),
      );
    for (const name of HOSTILE_NAMES) sent.push(await send(pipeline, [[name, '{"polluted":true}']]));
    logged += sent.length;
  });

  it("are not paths: the API answers 404, or 400 to an invalid URL", async () => {
    logged += await askPaths(pipeline);
  });

  it("are in the topic as they were sent", () => checkTopic(pipeline, sent));

  it("are in the table as they were sent", async () => {
    assert.equal(await landAll(pipeline), sent.length);
    await checkTable(pipeline, sent);
  });

  it("reach no terminal as commands: npm run tail and query print them escaped", async () => {
    printFigures({ events: sent.length, printed_chars: await checkTerminal(pipeline, sent) });
  });

  it("are values to SQL, found only where they were sent", () => checkSql(pipeline, sent.length));

  it("name no table, column or folder", () => checkIdentifiers(pipeline));

  it("reach no prototype of an object", async () => {
    logged += await postPrototypes(pipeline);
  });

  it("are in the log as one line of JSON for each request", async () => {
    await checkLog(api, logged);
    printFigures({ log_lines: logged, sql_texts: SQL_TEXTS.length });
  });
});

/**
 * Sends one event, its header `User-Agent` too as far as a header can hold it, and reads the reply
 * to the byte.
 */
async function send({ apiPort }: Pipeline, given: [string, string][]): Promise<Sent> {
  const id = randomUUID();
  const params: [string, string][] = [...given, ["event_id", id]];
  const pairs = params.map(([name, value]) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`);
  const agent = given[0]![1].replace(/[^\x20-\x7e\x80-\xff]/g, "?");
  const { statuses, text } = await askRaw(apiPort, [
    `GET /purchase_sword?${pairs.join("&")} HTTP/1.1\r\nHost: drill\r\nUser-Agent: ${agent}\r\nConnection: close\r\n\r\n`,
  ]);
  assert.deepEqual(statuses, [200], text);
  const end = text.indexOf("\r\n\r\n");
  const names = text
    .slice(0, end)
    .split("\r\n")
    .slice(1)
    .map((line) => line.split(":")[0]!);
  assert.deepEqual(
    names.filter((name) => !HEADERS.includes(name)),
    [],
    "headers of the reply",
  );
  const [, warning] = /^Event-Warning: ([^\r\n]*)/m.exec(text.slice(0, end)) ?? [];
  assert.match(warning!, /^params: expected only metal, [\x20-\x7e]*$/);
  const [, echoed = ""] = /^Sword Purchased: (.*)\n$/.exec(text.slice(end + 4)) ?? [];
  assert.deepEqual(Object.entries(JSON.parse(echoed) as object), params, "the reply");
  assertInert(echoed, "replied");
  return { id, params };
}

/**
 * Asks for paths without a route, and for bytes that are no path, which are not logged. Resolves
 * with the number of logged requests.
 */
async function askPaths({ apiPort }: Pipeline): Promise<number> {
  for (const [path, status] of [...PATHS.map((path) => [path, 404]), ["/\x9b31m", 400]]) {
    const { statuses } = await askRaw(apiPort, [
      `GET ${path} HTTP/1.1\r\nHost: drill\r\nConnection: close\r\n\r\n`,
    ]);
    assert.deepEqual(statuses, [status], String(path));
  }
  return PATHS.length;
}

/**
 * Posts JSON that reaches for every object's prototype; resolves with the number of requests, one
 * good one after them included.
 */
async function postPrototypes({ apiPort, apiUrl }: Pipeline): Promise<number> {
  const bodies = ["__proto__", "constructor", "prototype"].flatMap((name) => {
    const field = `"${name}":{"polluted":"yes","prototype":{"polluted":"yes"}}`;
    return [
      `{${field}}`,
      `{"event_type":"purchase_sword",${field}}`,
      `{"event_type":"purchase_sword","params":{${field}}}`,
    ];
  });
  for (const body of bodies) {
    const head = `POST /events HTTP/1.1\r\nHost: drill\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
    const { statuses, text } = await askRaw(apiPort, [`${head}\r\nConnection: close\r\n\r\n${body}`]);
    assert.ok(statuses.length === 1 && statuses[0]! < 500, text);
  }
  const answer = await fetch(`${apiUrl}/purchase_sword?metal=gold`);
  assert.equal(
    await answer.text(),
    'Sword Purchased: {"metal": "gold"}\n',
    "the reply after prototype injection",
  );
  return bodies.length + 1;
}

async function checkTopic({ topic }: Pipeline, sent: Sent[]): Promise<void> {
  const found = new Map<string, unknown>();
  await readTopic({
    topic,
    onMessage: ({ value }) => {
      const { event_id: id, event_type: type, params } = peek(value);
      assert.equal(type, "purchase_sword");
      found.set(id!, Object.entries(params!));
    },
  });
  for (const { id, params } of sent) assert.deepEqual(found.get(id), params, "the topic");
}

async function checkTable({ schema }: Pipeline, sent: Sent[]): Promise<void> {
  const rows = await query<{ event_id: string; metal: string | null; player: string }>(
    "SELECT event_id, metal, player FROM sword_purchases",
    { schema },
  );
  const byId = new Map(rows.map((row) => [row.event_id, row]));
  for (const { id, params } of sent) {
    const { metal = null, player = "drill" } = Object.fromEntries(params);
    assert.deepEqual(byId.get(id), { event_id: id, metal, player }, "the table");
  }
}

/** Runs the commands that show events; resolves with the number of printed characters. */
async function checkTerminal({ topic, schema }: Pipeline, sent: Sent[]): Promise<number> {
  const from = `${settings.catalog}.${schema}.sword_purchases`;
  const everything = `SELECT * FROM ${from}`;
  const tail = await runScript("tail", ["--all"], { QUESTLOG_TOPIC: topic });
  const json = await runScript("query", [everything, "--json"]);
  const printed = [
    tail,
    json,
    await runScript("query", [everything]),
    await runScript("query", [`SELECT CAST(metal AS integer) FROM ${from} WHERE metal LIKE '%red%'`]), // the error quotes it
  ];
  for (const output of printed) assertInert(output.replaceAll("\n", ""), "printed");
  assert.match(printed.at(-1)!, /Cannot cast/);
  assert.equal(tail.trimEnd().split("\n").length, sent.length, "lines of tail");
  const raw = JSON.parse(json) as { event_id: string; raw_event: string }[];
  for (const line of tail.trimEnd().split("\n")) {
    const envelope = JSON.parse(line) as { event_id: string };
    const row = raw.find(({ event_id: id }) => id === envelope.event_id);
    assert.deepEqual(JSON.parse(row!.raw_event), envelope, "tail and table");
  }
  return printed.join("").length;
}

/** Binds each text to a statement, as a value to return and as a value to find. */
async function checkSql({ schema }: Pipeline, rows: number): Promise<void> {
  for (let at = 0; at < SQL_TEXTS.length; at += PARAMETERS) {
    const some = SQL_TEXTS.slice(at, at + PARAMETERS);
    const values = some.map((_, i) => `(${i}, ?)`).join(", ");
    const found = await query<{ v: string; n: number }>(
      `SELECT v, (SELECT count(*) FROM sword_purchases WHERE metal = v) AS n FROM (VALUES ${values}) AS t (i, v) ORDER BY i`,
      { schema, parameters: some },
    );
    assert.deepEqual(
      found,
      some.map((v) => ({ v, n: HOSTILE_TEXTS.filter((sent) => sent === v).length })),
      "SQL texts",
    );
  }
  assert.deepEqual(await query("SELECT count(*) AS n FROM sword_purchases", { schema }), [{ n: rows }]);
}

/** Tables, columns and folders are only those of the catalogue. */
async function checkIdentifiers({ schema, hdfs, root }: Pipeline): Promise<void> {
  const names = tables.map(({ table }) => table);
  const found = await query<{ table_name: string; columns: string[] }>(
    `SELECT table_name, array_agg(column_name ORDER BY ordinal_position) AS columns FROM information_schema.columns
     WHERE table_schema = ? AND table_name NOT IN (SELECT table_name FROM information_schema.views WHERE table_schema = ?)
     GROUP BY 1`,
    { schema, parameters: [schema, schema] },
  );
  const expected = tables.map(({ table, wanted }) => ({
    table_name: table,
    columns: [...wanted.columns.map(({ name }) => name), "day"],
  }));
  const byName = (a: { table_name: string }, b: { table_name: string }) =>
    a.table_name < b.table_name ? -1 : 1;
  assert.deepEqual(found.sort(byName), expected.sort(byName), "tables and columns");
  const { entries } = await hdfs.list(tablesFolder(root));
  assert.deepEqual(
    entries.map(({ name }) => name).filter((name) => !names.includes(name)),
    [],
    "folders",
  );
  const { table } = events.find(({ type }) => type === "purchase_sword")!;
  const { entries: days } = await hdfs.list(tableFolder(root, table));
  for (const { name } of days) assert.match(name, /^day=\d{4}-\d\d-\d\d$/);
}

/** The log has one line of JSON for each request, without control characters. */
async function checkLog({ log }: Child, requests: number): Promise<void> {
  const lines = () => log.filter((line) => line.includes('"url"'));
  // A request is logged when its connection has closed.
  const ask = () => lines().length >= requests || undefined;
  await until(`${requests} logged requests`, ask, { limitMs: LOG_LIMIT_MS, everyMs: 20 });
  for (const line of log) assertInert(line, "logged");
  for (const line of lines()) JSON.parse(line);
  assert.equal(lines().length, requests, "lines of the log");
}

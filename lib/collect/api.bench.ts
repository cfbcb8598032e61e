/**
 * M1, M2: requests a second of the API, of the original's Flask API, and of an empty express.
 *
 * All three have the same broker and the same load generator, and take turns. An answer of this API
 * means that Kafka has the event; Flask's means nothing, and the empty express does nothing.
 */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { promisify } from "node:util";
import { exampleParameters, widestEvent } from "../catalog.ts";
import { events } from "../events.ts";
import { withAdmin } from "../kafka.ts";
import { prepareVenv } from "../lab/venv.ts";
import { settings } from "../settings.ts";
import { Child } from "../testbed/child.ts";
import { freePort } from "../testbed/free-port.ts";
import {
  cpuSeconds,
  type Goal,
  inTurns,
  ratios,
  rounds,
  tell,
  tellMissing,
} from "../testbed/figures.bench.ts";

const CONNECTIONS = [16, 64, 256];
const OVER_FLASK = [14, 25, 30]; // goals of M1, by connections
const POSTED = 100; // events of a body
const WARM_S = 3; // Node and Python compile, and open their connections
const LIMIT_MS = 15_000; // until a server listens

const event = widestEvent(events);
const query = new URLSearchParams(exampleParameters(event, 0)).toString();
const EMPTY = `import express from "express";
  const api = express();
  api.disable("x-powered-by").disable("etag").set("query parser", false);
  api.get("/*path", (_, response) => response.end("ok"));
  api.listen(Number(process.argv[1]), "127.0.0.1");`;

interface Load {
  perSecond: number;
  cpuMicros: number; // of the server, for each request
  p50Ms: number;
  p99Ms: number;
}

interface Target {
  url: string;
  pid: number;
}

interface Place {
  ours: Target;
  flask: Target;
  empty: Target;
  script: string; // of wrk, for POST
}

/** Prints the figures of M1 and M2. They need a running Kafka. */
export async function benchApi(isShort: boolean): Promise<void> {
  const lacks = await promisify(execFile)("wrk", ["-v"]).catch((error: NodeJS.ErrnoException) => error.code);
  if (lacks === "ENOENT") return tellMissing("M1", "GET and POST", "wrk is missing: apt-get install wrk");
  const python = await prepareVenv(
    "flask",
    join(settings.root, "compose/native/flask-requirements.txt"),
    console.log,
  );
  const folder = mkdtempSync(join(tmpdir(), "questlog-bench-"));
  const topics = ["", "_failed", "_flask"].map(
    (end) => `bench_${folder.slice(-6)}_${randomUUID().slice(0, 8)}${end}`,
  );
  const [topic = "", failed = "", flaskTopic = ""] = topics;
  await withAdmin(settings.kafkaBrokers, (admin) =>
    admin.createTopics({ topics: [{ topic: flaskTopic, numPartitions: 2 }] }),
  );
  const [port, flaskPort, emptyPort] = [await freePort(), await freePort(), await freePort()];
  const api = new Child("api", {
    env: {
      QUESTLOG_API_PORT: String(port),
      QUESTLOG_TOPIC: topic,
      QUESTLOG_FAILED_TOPIC: failed,
      QUESTLOG_HOME: folder,
      QUESTLOG_HISTORY: "/dev/null",
    },
  });
  const peers = [
    start(python, [
      join(import.meta.dirname, "flask.fixture.py"),
      settings.kafkaBrokers[0]!,
      flaskTopic,
      String(flaskPort),
    ]),
    start(process.execPath, ["--input-type=module", "-e", EMPTY, String(emptyPort)]),
  ];
  try {
    await api.ready();
    const script = join(folder, "post.lua");
    writeFileSync(script, postScript());
    const at = (number: number, { pid = 0 }: { pid?: number | undefined }) => {
      return { url: `http://127.0.0.1:${number}${event.route}?${query}`, pid };
    };
    const [flask, empty] = [at(flaskPort, peers[0]!), at(emptyPort, peers[1]!)];
    await Promise.all([flask, empty].map(({ url }) => untilAnswer(url)));
    await compare({ ours: at(port, api), flask, empty, script }, isShort);
  } finally {
    for (const peer of peers) await end(peer);
    await api.signal("SIGTERM");
    await withAdmin(settings.kafkaBrokers, (admin) => admin.deleteTopics({ topics }));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function compare({ ours, flask, empty, script }: Place, isShort: boolean): Promise<void> {
  const seconds = isShort ? 1 : 3;
  for (const target of [ours, flask, empty]) await load(target, 64, WARM_S);
  const post = { ...ours, url: new URL("/events", ours.url).href };
  await load(post, 16, WARM_S, script);
  let flaskAt64: Load[] = [];
  for (const [i, connections] of CONNECTIONS.entries()) {
    const loads = await inTurns(rounds(isShort), {
      ours: () => load(ours, connections, seconds),
      flask: () => load(flask, connections, seconds),
      empty: () => load(empty, connections, seconds),
    });
    tellGets(loads, connections, OVER_FLASK[i]!);
    if (connections === 64) flaskAt64 = loads.flask;
  }
  const { posted } = await inTurns(rounds(isShort), { posted: () => load(post, 16, seconds, script) });
  const what = `POST of ${POSTED} events`;
  const values = posted.map(({ perSecond }) => POSTED * perSecond);
  tell({ id: "M2", what, unit: "events/s", values, goal: { is: "at least", value: 80_000 } });
  const goal = { is: "at least", value: 120 } as const;
  tell({
    id: "M2",
    what: `${what}, over Flask's GET`,
    unit: "times",
    values: ratios(values, flaskAt64.map(speed)),
    goal,
  });
  const micros = posted.map(({ cpuMicros }) => cpuMicros / POSTED);
  tell({ id: "M2", what: `${what}, CPU of the API an event`, unit: "µs", values: micros });
}

function tellGets(
  loads: Record<"ours" | "flask" | "empty", Load[]>,
  connections: number,
  overFlask: number,
): void {
  const at = `GET at ${connections} connections`;
  const { ours, flask, empty } = loads;
  const line = (what: string, unit: string, values: number[], goal?: Goal) =>
    tell({ id: "M1", what: `${at}, ${what}`, unit, values, ...(goal && { goal }) });
  line("accepted and acked", "requests/s", ours.map(speed));
  line("Flask", "requests/s", flask.map(speed));
  line("empty express", "requests/s", empty.map(speed));
  line("over Flask", "times", ratios(ours.map(speed), flask.map(speed)), {
    is: "at least",
    value: overFlask,
  });
  const share = ratios(ours.map(speed), empty.map(speed)).map((ratio) => ratio * 100);
  line("of an empty express", "%", share, connections === 64 ? { is: "at least", value: 35 } : undefined);
  const tails = ours.map(({ p99Ms }, round) => p99Ms / flask[round]!.p50Ms);
  line("p99 over Flask's p50", "times", tails, { is: "at most", value: 1 });
  line("CPU of the API", "µs", ours.map(micros));
  line("CPU of Flask", "µs", flask.map(micros));
  line("CPU of an empty express", "µs", empty.map(micros));
}

const speed = ({ perSecond }: Load): number => perSecond;
const micros = ({ cpuMicros }: Load): number => cpuMicros;

/** Loads a URL by wrk. @throws Error if a server refuses a request */
async function load(
  { url, pid }: Target,
  connections: number,
  seconds: number,
  script?: string,
): Promise<Load> {
  const before = cpuSeconds(pid);
  const words = [
    "-t1",
    `-c${connections}`,
    `-d${seconds}s`,
    "--latency",
    ...(script ? ["-s", script] : []),
    url,
  ];
  const { stdout } = await promisify(execFile)("wrk", words);
  if (/Non-2xx/.test(stdout)) throw new Error(`expected answers 200 of ${url}, got\n${stdout}`);
  const requests = Number(/(\d+) requests in/.exec(stdout)![1]);
  return {
    cpuMicros: ((cpuSeconds(pid) - before) / requests) * 1e6,
    perSecond: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)![1]),
    p50Ms: milliseconds(/^\s+50%\s+(\S+)/m.exec(stdout)![1]!),
    p99Ms: milliseconds(/^\s+99%\s+(\S+)/m.exec(stdout)![1]!),
  };
}

/** `1.25ms`, `870.00us` or `1.02s` → milliseconds */
function milliseconds(text: string): number {
  const [, number, unit] = /^([\d.]+)(us|ms|s)$/.exec(text)!;
  return Number(number) * (unit === "us" ? 0.001 : unit === "s" ? 1000 : 1);
}

function postScript(): string {
  const bodies = Array.from({ length: POSTED }, (_, i) => {
    return { event_type: event.type, player: `user${i}`, params: exampleParameters(event, i) };
  });
  const lines = [
    'wrk.method = "POST"',
    'wrk.headers["Content-Type"] = "application/json"',
    `wrk.body = ${JSON.stringify(JSON.stringify(bodies))}`,
  ];
  return lines.join("\n");
}

function start(file: string, words: readonly string[]): ChildProcess {
  return spawn(file, words, { cwd: settings.root, stdio: "ignore" });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null) return;
  child.kill("SIGTERM");
  await once(child, "close");
}

async function untilAnswer(url: string): Promise<void> {
  const started = performance.now();
  while (performance.now() - started < LIMIT_MS) {
    if ((await fetch(url).catch(() => undefined))?.ok) return;
    await sleep(100);
  }
  throw new Error(`expected an answer of ${url} in ${LIMIT_MS / 1000} s, got none`);
}

// Every command as a process of its own, as npm starts it, with ports and folders of its own.
import assert from "node:assert/strict";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  cpSync,
  globSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { text } from "node:stream/consumers";
import { pathToFileURL } from "node:url";
import { takeLock } from "../lib/lock.ts";
import { DEFAULT_PORTS, portVariable, settings } from "../lib/settings.ts";
import { until } from "../lib/until.ts";

const NO_COMMANDS = ["commands.test", "test-reporter"];
const names = globSync("*.ts", { cwd: join(settings.root, "scripts") })
  .map((file) => basename(file, ".ts"))
  .filter((name) => !NO_COMMANDS.includes(name))
  .sort();

const WITHOUT_WORDS = [
  "check",
  "checksums",
  "images",
  "imports",
  "init",
  "lab",
  "picture",
  "stream",
  "tables",
  "test",
];

const HINT = "npm run status shows what runs";

const AT_ONCE = 4;

/** Runs `check` for each command, four at once: a command starts on one core. */
async function forEachName(check: (name: string) => Promise<void>): Promise<void> {
  const left = names.values();
  const lane = async () => {
    for (const name of left) await check(name);
  };
  await Promise.all(Array.from({ length: AT_ONCE }, lane));
}

type Case = [name: string, args: string[], code: number, firstLine: string];

// Arguments → exit code, and a pattern of the first line: of stderr if the code is not 0.
const CASES: Case[] = [
  ...WITHOUT_WORDS.map((name): Case => [name, ["--nope"], 2, `${name}: unknown option --nope; try: n.+`]),
  ["api", ["now"], 2, 'api: expected no further words, got "now"; try: .*'],
  [
    "bench",
    ["hdfs"],
    2,
    'bench: expected one of idle, query, fresh, api, land, backlog, report, start, engines, age, got "hdfs"; try: npm run bench -- \\[NAME\\] \\[--short\\] \\[--rows N\\] \\[--days N\\]',
  ],
  ["bench", ["query", "--days", "3"], 2, "bench: --days: expected with age only; .*"],
  ["bench", ["--rows", "5000"], 2, "bench: --rows: expected with age only; .*"],
  [
    "bench",
    ["age", "--rows", "9"],
    2,
    'bench: --rows: expected a number from 1000 to 100000000, got "9"; .*',
  ],
  ["bench", ["age", "--days", "0.5"], 2, 'bench: --days: expected a number from 1 to 3650, got "0.5"; .*'],
  ["compare", ["a"], 2, 'compare: expected two runs, got "a"; try: npm run compare -- .*'],
  ["compare", ["no-a", "no-b"], 1, "compare: there is no .*/no-a/results\\.json"],
  ["compare", ["--index", "a", "b"], 2, "compare: --index: expected no words beside it; .*"],
  ["down", [], 0, "nothing was running"],
  [
    "down",
    ["kafka", "--wipe"],
    2,
    "down: --wipe deletes the data of all services; expected no names beside it; .*",
  ],
  [
    "down",
    ["zookeeper"],
    2,
    'down: expected names of services \\(services, hdfs, .*\\), got "zookeeper"; .*',
  ],
  [
    "forget",
    ["--older-than", "-1"],
    2,
    "forget: --older-than: expected a value; write one that begins with - .*",
  ],
  ["drill", ["flood"], 2, 'drill: expected names among .*kill-stream.*, got "flood"; .*'],
  ["drill", ["--seed", "x"], 2, 'drill: --seed: expected an integer from 0 to 999999999, got "x"; .*'],
  ["stream", ["--engine", "spark", "--master", "lokal[2]"], 2, "stream: --master: expected local\\[2\\], .*"],
  ["stream", ["--engine", "spark", "--master", "local[0]"], 2, "stream: --master: expected local\\[2\\], .*"],
  [
    "stream",
    ["--engine", "spark", "--master", "mesos://x"],
    2,
    "stream: --master: expected local\\[2\\], .*",
  ],
  ["stream", ["--engine", "spark", "--master", ""], 2, "stream: --master: expected local\\[2\\], .*"],
  ["tables", ["--dry-run"], 2, "tables: --dry-run: expected --rebuild TABLE beside it; .*"],
  ["tables", ["--check", "--rebuild", "t"], 2, "tables: expected --check or --rebuild, got both; .*"],
  [
    "tables",
    ["--rebuild", "nothing"],
    2,
    'tables: --rebuild: expected a table of lib/game.ts \\(.+\\), got "nothing"; .*',
  ],
  ["failed", ["explain", "a/0/1", "a/0/2"], 2, "failed: explain: expected at most one place, got 2; try: .*"],
  ["failed", ["--limit", "0"], 2, 'failed: --limit: expected a number from 1 to 1000, got "0"; .*'],
  [
    "history",
    ["all"],
    2,
    'history: expected a number of commands, got "all"; try: npm run history -- \\[N\\] .*',
  ],
  [
    "forget",
    ["--player", ""],
    2,
    "forget: --player: expected a name, got an empty one; try: npm run forget .*",
  ],
  ["forget", ["--yes"], 2, "forget: --yes: expected --player NAME or --older-than DAYS beside it; .*"],
  [
    "forget",
    ["--player", "ann", "--older-than", "3"],
    2,
    "forget: --older-than: expected no --player beside it, got both; .*",
  ],
  ...["0", "-1", "1.5", "", "1e3", "soon", "36501"].map((days): [string, string[], number, string] => [
    "forget",
    [`--older-than=${days}`],
    2,
    `forget: --older-than: expected whole days from 1 to 36500, got "${days}"; .*`,
  ]),
  ["forget", ["--nope"], 2, "forget: unknown option --nope; try: .*"],
  ["history", ["replay", "x"], 2, 'history: expected a number of commands, got "x"; .*'],
  ["history", ["--script", "--notebook"], 2, "history: expected one of --script, --notebook and replay; .*"],
  ["history", ["--notebook"], 0, ".*"],
  ["history", [], 0, ""],
  ["key", [], 2, 'key: expected one name, got ""; try: npm run key -- NAME .*'],
  ["key", ["ann", "--limit", "none"], 2, 'key: --limit: expected a number from 1 to 1000000, got "none"; .*'],
  ["key", ["ann", "--limit", "0"], 2, 'key: --limit: expected a number from 1 to 1000000, got "0"; .*'],
  ["key", ["ann", "--limit"], 2, "key: --limit: expected a value, got none; .*"],
  ["status", ["--docker=1"], 2, "status: --docker: expected no value, got one; .*"],
  ["up", ["--wipe"], 2, "up: unknown option --wipe; try: npm run up .*"],
  ["tables", [], 1, `tables: HDFS .* ECONNREFUSED .*; ${HINT}`],
  ["tables", ["--check"], 1, `tables: HDFS .* ECONNREFUSED .*; ${HINT}`],
  ["failed", ["explain"], 1, `failed: UNREACHABLE: .* \\(ECONNREFUSED\\); ${HINT}`],
  ["failed", [], 1, `failed: UNREACHABLE: .* \\(ECONNREFUSED\\); ${HINT}`],
  ["failed", ["explain", "a/b"], 2, 'failed: expected a place TOPIC/PARTITION/OFFSET, got "a/b"; try: .*'],
  ["failed", ["replay", "a/b"], 2, 'failed: expected a place TOPIC/PARTITION/OFFSET, got "a/b"; try: .*'],
  ["trace", ["01901638-8694-739b-aea5-966c26f8ad91"], 1, `trace: UNREACHABLE: .*ECONNREFUSED\\); ${HINT}`],
  ["key", ["ann"], 0, "key for the sender, shown only now:"],
  ["query", [" ; "], 2, "query: expected an SQL statement, got none; try: npm run query -- .*"],
  ["query", ["-- only a comment"], 2, "query: expected an SQL statement, got none; .*"],
  ["query", ["SELECT", "1"], 2, "query: expected SQL in one word: put it into quotes; .*"],
  ["query", ["SELECT 1", "--csv", "--json"], 2, "query: expected one form, got --json and --csv; .*"],
  ["query", ["SELECT 1; SELECT 2", "--json"], 2, "query: --json: expected one statement, got 2; .*"],
  ["query", ["SELECT 1", "-f", "a.sql"], 2, "query: expected SQL or --file, got both; .*"],
  ["query", ["-f", "no.sql"], 2, "query: --file: expected a file to read, got no.sql \\(ENOENT\\); .*"],
  ["query", ["SELECT 1", "--timeout", "0"], 2, 'query: --timeout: expected seconds from .*, got "0"; .*'],
  ["query", ["SELECT 1"], 1, `query: UNREACHABLE: .* \\(ECONNREFUSED\\); ${HINT}`],
  ["report", ["7-none"], 2, 'report: expected a notebook\'s name or path, got "7-none"; .*'],
  ["status", [], 1, "status: not ready: kafka, .*; npm run up starts the services that do not run"],
  ["status", ["--json"], 1, "status: not ready: kafka, .*; npm run up starts the services that do not run"],
  ["status", ["--native", "--docker"], 2, "status: expected --native or --docker, got both; .*"],
  ["tail", ["--type", "gift"], 2, 'tail: --type: expected one of default, .*, got "gift"; .*'],
  ["tail", ["--count", "--follow"], 2, "tail: expected --count or --follow, got both; .*"],
  ["tail", ["-n", "x"], 2, 'tail: -n: expected a number from 0 to 1000000, got "x"; .*'],
  ["tail", [], 1, "tail: .*; npm run status shows what runs"],
  ["audit", [], 1, `audit: HDFS .* ECONNREFUSED .*; ${HINT}`],
  ["audit", ["--all", "--since", "2026-01-31"], 2, "audit: expected --all or --since, got both; try: .*"],
  [
    "audit",
    ["--since", "2026-02-31"],
    2,
    'audit: --since: expected a day like 2026-01-31, got "2026-02-31"; .*',
  ],
  ["trace", ["17"], 2, 'trace: expected one event_id, a UUID, got "17"; try: npm run trace -- EVENT_ID.*'],
  ["traffic", [], 2, 'traffic: expected basic, limit, infinite or get, got ""; try: .*'],
  ["traffic", ["limit", "0"], 2, 'traffic: limit: expected a number from 1, got "0"; .*'],
  ["traffic", ["get", "guild"], 2, 'traffic: get: expected a path that begins with "/", got "guild"; .*'],
  ["traffic", ["basic", "-H", "none"], 2, 'traffic: -H: expected "Name: value", got "none"; .*'],
  ["traffic", ["basic", "basic"], 2, 'traffic: basic: expected no further words, got "basic"; .*'],
  [
    "traffic",
    ["get", "/", "-n", "2"],
    1,
    "traffic: expected the API at \\S+ to answer 200, got ECONNREFUSED; npm run status shows what runs",
  ],
  ["bench", ["fresh", "--short"], 1, `bench: expected the API at \\S+ to answer, got ECONNREFUSED; ${HINT}`],
  ["bench", ["land", "--short"], 1, `bench: .*ECONNREFUSED \\S+; ${HINT}`],
  ["up", ["--native", "--docker"], 2, "up: expected --native or --docker, got both; .*"],
];

describe("commands", function () {
  this.timeout(60_000);
  let home: string;
  let env: NodeJS.ProcessEnv;

  before(async () => {
    home = mkdtempSync(join(tmpdir(), "questlog-"));
    env = { ...process.env, QUESTLOG_HOME: home, QUESTLOG_HISTORY: join(home, "history.jsonl") };
    const names = Object.keys(DEFAULT_PORTS);
    const ports = await freePorts(names.length);
    for (const [i, name] of names.entries()) env[portVariable(name)] = String(ports[i]);
  });
  after(() => rmSync(home, { recursive: true }));

  function start(name: string, args: string[], variables: NodeJS.ProcessEnv = {}) {
    const child = spawn(process.execPath, [join("scripts", "run.js"), name, ...args], {
      cwd: settings.root,
      env: { ...env, ...variables },
      stdio: ["ignore", "pipe", "pipe"],
    });
    const closed = once(child, "close").then(([code]) => code as number | null);
    const ended = Promise.all([closed, text(child.stdout), text(child.stderr)]);
    return { child, ended: ended.then(([code, stdout, stderr]) => ({ code, stdout, stderr })) };
  }

  it("print their form and purpose for --help, in 80 columns, and end with 0", async () => {
    await forEachName(async (name) => {
      const { code, stdout, stderr } = await start(name, ["--help"]).ended;
      assert.deepEqual([code, stderr], [0, ""], name);
      const [form = "", purpose = "", ...others] = stdout.trimEnd().split("\n");
      assert.match(form, new RegExp(`^(npm (run )?${name}|node scripts/${name}\\.ts)( -- .+)?$`));
      assert.match(purpose, /^ {2}[A-Z][a-z]+s,? .+/, name); // "Starts the whole stack, …"
      for (const line of [form, purpose, ...others])
        assert.ok(line.length <= 80, `${name} --help: expected at most 80 columns, got "${line}"`);
    });
  });

  for (const [variable, value, expected] of [
    ["QUESTLOG_API_PORT", "x", "a port from 1 to 65535"],
    ["QUESTLOG_RATE_LIMIT", "many", "a whole number from 0 to 1000000"],
    ["QUESTLOG_TRINO_URL", "trino", "a URL such as http://127.0.0.1:\\d+"],
  ] as const) {
    it(`end with 2 and one sentence if ${variable} is "${value}"`, async () => {
      await forEachName(async (name) => {
        const { code, stdout, stderr } = await start(name, [], { [variable]: value }).ended;
        assert.deepEqual([code, stdout], [2, ""], name);
        assert.match(stderr, new RegExp(`^questlog: ${variable}: expected ${expected}, got "${value}"\n$`));
      });
    });
  }

  for (const [variable, value, expected] of [
    ["QUESTLOG_HOME", "/proc/x", 'expected a folder that can be made and written, got "/proc/x" \\(\\w+\\)'],
    ["QUESTLOG_OUT", "/dev/null/x", "expected a folder that can be made and written, got .*"],
    ["QUESTLOG_APIPORT", "5000", "no such setting; did you mean QUESTLOG_API_PORT\\?"],
    ["QUESTLOG_RETENTION", "player", 'expected player=keep\\|drop\\|truncate\\|hash, got "player"; try: .*'],
    ["QUESTLOG_WRITE_KEYS", "/nowhere", "expected a file that can be read, got .*"],
    ["QUESTLOG_WRITE_KEYS", "/dev/null", "/dev/null: expected at least one key, got none; npm run key .*"],
    ["QUESTLOG_WRITE_KEYS", "LICENSE", ".*LICENSE, line \\d+: expected .*"],
  ] as const) {
    it(`npm run api ends with 2 and one sentence if ${variable} is "${value}"`, async () => {
      const { code, stdout, stderr } = await start("api", [], { [variable]: value }).ended;
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(stderr, new RegExp(`^questlog: ${variable}: ${expected}\n$`));
    });
  }

  for (const [variable, others] of [
    ["QUESTLOG_KAFKA_SASL", { QUESTLOG_KAFKA_SASL: "oauthbearer", QUESTLOG_KAFKA_TOKEN: "t" }],
    ["QUESTLOG_WEBHDFS_KERBEROS", { QUESTLOG_WEBHDFS_KERBEROS: "on" }],
  ] as const) {
    it(`npm run stream -- --engine spark ends with 2 and one sentence with ${variable}`, async () => {
      const given = { QUESTLOG_KAFKA_BROKERS: "a:1", QUESTLOG_WEBHDFS_URL: "https://a:1", ...others };
      const { code, stdout, stderr } = await start("stream", ["--engine", "spark"], given).ended;
      assert.deepEqual([code, stdout], [2, ""], stderr);
      assert.match(stderr, new RegExp(`^stream: ${variable}: expected .* for the engine spark.*\n$`));
    });
  }

  it("warn of a file with a secret that all users of the machine can read", async () => {
    const file = join(home, "password");
    writeFileSync(file, "secret", { mode: 0o644 });
    chmodSync(home, 0o755);
    const given = { QUESTLOG_TRINO_URL: "https://a:1", QUESTLOG_TRINO_PASSWORD_FILE: file };
    const warned = await start("history", [], given).ended;
    assert.equal(
      warned.stderr,
      `questlog: QUESTLOG_TRINO_PASSWORD_FILE: expected a file that only its owner can read, got "${file}"; chmod 600 mends it\n`,
    );
    chmodSync(file, 0o600);
    assert.deepEqual(await start("history", [], given).ended, { ...warned, stderr: "" });
  });

  it("read a file of settings; --env FILE is stronger than QUESTLOG_ENV, the environment than both", async () => {
    const [wrong, right] = [join(home, "wrong.env"), join(home, "right.env")];
    writeFileSync(wrong, "# a second stack\nQUESTLOG_TOPICS=t\n");
    writeFileSync(right, "QUESTLOG_RECENT=none\n");
    const misspelt = "wrong.env, line 2: QUESTLOG_TOPICS: no such setting; did you mean QUESTLOG_TOPIC?";
    const invalid = 'right.env, line 1: QUESTLOG_RECENT: expected a whole number from 0 to 10000, got "none"';
    await forEachName(async (name) => {
      const { code, stdout, stderr } = await start(name, ["--env", wrong]).ended;
      assert.deepEqual([code, stdout, stderr], [2, "", `questlog: ${misspelt}\n`], name);
    });
    for (const args of [["--env", right], [`--env=${right}`]]) {
      const { code, stderr } = await start("history", args, { QUESTLOG_ENV: wrong }).ended;
      assert.deepEqual([code, stderr], [2, `questlog: ${invalid}\n`]);
    }
    const ended = await start("history", ["--env", right], { QUESTLOG_RECENT: "5" }).ended;
    assert.equal(ended.code, 0, ended.stderr);
    const none = await start("history", ["--env"]).ended;
    assert.deepEqual(
      [none.code, none.stderr],
      [2, "questlog: --env: expected a file with settings, got none\n"],
    );
  });

  for (const [name, args, code, firstLine] of CASES) {
    it(`npm run ${[name, ...(args.length > 0 ? ["--", ...args] : [])].join(" ")} ends with ${code}`, async () => {
      const { stdout, stderr, ...ended } = await start(name, args).ended;
      assert.equal(ended.code, code, stdout + stderr);
      const [line = "", ...others] = (code === 0 ? stdout : stderr).split("\n");
      if (code !== 0) assert.deepEqual(others, [""]);
      assert.match(line, new RegExp(firstLine === "" ? "" : `^${firstLine}$`));
    });
  }

  for (const [name, args, code] of [
    ["history", [], 0],
    ["key", ["ann"], 0],
    ["status", [], 0],
    ["down", [], 0],
    ["traffic", ["get", "/", "-n", "2"], 1],
  ] as const) {
    it(`npm run ${[name, ...args].join(" ")} ends with ${code} when nothing reads its output`, async () => {
      const { child, ended } = start(name, [...args]);
      ended.catch(() => {}); // its stdout is destroyed here
      child.stdout.destroy();
      assert.deepEqual(await once(child, "close"), [code, null]);
    });
  }

  it("npm run report waits for another run in the same checkout; Ctrl-C ends the wait", async () => {
    const out = join(home, "out");
    mkdirSync(out);
    assert.equal(takeLock(join(out, "report.lock")), undefined);
    const { child, ended } = start("report", ["1-services"], { QUESTLOG_OUT: out });
    await once(child.stdout, "data");
    child.kill("SIGINT");
    assert.deepEqual(await ended, {
      code: 130,
      stdout: `waiting for process ${process.pid}, which is at work in ${out}\n`,
      stderr: "report: interrupted by SIGINT\n",
    });
  });

  it("npm run status asks this machine itself also where the environment names a proxy", async () => {
    let asked = 0;
    const trino = createServer((_, response) => response.end(`{"asked": ${++asked}}`)).listen(0, "127.0.0.1");
    await once(trino, "listening");
    const url = `http://127.0.0.1:${(trino.address() as AddressInfo).port}`;
    const proxy = "http://127.0.0.1:9"; // nobody answers there
    const names = ["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"];
    const proxies = Object.fromEntries(names.map((name) => [name, proxy]));
    try {
      for (const others of [{}, { NO_PROXY: "other.example" }, { no_proxy: "other.example" }]) {
        asked = 0;
        const given = { ...proxies, NODE_USE_ENV_PROXY: "1", QUESTLOG_TRINO_URL: url, ...others };
        await start("status", [], given).ended;
        assert.ok(asked > 0, JSON.stringify(others));
      }
    } finally {
      trino.close();
    }
  });

  it("npm run traffic prints its totals at Ctrl-C, and ends with 130; `infinite` ends with 0", async () => {
    const api = createServer((_, response) => response.end("ok"));
    api.listen(Number(env.QUESTLOG_API_PORT), "127.0.0.1");
    await once(api, "listening");
    try {
      for (const [args, code] of [
        [["limit", "9"], 130],
        [["infinite"], 0],
      ] as const) {
        const { child, ended } = start("traffic", [...args]);
        await once(child.stdout, "data"); // the first round's line
        child.kill("SIGINT");
        const { stdout, ...end } = await ended;
        assert.equal(end.code, code, stdout);
        assert.match(stdout, /^requests {4}\d+$/m);
        assert.match(stdout, /^p99 ms {6}\d+\.\d$/m);
      }
    } finally {
      api.close();
    }
  });

  for (const [status, reason] of [
    [404, "got 404: the API has no such route"],
    [401, 'got 401: the API asks for a write key: -H "Write-Key: KEY"'],
    [503, "got 503; npm run status shows what runs"],
  ] as const) {
    it(`npm run traffic names the reason when the API answers ${status}`, async () => {
      const api = createServer((_, response) => response.writeHead(status).end());
      api.listen(Number(env.QUESTLOG_API_PORT), "127.0.0.1");
      await once(api, "listening");
      try {
        const { code, stderr } = await start("traffic", ["get", "/no_such_route", "-n", "2"]).ended;
        const expected = `traffic: expected the API at http://127.0.0.1:${env.QUESTLOG_API_PORT} to answer 200`;
        assert.deepEqual([code, stderr], [1, `${expected}, ${reason}\n`]);
      } finally {
        api.close();
      }
    });
  }

  it("npm run history shows the recorded commands, the newest last", async () => {
    await start("key", ["ann", "--limit", "7"]).ended;
    const { stdout } = await start("history", ["1"]).ended;
    assert.match(stdout, /│ key +│ npm run key -- ann --limit 7 +│/);
  });

  it("npm run api listens without Kafka, and ends with 0 at Ctrl-C", async () => {
    const { child, ended } = start("api", []);
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (chunk: string) => (output += chunk));
    const listens = () => /^api listens at http:\/\/127\.0\.0\.1:\d+, and spools/m.test(output) || undefined;
    await until("the API listens", listens, { limitMs: 30_000 });
    child.kill("SIGINT");
    child.kill("SIGINT"); // npm passes on the same Ctrl-C
    assert.equal((await ended).code, 0);
  });

  it("end with 1 and one sentence on a Node that cannot run them", () => {
    const old = join(home, "old.mjs"); // stands for an old Node: it differs by its version only
    writeFileSync(old, 'Object.defineProperty(process, "version", { value: "v20.19.0" });');
    for (const file of ["check-node.js", "run.js"]) {
      const args = ["--import", pathToFileURL(old).href, join("scripts", file), "history"];
      const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
      assert.deepEqual([status, stdout], [1, ""]);
      assert.match(
        stderr,
        /^questlog: npm has no Node \S+ for this system \(.+\), or .+; install Node 26 or later, .+; got v20\.19\.0\n$/,
      );
    }
  });

  it("find the packages of development also with NODE_ENV=production", () => {
    const { stdout } = spawnSync("npm", ["ls", "--depth", "0", "mocha"], {
      cwd: settings.root,
      env: { ...env, NODE_ENV: "production" },
      encoding: "utf8",
    });
    assert.match(stdout, /mocha@/);
  });

  it("are those of package.json", () => {
    const { scripts } = JSON.parse(readFileSync(join(settings.root, "package.json"), "utf8")) as {
      scripts: Record<string, string>;
    };
    const called = Object.values(scripts).flatMap(
      (line) => /^exec node scripts\/run\.js (\S+)$/.exec(line)?.[1] ?? [],
    );
    assert.deepEqual([...called, "checksums", "init"].sort(), names);
  });
});

/** Different free ports. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => (server.address() as AddressInfo).port);
  for (const server of servers) server.close();
  return ports;
}

describe("a checkout whose node_modules lacks", function () {
  this.timeout(30_000);
  let checkout: string;
  beforeEach(() => {
    checkout = mkdtempSync(join(tmpdir(), "questlog-packages-"));
    for (const name of ["package.json", "scripts", "lib"])
      cpSync(join(settings.root, name), join(checkout, name), { recursive: true });
  });
  afterEach(() => rmSync(checkout, { recursive: true }));

  /** Links all packages but one, and starts a command. */
  function startWithout(name: string) {
    const packages = globSync(["*", "@*/*"], { cwd: join(settings.root, "node_modules") });
    for (const one of packages.filter((one) => one !== name && !/^(@[^/]+|\..*)$/.test(one))) {
      mkdirSync(dirname(join(checkout, "node_modules", one)), { recursive: true });
      symlinkSync(join(settings.root, "node_modules", one), join(checkout, "node_modules", one));
    }
    const options = { cwd: checkout, encoding: "utf8" as const };
    // A linked package looks for its own packages beside the link, as a copy would.
    return spawnSync(process.execPath, ["--preserve-symlinks", "scripts/run.js", "status"], options);
  }

  const [binding] = globSync("@antoniomuso/lz4-napi-*", { cwd: join(settings.root, "node_modules") });
  for (const [kind, name, got] of [
    ["a package", "kafkajs", "none named kafkajs"],
    ["the package that breaks lines", "string-width", "none named string-width"],
    ["a part for this machine, as after --omit=optional", binding!, "none for this machine"],
  ] as const)
    it(`${kind} is refused in one sentence`, () => {
      const { status, stdout, stderr } = startWithout(name);
      assert.deepEqual(
        [status, stdout, stderr],
        [
          2,
          "",
          `questlog: expected all packages of package-lock.json in node_modules, got ${got}; npm ci installs them\n`,
        ],
      );
    });
});

describe("a checkout with * in its path", () => {
  it("is refused in one sentence", () => {
    const folder = mkdtempSync(join(tmpdir(), "questlog-*-"));
    mkdirSync(join(folder, "scripts"));
    for (const file of ["package.json", "scripts/run.js", "scripts/node-version.js"])
      cpSync(join(settings.root, file), join(folder, file));
    const args = [join(folder, "scripts", "run.js"), "status"];
    const { status, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
    rmSync(folder, { recursive: true });
    assert.equal(status, 2);
    assert.equal(stderr, `questlog: expected a checkout without * in its path, got "${folder}/"\n`);
  });
});

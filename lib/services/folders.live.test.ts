import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import { DEFAULT_PORTS, HOST, portVariable, settings } from "../settings.ts";
import { until } from "../until.ts";
import { runStatement } from "./plain-trino.ts";

// Names that XML, Java's properties, argument files, URLs or shells would read otherwise.
const NAMES = ['-a b(c)[d]{e}&<>|!~^=+@"#,;:$\\${user.name}*?`id`', `Üé🙂${"long".repeat(40)}`];
// Variables for other programs: of a proxy that nobody answers, of a Turkish JVM, of other servers.
const NOBODY = "http://127.0.0.1:9";
const OTHERS = {
  HTTP_PROXY: NOBODY,
  HTTPS_PROXY: NOBODY,
  http_proxy: NOBODY,
  NODE_USE_ENV_PROXY: "1",
  JAVA_TOOL_OPTIONS: "-Duser.language=tr -Duser.country=TR",
  JDK_JAVA_OPTIONS: "-Xmx1m",
  _JAVA_OPTIONS: "-Xmx1m",
  CLASSPATH: "/nowhere",
  HADOOP_CONF_DIR: "/nowhere",
  HIVE_CONF_DIR: "/nowhere",
  KAFKA_OPTS: "-Dnothing",
  TZ: "Asia/Kolkata",
};
const PORT_OFFSET = 13_000; // the stack of the other live tests runs at the same time

describe("a home, a cache and a temporary folder of any name", function () {
  this.timeout(300_000);
  const folder = join(settings.home, ...NAMES);
  const temporary = join(folder, "tmp dir");
  const ports = Object.fromEntries(
    Object.entries(DEFAULT_PORTS).map(([name, port]) => [portVariable(name), String(port + PORT_OFFSET)]),
  );
  const env = {
    ...process.env,
    ...ports,
    HOME: undefined,
    LC_ALL: "C",
    ...OTHERS,
    TMPDIR: temporary,
    QUESTLOG_CACHE: settings.cache,
    QUESTLOG_HOME: join(folder, "home"),
    QUESTLOG_OUT: join(folder, "out"),
    QUESTLOG_HISTORY: join(folder, "history.jsonl"),
  };
  const run = $({ env, cwd: settings.root, quiet: true });
  before(() => mkdirSync(temporary, { recursive: true }));
  after(async () => {
    await run`npm run -s down`;
    rmSync(join(settings.home, NAMES[0]!), { recursive: true });
  });

  it("lands an event, without a HOME, in the locale C, with the umask 077, behind a proxy", async () => {
    await run`umask 077; npm run -s up -- --native`;
    const answer = await fetch(`http://${HOST}:${DEFAULT_PORTS.api + PORT_OFFSET}/`);
    assert.equal(answer.status, 200);
    const trino = { trinoUrl: `http://${HOST}:${DEFAULT_PORTS.trino + PORT_OFFSET}` };
    const ask = async () => {
      const [row] = await runStatement("SELECT count(*) FROM default_requests", trino);
      return Number(row?.[0]) === 1 || undefined;
    };
    await until("the event has a row", ask, { limitMs: 60_000, everyMs: 500 });
  });

  it("leaves nothing in the temporary folder", async () => {
    await run`npm run -s down`;
    const left = readdirSync(temporary).filter((name) => name !== "node-compile-cache"); // npm's own
    assert.deepEqual(left, []);
  });
});

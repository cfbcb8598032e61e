import assert from "node:assert/strict";
import { mkdirSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import { DEFAULT_PORTS, HOST, portVariable, settings } from "../settings.ts";
import { until } from "../until.ts";
import { runStatement } from "./plain-trino.ts";

// Names that XML, Java's properties, argument files, URLs or shells would read otherwise.
const NAMES = ['-a b(c)[d]{e}&<>|!~^=+@"#,;:$\\${user.name}*?`id`', `Üé🙂${"long".repeat(40)}`];
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

  it("lands an event, without a HOME, in the locale C, with the umask 077", async () => {
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

// The servers in containers, as a user drives them: a stack of its own, on a real engine.
import assert from "node:assert/strict";
import { join } from "node:path";
import { $ } from "zx";
import { DEFAULT_PORTS, HOST, portVariable, settings } from "../settings.ts";
import { runAllCells } from "../testbed/lab-page.ts";
import { until } from "../until.ts";
import { openBrowser } from "../testbed/browser.ts";
import { Child } from "../testbed/child.ts";
import { ComposeProject } from "../testbed/compose-project.ts";
import { findEngineProblem } from "./docker.ts";
import { runStatement } from "./plain-trino.ts";
import { serverNames } from "./services.ts";

const PORT_OFFSET = 16_000; // the stack of the other live tests runs at the same time
const USER = "10001:10001";

describe("a stack in containers", function () {
  this.timeout(10 * 60_000); // the first start builds the images
  const port = (name: keyof typeof DEFAULT_PORTS) => DEFAULT_PORTS[name] + PORT_OFFSET;
  const project = new ComposeProject(`questlog-${port("kafka")}`);
  const home = join(settings.home, "containers");
  const ports = Object.keys(DEFAULT_PORTS).map((name) => [
    portVariable(name),
    String(port(name as keyof typeof DEFAULT_PORTS)),
  ]);
  const env = {
    ...process.env,
    ...(Object.fromEntries(ports) as Record<string, string>),
    QUESTLOG_HOME: home,
    QUESTLOG_OUT: join(home, "out"),
    QUESTLOG_HISTORY: join(home, "history.jsonl"),
  };
  const run = $({ env, cwd: settings.root, quiet: true });
  let isStarted = false;

  before(async function () {
    const problem = await findEngineProblem();
    if (problem === null) {
      isStarted = true;
      await run`npm run -s down -- --wipe --docker`; // rests of a killed run
      return;
    }
    if (process.env.QUESTLOG_TEST_CONTAINERS === "required") throw new Error(problem);
    console.log(`    containers are not tested: ${problem}`);
    this.skip();
  });
  after(async () => {
    if (isStarted) await run`npm run -s down -- --wipe --docker`;
  });

  async function send(): Promise<void> {
    assert.equal((await fetch(`http://${HOST}:${port("api")}/`)).status, 200);
  }

  /** Waits until the table of default requests has `count` rows. */
  async function untilRows(count: number): Promise<void> {
    const trino = { ...settings, trinoUrl: `http://${HOST}:${port("trino")}` };
    const ask = async () => {
      const [row] = await runStatement("SELECT count(*) FROM default_requests", trino);
      if (Number(row?.[0]) === count) return true;
      throw new Error(`${String(row?.[0])} rows`);
    };
    await until(`${count} events have rows`, ask, { limitMs: 90_000, everyMs: 500 });
  }

  it("starts by npm run up, and an event becomes a row", async () => {
    const { stdout } = await run`npm run -s up -- --docker`;
    assert.match(stdout, /^The servers run in containers: this stack was started so\.$/m);
    assert.match(stdout, /^7 services ready/m);
    await send();
    await untilRows(1);
  });

  it("gives no server a right that it does not need", async () => {
    const containers = await project.inspectAll();
    assert.deepEqual([...containers.keys()].sort(), [...serverNames].sort());
    for (const [name, { Config, HostConfig }] of containers) {
      assert.equal(Config.User, USER, name);
      assert.equal(HostConfig.ReadonlyRootfs, true, name);
      assert.deepEqual(HostConfig.CapDrop, ["ALL"], name);
      assert.deepEqual(HostConfig.SecurityOpt, ["no-new-privileges:true"], name);
      assert.ok(HostConfig.Memory > 0 && HostConfig.Memory < 2 ** 31, name);
      const addresses = Object.values(HostConfig.PortBindings)
        .flat()
        .map(({ HostIp }) => HostIp);
      assert.deepEqual([...new Set(addresses)], [HOST], name);
    }
  });

  it("reports each server as healthy to the engine", async () => {
    const ask = async () => {
      const states = [...(await project.inspectAll())].map(
        ([name, { State }]) => `${name} ${State.Health?.Status}`,
      );
      if (states.every((state) => state.endsWith(" healthy"))) return true;
      throw new Error(states.join(", "));
    };
    await until("all servers are healthy", ask, { limitMs: 60_000, everyMs: 500 });
  });

  it("starts a killed server again by itself, and loses no event", async () => {
    await project.crash("kafka", "java");
    await send();
    const isBack = async () => (await project.inspect("kafka")).RestartCount > 0 || undefined;
    await until("Kafka's container is back", isBack, { limitMs: 30_000, everyMs: 200 });
    await untilRows(2);
  });

  it("keeps its rows when it is stopped and started, without an option", async () => {
    await run`npm run -s down`;
    const { stdout } = await run`npm run -s up`;
    assert.match(stdout, /^The servers run in containers: this stack was started so\.$/m);
    await untilRows(2);
  });

  it("runs notebook 1 in JupyterLab, which names the runtime", async function () {
    const browser = await openBrowser();
    if (!browser) return this.skip();
    const lab = new Child("lab", { env, args: ["--docker"] });
    try {
      const [url = ""] = /http:\S+/.exec(await lab.ready()) ?? [];
      const { page } = await runAllCells(browser, { url }, "1-services");
      const outputs = await page.locator(".jp-OutputArea-output").allInnerTexts();
      assert.match(outputs.join("\n"), /The servers run in containers: /);
    } finally {
      await browser.close();
      lab.process.kill("SIGINT");
      await lab.ended(60_000);
    }
  });

  it("runs the whole report, which names the runtime", async () => {
    const { stdout } = await run`npm run -s report`;
    assert.match(stdout, /report\.html/);
    const { stdout: text } =
      await run`grep -c ${"The servers run in containers"} ${join(home, "out", "report.html")}`;
    assert.ok(Number(text) > 0);
  });

  it("leaves no container, volume or network after a wipe", async () => {
    await run`npm run -s down -- --wipe`;
    assert.deepEqual(await project.parts(), []);
  });
});

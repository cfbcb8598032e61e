// The product on a server: Compose starts everything from images, and this checkout's Node nothing.
import assert from "node:assert/strict";
import { join } from "node:path";
import { DEFAULT_PORTS, HOST, portVariable, settings } from "../settings.ts";
import { ComposeProject } from "../testbed/compose-project.ts";
import { printFigures } from "../testbed/full.fixture.ts";
import { startPlayers } from "../testbed/players.ts";
import { seeded } from "../testbed/seeded.ts";
import { until } from "../until.ts";
import { compose, docker, findEngineProblem } from "./docker.ts";
import { prepareImages } from "./images.ts";
import { runStatement } from "./plain-trino.ts";
import { prepareProductImages } from "./product-images.ts";
import { serverNames } from "./services.ts";

const PORT_OFFSET = 6_000; // other stacks of the tests run at the same time
const PROJECT = "questlog-product-test";
const CLIENT = "198.51.100.7";
// The gateway of the containers' network: the address from which the API gets each request.
const PRIVATE_NETWORKS = "172.16.0.0/12,192.168.0.0/16,10.0.0.0/8";

describe("the product in containers, by the profile app", function () {
  this.timeout(10 * 60_000); // the first start builds the images
  const port = (name: keyof typeof DEFAULT_PORTS) => DEFAULT_PORTS[name] + PORT_OFFSET;
  const apiUrl = `http://${HOST}:${port("api")}`;
  const env: Record<string, string> = { QUESTLOG_TRUSTED_PROXIES: PRIVATE_NETWORKS };
  const project = new ComposeProject(PROJECT);
  let isStarted = false;

  before(async function () {
    const problem = await findEngineProblem();
    if (problem !== null) {
      if (process.env.QUESTLOG_TEST_CONTAINERS === "required") throw new Error(problem);
      console.log(`    images of API and stream are not tested: ${problem}`);
      return this.skip();
    }
    for (const name of Object.keys(DEFAULT_PORTS) as (keyof typeof DEFAULT_PORTS)[])
      env[portVariable(name)] = String(port(name));
    isStarted = true;
    await composeStack("down", "--volumes"); // a killed run leaves containers
    env.QUESTLOG_IMAGES = await prepareImages(() => {});
    env.QUESTLOG_PRODUCT_IMAGES = await prepareProductImages(() => {});
  });
  after(async () => {
    if (isStarted) await composeStack("down", "--volumes", "--timeout", "5");
  });

  function composeStack(...words: string[]): Promise<string> {
    const file = join(settings.root, "compose", "compose.yml");
    return compose(["--project-name", PROJECT, "--file", file, "--profile", "app", ...words], env);
  }

  async function untilHealthy(services: readonly string[]): Promise<void> {
    const ask = async () => {
      const found = await Promise.all(services.map((name) => project.inspect(name)));
      const states = found.map(({ State }, i) => `${services[i]} ${State.Status} ${State.Health?.Status}`);
      if (states.every((state) => state.endsWith("running healthy"))) return true;
      throw new Error(states.join(", "));
    };
    await until("all containers are healthy", ask, { limitMs: 120_000, everyMs: 500 });
  }

  function select(sql: string): Promise<unknown[][]> {
    return runStatement(sql, { ...settings, trinoUrl: `http://${HOST}:${port("trino")}` });
  }

  it("starts by Compose alone: servers, topics and tables, API and stream", async () => {
    const start = Date.now();
    await composeStack("up", "--detach");
    await untilHealthy([...serverNames, "api", "stream"]);
    assert.equal((await project.inspect("init")).State.ExitCode, 0);
    printFigures({ started_in_s: Math.round((Date.now() - start) / 1000) });
  });

  it("lands an event, with the address that a trusted proxy tells", async () => {
    const headers = { "X-Forwarded-For": `203.0.113.9, ${CLIENT}` };
    const response = await fetch(`${apiUrl}/purchase_sword?metal=gold`, { headers });
    const id = response.headers.get("event-id");
    const ask = async () => {
      const sql = `SELECT metal, remote_addr FROM sword_purchases WHERE event_id = '${id}'`;
      return (await select(sql))[0];
    };
    const row = await until("the event has a row", ask, { limitMs: 60_000, everyMs: 500 });
    assert.deepEqual(row, ["gold", CLIENT]);
  });

  it("gives API and stream no right that they do not need", async () => {
    for (const name of ["api", "stream", "init"]) {
      const { Config, HostConfig } = await project.inspect(name);
      const { ReadonlyRootfs, CapDrop, SecurityOpt, Memory } = HostConfig;
      const rights = [Config.User, ReadonlyRootfs, CapDrop, SecurityOpt];
      assert.deepEqual(rights, ["10001:10001", true, ["ALL"], ["no-new-privileges:true"]], name);
      assert.ok(Memory > 0 && Memory <= 2 ** 29, name);
    }
  });

  it("loses no accepted event when API and stream are stopped, killed and started under load", async () => {
    const players = startPlayers({ url: () => apiUrl, perSecond: 100, random: seeded(1) });
    try {
      for (const name of ["api", "stream"]) {
        await docker(["stop", "--time", "60", await project.idOf(name)]); // SIGTERM
        assert.equal((await project.inspect(name)).State.ExitCode, 0, name);
        await docker(["start", await project.idOf(name)]);
        await untilHealthy([name]);
      }
      for (const name of ["api", "stream"]) {
        await project.crash(name, "node");
        const isBack = async () => (await project.inspect(name)).RestartCount > 0 || undefined;
        await until(`${name} is back`, isBack, { limitMs: 30_000, everyMs: 200 });
      }
    } finally {
      players.stop();
    }
    const { accepted, givenUp } = await players.done;
    assert.equal(givenUp.size, 0);
    const missing = async () => {
      const landed = new Set((await select("SELECT event_id FROM events")).map(([id]) => String(id)));
      const left = [...accepted.keys()].filter((id) => !landed.has(id)).length;
      if (left === 0) return landed.size;
      throw new Error(`${left} of ${accepted.size} events have no row`);
    };
    const rows = await until("each accepted event has a row", missing, { limitMs: 60_000, everyMs: 1000 });
    assert.equal(rows, accepted.size + 1); // one of the test before
    printFigures({ accepted: accepted.size });
  });

  it("makes topics and tables again without a change, and answers a query, in a container", async () => {
    const run = (...words: string[]) => composeStack("run", "--rm", "-T", "init", ...words);
    const lines = (await run("scripts/init.ts")).trim().split("\n");
    const ended = lines.filter((line) => !/: waits? for /.test(line)); // a busy server may be slow
    assert.deepEqual(ended, ["topic game_events: found", "topic failed_events: found"]);
    assert.match(await run("scripts/query.ts", "SELECT 6 * 7 AS answer", "--json"), /"answer":42/);
  });

  it("leaves nothing after down --volumes", async () => {
    await composeStack("down", "--volumes", "--timeout", "5");
    assert.deepEqual(await project.parts(), []);
  });
});

// npm run new in a copy of the checkout with another game, whose settings are in questlog.env.
import assert from "node:assert/strict";
import { cpSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import { checkoutEnv, copyCheckout, removeCheckout } from "../testbed/checkout.fixture.ts";
import { Ground } from "../testbed/ground.ts";
import { query } from "../trino.ts";
import { until } from "../until.ts";

describe("npm run new -- shop", function () {
  this.timeout(180_000);
  const ground = new Ground("new");
  let folder: string;
  let env: NodeJS.ProcessEnv;

  before(async () => {
    folder = copyCheckout("bookshop");
    const all = Object.entries(await checkoutEnv(folder, ground));
    const isSetting = ([name]: [string, unknown]) => /^QUESTLOG_(?!ENV$)/.test(name);
    const lines = all.filter(isSetting).map(([name, value]) => `${name}=${value}\n`);
    writeFileSync(join(folder, "questlog.env"), lines.join(""));
    env = Object.fromEntries(all.filter((one) => !isSetting(one)));
    delete env.QUESTLOG_ENV;
    delete env.NODE_OPTIONS; // it would preload the tests' own settings
  });
  after(async () => {
    await npm("down");
    removeCheckout(folder);
    await ground.remove();
  });

  async function npm(...args: string[]): Promise<string> {
    const run = $({ cwd: folder, env: { ...env, INIT_CWD: folder }, quiet: true, nothrow: true });
    const { exitCode, stdout, stderr } = await run`npm run --silent ${args}`;
    assert.equal(exitCode, 0, stdout + stderr);
    return stdout;
  }
  const report = () => readFileSync(join(folder, "out", "report.html"), "utf8");

  it("writes a notebook that runs without events, on the services of questlog.env", async () => {
    await npm("up");
    assert.match(await npm("new", "--", "shop"), /^notebooks\/shop\.ipynb\nnpm run report -- shop: /);
    await npm("report", "--", "shop");
    assert.match(report(), /Players sent <strong>0<\/strong> events/);
    assert.match(report(), /<dt>days<\/dt><dd><code>7<\/code> \(default\)/);
  });

  it("runs with events and a parameter, in any folder too", async () => {
    await npm("traffic", "--", "basic");
    const count = async () =>
      (
        await query<{ n: number }>("SELECT count(*) AS n FROM unique_books_bought", { schema: ground.schema })
      )[0]!.n;
    const bought = await until("the books are in the table", async () => (await count()) || undefined, {
      limitMs: 60_000,
      everyMs: 500,
    });
    mkdirSync(join(folder, "my work"));
    cpSync(join(folder, "notebooks", "shop.ipynb"), join(folder, "my work", "a shop.ipynb"));
    await npm("report", "--", "my work/a shop", "--set", "days=1");
    assert.match(report(), new RegExp(`Players sent <strong>${bought}</strong> events`));
    assert.match(report(), /<dt>days<\/dt><dd><code>1<\/code><\/dd>/);
  });
});

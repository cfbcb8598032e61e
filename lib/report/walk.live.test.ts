// The product as its user drives it: by its commands, on the real stack.
import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { $, which } from "zx";
import { settings } from "../settings.ts";
import { openBrowser } from "../testbed/browser.ts";
import { until } from "../until.ts";

const VISIBLE_WITHIN_MS = 10_000;
const npm = $({ quiet: true, cwd: settings.root });

describe("npm run report", function () {
  this.timeout(300_000);
  const file = join(settings.out, "report.html");

  it("ends with exit 0, and a report of the reference run in one file of at most 1 MB", async () => {
    await npm`npm run --silent report -- --strict`;
    const html = readFileSync(file, "utf8");
    assert.ok(Buffer.byteLength(html) <= 1_000_000);
    assert.match(html, /All \d+ cells ran, \d+ claims held/);
    assert.match(
      html,
      /Nothing was lost, nothing doubled: <strong>220<\/strong> requests, <strong>220<\/strong> rows/,
    );
    for (const said of ["gold 60, copper 50", "ny 60, cali 50"]) assert.ok(html.includes(said), said);
    for (const name of ["1-services", "5-report"]) assert.ok(existsSync(join(settings.out, `${name}.ipynb`)));
  });

  it("records which events it counted, so that trace names the bars of one of them", async () => {
    const sql =
      "SELECT event_id FROM unique_sword_purchases WHERE metal = 'gold' ORDER BY received_at DESC LIMIT 1";
    await npm`npm run --silent up -- services`;
    const { stdout } = await npm`npm run --silent query -- ${sql} --json`;
    const [{ event_id }] = JSON.parse(stdout) as [{ event_id: string }];
    const trace = (await npm`npm run --silent trace -- ${event_id}`).stdout;
    for (const bar of ["purchase_sword of Events by type", "gold of purchase_sword by metal"])
      assert.match(trace, new RegExp(` report of \\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d: bar ${bar}\\n`));
  });

  it("makes a page that sends no request, with all its charts, wide and narrow, light and dark", async function () {
    const browser = await openBrowser();
    if (!browser) return this.skip();
    try {
      for (const [width, colorScheme] of [
        [1280, "light"],
        [390, "light"],
        [1280, "dark"],
      ] as const) {
        const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme });
        const requests: string[] = [];
        page.on("request", (request) => requests.push(request.url()));
        await page.goto(pathToFileURL(file).href);
        assert.deepEqual(requests, [pathToFileURL(file).href]);
        assert.equal(await page.getByRole("img").count(), 9);
        assert.ok(
          (await page.getByRole("img", { name: "purchase_sword by metal" }).boundingBox())!.width > 200,
        );
        assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width);
        await page.screenshot({
          path: join(settings.out, `report-${width}-${colorScheme}.png`),
          fullPage: true,
        });
        await page.close();
      }
    } finally {
      await browser.close();
    }
  });
});

describe("npm run up, ab, npm run query", function () {
  this.timeout(120_000);
  const sql = "SELECT metal, count(*) AS swords FROM sword_purchases GROUP BY metal";

  async function swords(): Promise<Record<string, number>> {
    const { stdout } = await npm`npm run --silent query -- ${sql} --json`;
    const rows = JSON.parse(stdout) as { metal: string; swords: number }[];
    return Object.fromEntries(rows.map(({ metal, swords }) => [metal, swords]));
  }

  after(() => npm`npm run --silent down -- api stream`);

  it("shows ten purchases within 10 s", async function () {
    if (!(await which("ab", { nothrow: true }))) return this.skip();
    await npm`npm run --silent up`;
    await npm`npm run --silent status`;
    const before = await swords();
    const url = `${settings.apiUrl}/purchase_sword?metal=gold&power_level=100&magical=False`;
    await npm`ab -n 10 -H ${"Host: user1.att.com"} ${url}`;
    const expected = { ...before, gold: (before.gold ?? 0) + 10 };
    const allVisible = async () => {
      assert.deepEqual(await swords(), expected);
      return true;
    };
    await until("ten purchases are visible", allVisible, { limitMs: VISIBLE_WITHIN_MS, everyMs: 200 });
  });
});

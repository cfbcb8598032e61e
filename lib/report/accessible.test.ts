// A page with every kind of part, checked by axe-core in Chromium: wide and narrow, light and dark.
import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser } from "playwright-core";
import { bars } from "../ask/chart.ts";
import { HEADLINE_TYPE, TILES_TYPE } from "../ask/headline.ts";
import { chartBundle, TABLE_TYPE } from "../ask/show.ts";
import { tableData } from "../ask/table.ts";
import { openBrowser } from "../testbed/browser.ts";
import { runOf } from "../testbed/notebook.fixture.ts";
import { renderReport } from "./html.ts";
import type { Output } from "./notebook.ts";

const MARKDOWN = `# Swords

## Result

Text with [a link](#result), \`code\`, a note[^1], $E = mc^2$ and H<sub>2</sub>O.

- [x] done
- [ ] to do

$$\\sum_{i=1}^{n} x_i$$

| metal | price |
|---|---:|
| gold | 5 |

\`\`\`sql
SELECT ${"'a long line', ".repeat(20)}
\`\`\`

<details>
<summary>More</summary>

Text.

</details>

[^1]: A note.`;

const bundle = (data: Record<string, unknown>): Output => ({
  output_type: "display_data",
  data: data as never,
  metadata: {},
});
const ROWS = Array.from({ length: 60 }, (_, i) => ({ player: `player-${i}`, power: i % 2 ? i : null }));
const METALS = [
  { metal: "gold", n: 60 },
  { metal: "copper", n: 50 },
];
const TILE = { name: "sold", label: "swords sold", text: "60", value: 60, unit: "", note: "this week" };
const OUTPUTS: Output[][] = [
  [bundle({ [HEADLINE_TYPE]: { markdown: "Players bought **60** swords." } })],
  [bundle({ [TILES_TYPE]: { tiles: [TILE] } })],
  [bundle(chartBundle(bars(METALS, { category: "metal", value: "n", title: "Swords by metal" })))],
  [bundle({ [TABLE_TYPE]: tableData(ROWS, "Players") })],
  [
    { output_type: "stream", name: "stdout", text: "printed line\n".repeat(100) },
    { output_type: "stream", name: "stderr", text: "a warning\n" },
    bundle({ "application/json": { a: [1, 2] }, "text/plain": "{ a: [1, 2] }" }),
  ],
];

interface Violation {
  id: string;
  impact: string;
  nodes: { html: string; failureSummary: string }[];
}

describe("the report's page", function () {
  this.timeout(60_000);
  let browser: Browser;
  let folder: string;

  before(async function () {
    const found = await openBrowser();
    if (!found) return this.skip();
    browser = found;
    folder = await mkdtemp(join(tmpdir(), "questlog-axe-"));
  });
  after(async () => {
    if (!browser) return;
    await Promise.all([browser.close(), rm(folder, { recursive: true })]);
  });

  async function open(width: number, colorScheme: "light" | "dark", options = {}) {
    const run = runOf(OUTPUTS, { markdown: MARKDOWN });
    const facts = [{ title: "Services", rows: [["Kafka", "4.1"] as [string, string]] }];
    const file = join(folder, "page.html");
    await writeFile(file, await renderReport(run, { title: "Swords of the week", facts, ...options }));
    const page = await browser.newPage({ viewport: { width, height: 900 }, colorScheme, bypassCSP: true });
    await page.goto(pathToFileURL(file).href);
    return page;
  }

  for (const width of [1280, 390])
    for (const scheme of ["light", "dark"] as const)
      for (const accent of [null, { light: "#7c3aed", dark: "#a87bf3" }])
        it(`has no serious finding at ${width} pixels, ${scheme}${accent ? ", with an accent colour" : ""}`, async () => {
          const front = { title: "", subtitle: "of week 48", author: "Ana", lang: "en", logo: "", accent };
          const page = await open(width, scheme, { front });
          await page.evaluate("for (const one of document.querySelectorAll('details')) one.open = true");
          const axe = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
          await page.addScriptTag({ content: axe });
          const { violations } = await page.evaluate<{ violations: Violation[] }>("axe.run()");
          const found = violations.map(
            ({ id, impact, nodes }) =>
              `${impact} ${id}: ${nodes[0]!.html.slice(0, 200)}: ${nodes[0]!.failureSummary}`,
          );
          assert.deepEqual(found, []);
          assert.equal(await page.evaluate("document.documentElement.scrollWidth"), width);
          await page.close();
        });

  for (const width of [1280, 390])
    it(`breaks long names and values of "About this run" into lines at ${width} pixels`, async () => {
      const facts = [{ title: "Parts", rows: [["n".repeat(120), "v".repeat(200)] as [string, string]] }];
      const page = await open(width, "light", { facts });
      const overlaps = await page.evaluate(`(() => {
        const [name, value] = ["dt", "dd"].map((tag) => document.querySelector(".facts " + tag));
        const text = document.createRange();
        text.selectNodeContents(name);
        return text.getBoundingClientRect().right > value.getBoundingClientRect().left ||
          document.documentElement.scrollWidth > innerWidth;
      })()`);
      assert.equal(overlaps, false);
      await page.close();
    });

  it("sorts a table by the keyboard, numbers by their size and null at the end", async () => {
    const page = await open(1280, "light");
    const powers = () => page.locator("figure.table td:nth-child(2)").allTextContents();
    await page.getByRole("button", { name: "power" }).focus();
    await page.keyboard.press("Enter");
    assert.deepEqual((await powers()).slice(0, 3), ["1", "3", "5"]);
    await page.keyboard.press("Enter");
    assert.deepEqual((await powers()).slice(0, 3), ["59", "57", "55"]);
    assert.equal((await powers()).at(-1), "(none)");
    await page.close();
  });

  it("filters a long table, and tells the number of rows", async () => {
    const page = await open(1280, "light");
    await page.getByRole("searchbox", { name: "Filter the rows of this table" }).fill("player-5");
    assert.equal(await page.locator("figure.table tbody tr:visible").count(), 11);
    assert.equal(await page.getByRole("status").textContent(), "11 of 60 rows");
    await page.close();
  });
});

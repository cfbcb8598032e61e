// Markup that players send must be text in the API's reply, the report and JupyterLab.
//
// A server of this test waits for requests to the payloads' addresses. A variable of the page shows
// whether a script ran. The report is also opened without its policy: escaping alone must suffice.
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { openBrowser } from "../testbed/browser.ts";
import { type Canary, startCanary } from "../testbed/canary.ts";
import { buildLib } from "./build.ts";
import { renderReport } from "./html.ts";
import { runAllCells } from "../testbed/lab-page.ts";
import { startLab } from "../lab/lab.ts";
import { writeNotebook } from "./notebook.ts";
import { textToNotebook } from "../testbed/notebook-text.ts";
import { runNotebooks } from "./run.ts";
import { settings } from "../settings.ts";
import { printFigures } from "../testbed/full.fixture.ts";
import { landAll } from "../testbed/witness.ts";
import { FLAG, payloads } from "./payloads.fixture.ts";
import { freePort } from "../testbed/free-port.ts";
import { openPipeline, type Pipeline } from "../testbed/pipeline.ts";

const LAB_HEIGHT = 20_000; // JupyterLab renders only visible cells
const SETTLE_MS = 1_000; // time for actions of the page itself
const POLICY = /<meta http-equiv="Content-Security-Policy"[^>]*>/;

describe("markup that players send", function () {
  this.timeout(5 * 60_000);
  let browser: Browser;
  let canary: Canary; // its requests come from any page
  let folder: string;
  let pipeline: Pipeline;
  let texts: string[];

  before(async function () {
    const found = await openBrowser();
    if (!found) return this.skip();
    browser = found;
    canary = await startCanary();
    texts = payloads(canary.url);
    folder = await mkdtemp(join(tmpdir(), "questlog-xss-"));
    pipeline = await openPipeline("xss");
  });
  after(async () => {
    if (!browser) return;
    canary.close();
    await Promise.all([browser.close(), pipeline?.close(), rm(folder, { recursive: true })]);
  });
  afterEach(() => assert.deepEqual(canary.asked, [], "requests that left a page"));

  it("is text in the API's reply", async () => {
    await sendAll(browser, texts, pipeline);
    assert.equal(await landAll(pipeline), texts.length);
  });

  it("is text in the report, with its policy and without", async () => {
    await makeNotebook(folder, pipeline);
    printFigures({ payloads: texts.length, report_outputs: await checkReport(browser, texts, folder) });
  });

  it("is text in JupyterLab's outputs", async () => {
    printFigures({ lab_outputs: await checkLab(browser, texts, folder) });
  });
});

/**
 * Sends each payload in a browser's form, in parameters and in User-Agent; checks the reply, and
 * lands the events.
 */
async function sendAll(browser: Browser, texts: string[], pipeline: Pipeline): Promise<void> {
  await pipeline.startApi();
  const page = await browser.newPage();
  const deeds = watch(page, pipeline.apiUrl);
  for (const text of texts) {
    const query = new URLSearchParams({ metal: text, player: text, note: text });
    await page.setExtraHTTPHeaders({ "User-Agent": text });
    await page.goto(`${pipeline.apiUrl}/purchase_sword?${query.toString()}`);
    assert.match(await page.locator("body").innerText(), /^Sword Purchased: \{/);
    await assertInert(page, deeds, "the API's reply");
  }
  await page.close();
}

/** A notebook that shows the payloads in every form of output; its last cell fails with one. */
async function makeNotebook(folder: string, { schema }: Pipeline): Promise<void> {
  await buildLib();
  await mkdir(join(folder, "notebooks"));
  for (const name of ["dist", "node_modules"]) await symlink(join(settings.root, name), join(folder, name));
  const says = [0, 1, 2, 3].map(
    (i) => `texts.filter((_, i) => i % 4 === ${i}).forEach((text) => say\`**said** \${text}\`);`,
  );
  const cells = [
    `import { bars } from "../dist/ask/chart.js";
import { steps } from "../dist/ask/line-chart.js";
import { query } from "../dist/trino.js";
import { say, show, table } from "../dist/ask/show.js";
const rows = await query<{ metal: string }>("SELECT user_agent, metal, player FROM sword_purchases WHERE metal IS NOT NULL", { schema: "${schema}" });
const texts = rows.map(({ metal }) => metal);
const groups = (size: number) => texts.filter((_, i) => i % size === 0).map((_, i) => texts.slice(i * size, (i + 1) * size));`,
    `table(rows, { caption: texts[0], limit: 1000 });`,
    `for (const some of groups(10)) show(bars(some.map((metal) => ({ metal, n: 1 })), { category: "metal", value: "n", title: some[0]! }));`,
    `for (const some of groups(5).slice(0, 10)) show(steps(some.map((metal, i) => ({ metal, n: 1, [some[0]!]: i })), { x: some[0]!, y: "n", series: "metal", title: some[0]! }));`,
    ...says,
    `for (const text of texts) console.log(text);`,
    `for (const text of texts) console.error(text);`,
    `throw new Error(texts.slice(0, 20).join(" "));`,
  ];
  const source = ["// %% [markdown]\n// # Hostile players", ...cells.map((cell) => `// %%\n${cell}`)].join(
    "\n",
  );
  await writeNotebook(join(folder, "notebooks", "hostile.ipynb"), textToNotebook(source, "hostile"));
}

/**
 * Runs the notebook, and opens its report with and without the policy. Resolves with the number of
 * outputs.
 */
async function checkReport(browser: Browser, texts: string[], folder: string): Promise<number> {
  const run = await runNotebooks([join(folder, "notebooks", "hostile.ipynb")], {
    outFolder: join(folder, "out"),
  });
  const cells = run.steps[0]!.cells;
  assert.deepEqual(
    cells.map(({ status }) => status),
    [...cells.slice(1).map(() => "ok"), "failed"],
    JSON.stringify(cells.find(({ status }) => status === "failed")?.cell.outputs.at(-1)).slice(0, 500),
  );
  const facts = texts.slice(0, 50).map((text): [string, string] => [text, text]);
  const html = await renderReport(run, { title: texts[0]!, facts: [{ title: texts[1]!, rows: facts }] });
  for (const [name, text] of Object.entries({ report: html, unprotected: html.replace(POLICY, "") })) {
    const file = join(folder, `${name}.html`);
    await writeFile(file, text);
    const page = await browser.newPage();
    const deeds = watch(page, pathToFileURL(file).href);
    await page.goto(pathToFileURL(file).href);
    await page.waitForTimeout(SETTLE_MS);
    await assertInert(page, deeds, `${name}.html`);
    assert.deepEqual(await page.evaluate(ACTIVE), [], `what acts in ${name}.html`);
    for (const [where, shown] of Object.entries(await page.evaluate<Record<string, string>>(SHOWN)))
      assertShown(texts, shown, `${name}.html, ${where}`);
    await page.close();
  }
  return cells.reduce((sum, { cell }) => sum + cell.outputs.length, 0);
}

/** Runs the notebook in JupyterLab; resolves with the number of outputs that it shows. */
async function checkLab(browser: Browser, texts: string[], folder: string): Promise<number> {
  const lab = await startLab({ folder: join(folder, "notebooks"), port: await freePort() });
  try {
    let deeds: string[] = [];
    const { page, prompts } = await runAllCells(browser, lab, "hostile", {
      height: LAB_HEIGHT,
      prepare: (page) => (deeds = watch(page, new URL(lab.url).origin)),
    });
    await page.waitForTimeout(SETTLE_MS);
    assert.ok(
      prompts.every((prompt) => /\d/.test(prompt)),
      `JupyterLab: expected that all cells ran, got ${prompts.join(" ")}`,
    );
    await assertInert(page, deeds, "JupyterLab");
    assert.deepEqual(await page.evaluate(ACTIVE_IN_LAB), [], "what acts in JupyterLab's outputs");
    const outputs = page.locator(".jp-CodeCell .jp-OutputArea-output");
    assertShown(texts, (await outputs.locator("td").allTextContents()).join("\n"), "JupyterLab, table");
    return await outputs.count();
  } finally {
    await lab.stop();
  }
}

function assertShown(texts: string[], shown: string, where: string): void {
  const missing = texts.find((text) => !shown.includes(text));
  assert.equal(missing, undefined, `${where}: expected the text as it is`);
}

/**
 * Records forbidden actions of `page`: dialogs, and requests to other addresses than `own`, the
 * page's own.
 */
function watch(page: Page, own: string): string[] {
  const deeds: string[] = [];
  page.on("dialog", (dialog) => {
    deeds.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  page.on("request", (request) => {
    if (!request.url().startsWith(own) && !/^(data|blob):/.test(request.url())) deeds.push(request.url());
  });
  return deeds;
}

/** Asserts that no script ran in the page, and that no element could run one. */
async function assertInert(page: Page, deeds: string[], where: string): Promise<void> {
  assert.equal(await page.evaluate(`globalThis.${FLAG}`), undefined, `a script ran in ${where}`);
  assert.deepEqual(deeds, [], `deeds of ${where}`);
}

/** Elements and attributes that act by themselves or at a click; evaluated in the page. */
const ACTIVE = `[...document.querySelectorAll("*")].filter(({ localName, attributes }) =>
  /^(script|iframe|object|embed|img|image|use|link|base|video|form|foreignobject|input)$/i.test(localName) && !attributes.id?.value.startsWith("show") ||
  [...attributes].some(({ name, value }) => /^on/i.test(name) || /^\\s*(javascript|data):/i.test(value)),
).map(({ outerHTML }) => outerHTML.slice(0, 200))`;

/** The same in JupyterLab's outputs, where charts and their menus are allowed. */
const ACTIVE_IN_LAB = `[...document.querySelectorAll(".jp-OutputArea-output *")].filter(({ localName, attributes }) =>
  /^(script|iframe|object|embed|link|base|video)$/i.test(localName) ||
  [...attributes].some(({ name, value }) => /^on/i.test(name) || /^\\s*javascript:/i.test(value)),
).map(({ outerHTML }) => outerHTML.slice(0, 200))`;

/** The text of the report's elements that show the payloads unchanged; evaluated in the page. */
const SHOWN = `Object.fromEntries(Object.entries({ table: "td", charts: "figure.chart svg", stdout: "pre.stdout", stderr: "pre.stderr" })
  .map(([place, selector]) => [place, [...document.querySelectorAll(selector)].map((element) => element.getAttribute("aria-label") ?? element.textContent).join("\\n")]))`;

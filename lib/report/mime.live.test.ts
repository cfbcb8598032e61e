// Hostile content in every form of output, in a browser: no script runs, no request leaves.
//
// It needs Chromium, but no stack. The page is also opened without its policy.
import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { openBrowser } from "../testbed/browser.ts";
import { type Canary, startCanary } from "../testbed/canary.ts";
import { runOf } from "../testbed/notebook.fixture.ts";
import { renderReport } from "./html.ts";
import type { Output } from "./notebook.ts";
import { FLAG, payloads } from "./payloads.fixture.ts";

const SETTLE_MS = 300;
const POLICY = /<meta http-equiv="Content-Security-Policy"[^>]*>/;
const DOT =
  "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==";

const display = (data: Record<string, unknown>): Output => ({
  output_type: "display_data",
  data: data as never,
  metadata: {},
});

/** MIME type → an output with a hostile text in it. */
const KINDS: Record<string, (text: string) => Output> = {
  "text/html": (text) => display({ "text/html": `<p>${text}</p>` }),
  "text/html, in a table": (text) =>
    display({ "text/html": `<table><tr><td title="${text}">${text}</td></tr></table>` }),
  "image/svg+xml": (text) =>
    display({ "image/svg+xml": `<svg xmlns="http://www.w3.org/2000/svg">${text}</svg>` }),
  "image/svg+xml, named": (text) =>
    display({ "image/svg+xml": `<svg><title>${text}</title></svg>`, "text/plain": text }),
  "image/png": (text) => display({ "image/png": DOT, "text/plain": text }),
  "image/png, not one": (text) => display({ "image/png": `${DOT}" ${text}` }),
  "application/json": (text) => display({ "application/json": { [text]: text } }),
  "text/latex": (text) => display({ "text/latex": text }),
  "text/latex, in a macro": (text) =>
    display({ "text/latex": `\\text{${text}} \\href{${text}}{x} \\class{${text}}{x}` }),
  "text/markdown": (text) => display({ "text/markdown": text }),
  "text/javascript": (text) => display({ "text/javascript": text, "text/plain": text }),
  "a MIME type": (text) => display({ [text]: text }),
  "a text in colours": (text) => ({
    output_type: "stream",
    name: "stdout",
    text: `\u001b[31m${text}\u001b[0m ${text}`,
  }),
  "the parts of a colour": (text) => ({
    output_type: "stream",
    name: "stderr",
    text: `\u001b[38;2;${text}mx\u001b[${text}m`,
  }),
  "an error": (text) => ({ output_type: "error", ename: text, evalue: `\u001b[1m${text}`, traceback: [] }),
};

describe("hostile content of outputs", function () {
  this.timeout(120_000);
  let browser: Browser;
  let canary: Canary; // its requests come from any page
  let folder: string;
  let texts: string[];

  before(async function () {
    const found = await openBrowser();
    if (!found) return this.skip();
    browser = found;
    canary = await startCanary();
    texts = payloads(canary.url);
    folder = await mkdtemp(join(tmpdir(), "questlog-mime-"));
  });
  after(async () => {
    if (!browser) return;
    canary.close();
    await Promise.all([browser.close(), rm(folder, { recursive: true })]);
  });

  for (const [kind, outputOf] of Object.entries(KINDS)) {
    it(`is inert: ${kind}`, async () => {
      const html = await renderReport(runOf([texts.map(outputOf)]), { title: "T", facts: [] });
      for (const page of [html, html.replace(POLICY, "")]) assert.deepEqual(await deedsOf(page), []);
      assert.deepEqual(canary.asked, []);
    });
  }

  /** Opens the page; resolves with the actions and the elements that are forbidden. */
  async function deedsOf(html: string): Promise<string[]> {
    const file = join(folder, "page.html");
    await writeFile(file, html);
    const page = await browser.newPage();
    const deeds: string[] = [];
    page.on("dialog", (dialog) => {
      deeds.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on("request", (request) => {
      if (!/^(file|data|blob):/.test(request.url())) deeds.push(request.url());
    });
    await page.goto(pathToFileURL(file).href);
    await clickAll(page);
    await page.waitForTimeout(SETTLE_MS);
    if (await page.evaluate(`globalThis.${FLAG}`)) deeds.push("a script ran");
    deeds.push(...(await page.evaluate<string[]>(ACTIVE)));
    await page.close();
    return deeds;
  }

  async function clickAll(page: Page): Promise<void> {
    await page.evaluate(
      `document.querySelectorAll("main a, main summary, main td, main p").forEach((one) => one.click())`,
    );
  }
});

/** Elements and attributes that act, except pictures of data; evaluated in the page. */
const ACTIVE = `[...document.querySelectorAll("*")].filter((one) =>
  /^(script|iframe|object|embed|image|use|link|base|video|audio|form|foreignobject|input|style)$/i.test(one.localName) && one.id !== "show-code" && one.parentElement !== document.head ||
  one.localName === "img" && !/^data:image\\/(png|svg\\+xml);base64,[\\w+/=]+$/.test(one.getAttribute("src")) ||
  [...one.attributes].some(({ name, value }) => /^on|^style$/i.test(name) || /^\\s*javascript:/i.test(value) || name === "href" && !/^#|\\.ipynb$/.test(value)),
).map(({ outerHTML }) => outerHTML.slice(0, 200))`;

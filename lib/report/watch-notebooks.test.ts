// The watch as its user sees it: files are edited, the served page follows. Real kernel, no
// services.
import assert from "node:assert/strict";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { get } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { textToNotebook } from "../testbed/notebook-text.ts";
import { until } from "../until.ts";
import { withScript } from "./live-page.ts";
import { formatNotebook } from "./notebook.ts";
import { watchNotebooks } from "./watch-notebooks.ts";

describe("watchNotebooks(paths, options)", function () {
  this.timeout(60_000);
  let folder: string;
  let file: string;
  let lines: string[];
  let abort: AbortController;
  let ended: Promise<void>;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "questlog-watch-"));
    file = join(folder, "shop.ipynb");
    lines = [];
    abort = new AbortController();
  });
  afterEach(async () => {
    abort.abort();
    await ended;
    rmSync(folder, { recursive: true });
  });

  const save = (text: string): void => writeFileSync(file, formatNotebook(textToNotebook(text, "shop")));
  const start = (path = file): void => {
    const options = { title: "T", facts: [], out: folder, signal: abort.signal };
    ended = watchNotebooks([path], { ...options, log: (line) => lines.push(line) });
  };
  const line = (pattern: RegExp): Promise<string> =>
    until(`a line ${pattern.source}`, () => lines.find((one) => pattern.test(one)), {
      limitMs: 30_000,
      everyMs: 5,
    });
  const url = async (): Promise<string> => (await line(/^http:/)).split(" ")[0]!;

  it("shows each edit, runs what depends on it, and tells the page of it", async () => {
    save(
      "// %%\nconst price = 41 + 1;\n// %%\nconsole.log(`sold ${price}`);\n// %%\nconsole.log(`other`);\n",
    );
    start();
    const address = await url();
    assert.match(await (await fetch(address)).text(), /sold 42/);
    const events = await fetch(`${address}events`);
    const reader = events.body!.pipeThrough(new TextDecoderStream()).getReader();
    assert.match((await reader.read()).value!, /data: 1\n/);
    save(
      "// %%\nconst price = 41 + 2;\n// %%\nconsole.log(`sold ${price}`);\n// %%\nconsole.log(`other`);\n",
    );
    assert.match((await reader.read()).value!, /^data: 2\n/);
    const html = await (await fetch(address)).text();
    assert.match(html, /sold 43/);
    assert.match(await line(/^2 of 3 cells ran/), /watch\/report\.html/);
    assert.match(html, /<script>/);
    assert.doesNotMatch(readFileSync(join(folder, "watch", "report.html"), "utf8"), /<script/);
    assert.equal(existsSync(join(folder, "report.html")), false); // the last report stays as it is
  });

  it("follows the file that a link names", async () => {
    save("// %%\nconsole.log(`sold 1`);\n");
    mkdirSync(join(folder, "links"));
    const link = join(folder, "links", "other name.ipynb");
    symlinkSync(file, link);
    start(link);
    const address = await url();
    save("// %%\nconsole.log(`sold 2`);\n");
    await until(
      "the edited page",
      async () => /sold 2/.test(await (await fetch(address)).text()) || undefined,
      {
        limitMs: 30_000,
      },
    );
  });

  it("follows a notebook whose folder is deleted and made again, as git does it", async () => {
    const inside = join(folder, "notes");
    mkdirSync(inside);
    const path = join(inside, "shop.md");
    const text = (n: number) => `# Shop\n\n\`\`\`ts\nconsole.log("sold", ${n});\n\`\`\`\n`;
    writeFileSync(path, text(1));
    start(path);
    const address = await url();
    rmSync(inside, { recursive: true });
    await line(/ENOENT.*waiting for the next edit/);
    mkdirSync(inside);
    writeFileSync(path, text(2));
    const pageHas = (n: number) =>
      until(
        "the edited page",
        async () => (await (await fetch(address)).text()).includes(`sold ${n}`) || undefined,
        { limitMs: 30_000 },
      );
    await pageHas(2);
    writeFileSync(path, text(3));
    await pageHas(3);
  });

  it("a saved page that cannot be written does not end the watch", async () => {
    mkdirSync(join(folder, "watch", "report.html"), { recursive: true });
    save("// %%\nconsole.log('one');\n");
    start();
    const address = await url();
    await line(/watch\/report\.html is not written: /);
    assert.match(await (await fetch(address)).text(), /one/);
    save("// %%\nconsole.log('two');\n");
    await until(
      "the edited page",
      async () => (await (await fetch(address)).text()).includes("two") || undefined,
      { limitMs: 30_000 },
    );
  });

  it("runs all cells in a fresh kernel after an edit of a file that a cell imports", async () => {
    const price = (n: number): void =>
      writeFileSync(join(folder, "price.ts"), `export const price: number = ${n};\n`);
    price(41);
    writeFileSync(join(folder, "shop.ts"), 'export { price } from "./price";\n');
    save('// %%\nimport { price } from "./shop";\n// %%\nconsole.log(`sold ${price}`);\n');
    start();
    const address = await url();
    assert.match(await (await fetch(address)).text(), /sold 41/);
    price(42);
    await line(/^2 of 2 cells ran, in a fresh kernel: price\.ts has changed/);
    assert.match(await (await fetch(address)).text(), /sold 42/);
  });

  it("waits for the next edit when a file is broken or a cell fails", async () => {
    save("// %%\nconsole.log('one');\n");
    start();
    const address = await url();
    writeFileSync(file, '{"cells": [');
    await line(/shop: .*JSON.*; waiting for the next edit/);
    save("// %%\nthrow new RangeError('too many');\n");
    await line(/Failed in shop, cell 1[^]*RangeError: too many/);
    save("// %%\nconsole.log('two');\n");
    await until(
      "the page shows the edit",
      async () => /two/.test(await (await fetch(address)).text()) || undefined,
      {
        limitMs: 30_000,
      },
    );
  });

  it("tells the page of a broken notebook, until the mend", async () => {
    const good = "// %%\nconsole.log('one');\n";
    save(good);
    start();
    const address = await url();
    const pageHas = (pattern: RegExp, isThere = true) =>
      until(
        `the page ${isThere ? "has" : "lacks"} ${pattern.source}`,
        async () => pattern.test(await (await fetch(address)).text()) === isThere || undefined,
        { limitMs: 30_000 },
      );
    for (const [broken, reason] of [
      ['{"cells": [', /role="alert"><p>[^]*JSON[^]*one/],
      [
        formatNotebook(textToNotebook("// %% [markdown]\n// {{ lost }} rows\n// %%\n1;\n", "shop")),
        /role="alert"><p>[^]*got lost/,
      ],
    ] as const) {
      writeFileSync(file, broken);
      await pageHas(reason);
      writeFileSync(file, `${broken} `); // an editor saves once more
      save(good);
      await pageHas(/role="alert"/, false);
      await pageHas(/one/);
    }
    assert.equal(lines.filter((one) => /waiting for the next edit/.test(one)).length, 2);
    assert.doesNotMatch(readFileSync(join(folder, "watch", "report.html"), "utf8"), /role="alert"/);
  });

  it("an edit interrupts the cell that runs", async () => {
    save("// %%\nconst a = 1;\n// %%\nconsole.log('one');\n");
    start();
    const address = await url();
    save("// %%\nconst a = 1;\n// %%\nawait new Promise((end) => setTimeout(end, 50_000, 'one'));\n");
    await new Promise((end) => setTimeout(end, 500)); // the cell runs
    save("// %%\nconst a = 1;\n// %%\nconsole.log('three');\n");
    await until(
      "the page shows the edit",
      async () => />three/.test(await (await fetch(address)).text()) || undefined,
      {
        limitMs: 30_000,
      },
    );
  });

  it("answers only requests that name its own host", async () => {
    save("// %%\nconsole.log('one');\n");
    start();
    const address = await url();
    const status = (path: string, host: string): Promise<number | undefined> =>
      new Promise((resolve, reject) =>
        get(new URL(path, address), { headers: { host } }, (response) => {
          response.destroy();
          resolve(response.statusCode);
        }).on("error", reject),
      );
    assert.equal(await status("/", new URL(address).host), 200);
    assert.equal(await status("/", "evil.example"), 403);
    assert.equal(await status("/x", new URL(address).host), 404);
  });

  it("ends its kernels and its page", async () => {
    save("// %%\nconsole.log(`pid ${process.pid};`);\n");
    start();
    const address = await url();
    const pid = Number(/pid (\d+);/.exec(await (await fetch(address)).text())![1]);
    process.kill(pid, 0);
    abort.abort();
    await ended;
    assert.throws(() => process.kill(pid, 0), { code: "ESRCH" });
    await assert.rejects(fetch(address));
  });
});

describe("withScript(html)", () => {
  it("permits its script in a policy with and without other scripts", () => {
    const page = (policy: string): string =>
      `<meta http-equiv="Content-Security-Policy" content="${policy}"><body></body>`;
    const hash = /'sha256-[^']+'/.exec(withScript(page("default-src 'none'")))![0];
    for (const [policy, expected] of [
      ["default-src 'none'", `default-src 'none'; script-src ${hash}; connect-src 'self'`],
      [
        "default-src 'none'; script-src 'sha256-x'",
        `default-src 'none'; script-src 'sha256-x' ${hash}; connect-src 'self'`,
      ],
    ] as const)
      assert.ok(withScript(page(policy)).includes(`content="${expected}"`), policy);
  });
});

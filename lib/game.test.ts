import assert from "node:assert/strict";
import { globSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import { events } from "./events.ts";
import { copyCheckout, removeCheckout } from "./testbed/checkout.fixture.ts";

// A copy of the checkout in which only lib/game.ts is changed: it has the events of a bookshop.
describe("lib/game.ts with the events of another game", function () {
  this.timeout(60_000);
  let folder: string;

  before(() => {
    folder = copyCheckout("bookshop");
  });
  after(() => removeCheckout(folder));

  /** Runs a module in the copy, and resolves with the JSON that it prints. */
  async function run(source: string): Promise<unknown> {
    writeFileSync(join(folder, "probe.ts"), source);
    return JSON.parse((await $({ cwd: folder, quiet: true })`${process.execPath} probe.ts`).stdout);
  }

  // These do their work when a process loads them: kernel-side, kernel-cache, build-first,
  // statement-watch.
  it("loads every module of lib", async () => {
    const loaded = await run(`
      import { globSync } from "node:fs";
      const files = globSync("lib/**/*.ts").filter((file) => !/(\\.(test|fixture|bench)|kernel-side|kernel-cache|build-first|statement-watch)\\.ts$/.test(file));
      for (const file of files) await import("./" + file);
      console.log(files.length);
    `);
    assert.ok((loaded as number) > 100, `expected more than 100 modules, got ${String(loaded)}`);
  });

  it("answers on the other game's routes, and on no route of the original", async () => {
    const answers = await run(`
      import { createApi } from "./lib/collect/api.ts";
      import { serve } from "./lib/collect/serve.ts";
      const listener = await serve(createApi({ publish: async () => "kafka", whyNotReady: () => null }), 0);
      const answers = [];
      for (const path of ["/visit_shop", "/buy_book?genre=crime&pages=300", "/buy_book?pages=many", "/purchase_sword"]) {
        const answer = await fetch("http://127.0.0.1:" + listener.port + path);
        answers.push([answer.status, await answer.text()]);
      }
      console.log(JSON.stringify(answers));
      await listener.close();
    `);
    const [visit, buy, unfit, unknown] = answers as [number, string][];
    assert.deepEqual(visit, [200, "Welcome\n"]);
    assert.deepEqual(buy, [200, 'Book Bought: {"genre": "crime", "pages": "300"}\n']);
    assert.equal(unfit![0], 400);
    assert.match(unfit![1], /pages: expected an integer/);
    assert.equal(unknown![0], 404);
    assert.match(unknown![1], /expected one of \/visit_shop, \/buy_book, \/return_book, got/);
  });
});

describe("A command with a lib/game.ts that cannot be loaded", function () {
  this.timeout(60_000);
  const wrong: [subject: string, source: string, line: RegExp][] = [
    [
      "is no TypeScript",
      'export const game = [\n  { type: "a"\n',
      /^questlog: lib\/game\.ts, line \d: Expected/,
    ],
    [
      "uses an unknown name",
      "export const game = [\n  { type: slay },\n];\n",
      /^questlog: lib\/game\.ts, line 2: slay is not defined$/,
    ],
    [
      "has a wrong entry",
      'export const game = [{ type: "a", parameters: { n: "int" } }];\n',
      /^questlog: lib\/game\.ts, event "a", parameter "n": expected a type of text/,
    ],
  ];
  for (const [subject, source, line] of wrong)
    it(`ends with 2 and one sentence if it ${subject}`, async () => {
      const folder = copyCheckout("bookshop");
      try {
        writeFileSync(join(folder, "lib", "game.ts"), source);
        const child = $({ cwd: folder, quiet: true, nothrow: true });
        const { exitCode, stderr } = await child`${process.execPath} scripts/run.js tables`;
        assert.equal(exitCode, 2);
        assert.match(stderr.trimEnd(), line);
        assert.equal(stderr.trimEnd().split("\n").length, 1);
      } finally {
        removeCheckout(folder);
      }
    });
});

// The other tests have the original's game; this one has the game of this checkout.
describe("lib/game.ts of this checkout", () => {
  it("is valid, and the API accepts each request of its traffic and its examples", async () => {
    const lib = import.meta.dirname;
    const source = `
      import { createApi } from "${lib}/collect/api.ts";
      import { serve } from "${lib}/collect/serve.ts";
      import { events } from "${lib}/events.ts";
      import { gameTraffic } from "${lib}/game-traffic.ts";
      import { exampleRequests } from "${lib}/traffic/examples.ts";
      import { trafficOf } from "${lib}/traffic/steps.ts";
      const listener = await serve(createApi({ publish: async () => "kafka", whyNotReady: () => null }), 0);
      const { basic, odd, even } = trafficOf(events, gameTraffic);
      const refused = [];
      for (const { path } of [...basic, ...odd, ...even, ...exampleRequests(events)]) {
        const answer = await fetch("http://127.0.0.1:" + listener.port + path);
        if (answer.status !== 200) refused.push(path + ": " + (await answer.text()));
      }
      console.log(JSON.stringify(refused));
      await listener.close();
    `;
    const env = { ...process.env, NODE_OPTIONS: undefined };
    const { stdout } = await $({ quiet: true, env })`${process.execPath} --input-type=module -e ${source}`;
    assert.deepEqual(JSON.parse(stdout), []);
  });
});

// Only the files of the original's game, and tests, may have its words.
describe("lib", () => {
  const GAME = ["game.ts", "game-traffic.ts"];
  const lib = import.meta.dirname;

  it("names no event, table or parameter of the game outside of the game's files", () => {
    const words = events.flatMap(({ type, table, parameters }) => [
      type,
      table,
      ...parameters.map(({ name }) => name),
    ]);
    const names = new RegExp(
      `\\b(swords?|guilds?|${words.filter((word) => word !== "default").join("|")})\\b`,
    );
    // A frame of jupytext's Markdown, and a role of HTML, have the name of one parameter.
    const others = /#(end)?region\b|"(end)?region"|#\(region\|raw\)/g;
    const naming = globSync("**/*.ts", { cwd: lib })
      .filter((file) => !GAME.includes(file) && !/\.(test|fixture)\.ts$/.test(file))
      .filter((file) => names.test(readFileSync(join(lib, file), "utf8").replaceAll(others, "")));
    assert.deepEqual(naming, []);
  });
});

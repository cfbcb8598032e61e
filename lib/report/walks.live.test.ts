// The reports 1 to 5 with other games than the original's: only lib/game.ts differs, in a copy.
// walk.live.test.ts makes the report of the original's game.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import { defineEvents, type EventEntry } from "../catalog.ts";
import { game as bookshop } from "../testbed/bookshop.fixture.ts";
import { game as changed } from "../testbed/changed.fixture.ts";
import {
  changeGame,
  checkoutEnv,
  copyCheckout,
  type GameName,
  removeCheckout,
} from "../testbed/checkout.fixture.ts";
import { game as everyType } from "../testbed/every-type.fixture.ts";
import { Ground } from "../testbed/ground.ts";
import { query } from "../trino.ts";

describe("npm run report with another game", function () {
  this.timeout(300_000);
  const grounds: Ground[] = [];
  const folders: string[] = [];
  let env: NodeJS.ProcessEnv;
  let folder: string;

  after(async () => {
    for (const ground of grounds) await ground.remove();
    for (const one of folders) removeCheckout(one);
  });

  async function openGame(name: GameName): Promise<Ground> {
    const ground = new Ground("walk");
    folder = copyCheckout(name);
    env = await checkoutEnv(folder, ground);
    grounds.push(ground);
    folders.push(folder);
    return ground;
  }

  /** Makes the report in the copy; asserts that it is whole, and names each type of the game. */
  async function expectReport(game: readonly EventEntry[]): Promise<void> {
    const npm = $({ cwd: folder, env, quiet: true, nothrow: true });
    const { exitCode, stdout, stderr } = await npm`npm run --silent report`;
    assert.equal(exitCode, 0, stdout + stderr);
    const html = readFileSync(join(folder, "out", "report.html"), "utf8");
    assert.match(html, /All \d+ cells ran, \d+ claims held/);
    const said =
      /Nothing was lost, nothing doubled: <strong>([\d,]+)<\/strong> requests, <strong>\1<\/strong>/;
    assert.match(html, said);
    for (const { type } of game) assert.ok(html.includes(`<td>${type}</td>`), type);
    const shown = html.replaceAll(/<script[^]*?<\/script>/g, "");
    assert.doesNotMatch(shown, /\bundefined\b|\bNaN\b|\[object /);
  }

  it("passes without any of the original's events", async () => {
    await openGame("bookshop");
    await expectReport(bookshop);
  });

  it("passes with the original's events and four more, with parameters of all types", async () => {
    await openGame("every-type");
    await expectReport(everyType);
  });

  it("passes after changes: wider, renamed and removed parameters, an event more, two fewer", async () => {
    const { schema } = grounds.at(-1)!;
    const before = await query<{ n: number }>("SELECT count(price) AS n FROM unique_trade", { schema });
    changeGame(folder, "changed");
    await expectReport(changed);
    const [{ old, n }] = (await query(
      "SELECT count_if(definition <> ? AND paid IS NOT NULL) AS old, count(paid) AS n FROM unique_trade",
      { schema, parameters: [versionOf("trade")] },
    )) as [{ old: number; n: number }];
    assert.ok(before[0]!.n > 0 && old === before[0]!.n && n > old, JSON.stringify({ before, old, n }));
  });

  it("npm run drill passes with required parameters and limits", async () => {
    const npm = $({ cwd: folder, env, quiet: true, nothrow: true });
    const { exitCode, stdout, stderr } = await npm`npm run --silent drill -- poison --short`;
    assert.equal(exitCode, 0, stdout + stderr);
  });

  function versionOf(type: string): string {
    return defineEvents(changed).find((event) => event.type === type)!.version;
  }
});

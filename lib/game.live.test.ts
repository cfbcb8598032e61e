// The whole pipeline with another game: lib/game.ts is replaced, the commands are unchanged.
import assert from "node:assert/strict";
import { $ } from "zx";
import { defineEvents } from "./catalog.ts";
import { game } from "./testbed/bookshop.fixture.ts";
import { apiUrlIn, checkoutEnv, copyCheckout, removeCheckout } from "./testbed/checkout.fixture.ts";
import { Ground } from "./testbed/ground.ts";
import { until } from "./until.ts";

const VISIBLE = { limitMs: 30_000, everyMs: 500 };
const events = defineEvents(game);
const EACH = 20; // requests of each event type that `basic` sends

describe("another game, from its events to its rows", function () {
  this.timeout(180_000);
  const ground = new Ground("bookshop");
  let folder: string;
  let env: NodeJS.ProcessEnv;
  let apiUrl: string;

  before(async () => {
    folder = copyCheckout("bookshop");
    env = await checkoutEnv(folder, ground);
    apiUrl = apiUrlIn(env);
  });

  after(async () => {
    await command("down");
    await ground.remove();
    removeCheckout(folder);
  });

  /** Runs `npm run VERB` in the copy, and resolves with its output. */
  async function command(verb: string, ...args: string[]): Promise<string> {
    const npm = $({ cwd: folder, env, quiet: true, nothrow: true });
    const { exitCode, stdout, stderr } = await npm`npm run --silent ${verb} -- ${args}`;
    assert.equal(exitCode, 0, `npm run ${verb}: ${stdout}${stderr}`);
    return stdout;
  }

  async function rowsOf(sql: string): Promise<unknown[]> {
    return JSON.parse(await command("query", sql, "--json")) as unknown[];
  }

  /** Waits until a query of the copy shows these rows. */
  async function untilRows(sql: string, expected: unknown[]): Promise<void> {
    const ask = async () => {
      assert.deepEqual(await rowsOf(sql), expected);
      return true;
    };
    await until(`${sql} shows ${JSON.stringify(expected)}`, ask, VISIBLE);
  }

  it("npm run up makes its schema and tables, and starts API and stream", async () => {
    assert.match(await command("up"), /7 services ready/);
    const tables = (await rowsOf("SHOW TABLES")) as { Table: string }[];
    const expected = [
      "failed_events",
      "events",
      ...events.flatMap(({ table }) => [table, `unique_${table}`]),
    ];
    assert.deepEqual(tables.map(({ Table }) => Table).sort(), expected.sort());
  });

  it("npm run traffic sends 20 of each of its types, and tail counts as many", async () => {
    const totals = await command("traffic", "basic");
    const accepted = events.map(({ type }) => `${type} ${EACH}`).join(", ");
    assert.match(totals, new RegExp(`^accepted +${accepted}$`, "m"));
    const counts = await command("tail", "--count");
    for (const { type } of events) assert.match(counts, new RegExp(`^${type} +${EACH}$`, "m"));
    assert.match(counts, new RegExp(`^total +${EACH * events.length}$`, "m"));
  });

  it("npm run query shows each accepted event, in its table and in the view events", async () => {
    const types = events.map(({ type }) => ({ event_type: type, n: EACH }));
    types.sort((a, b) => (a.event_type < b.event_type ? -1 : 1));
    await untilRows("SELECT event_type, count(*) AS n FROM events GROUP BY 1 ORDER BY 1", types);
    for (const { table } of events) {
      assert.deepEqual(await rowsOf(`SELECT count(*) AS n FROM ${table}`), [{ n: EACH }]);
    }
  });

  it("has typed columns for its parameters", async () => {
    assert.deepEqual(
      await rowsOf(
        "SELECT genre, pages, gift, count(*) AS n FROM unique_books_bought GROUP BY 1, 2, 3 ORDER BY 1",
      ),
      [
        { genre: "genre_1", pages: 1, gift: false, n: 10 },
        { genre: "genre_2", pages: 2, gift: true, n: 10 },
      ],
    );
  });

  it("npm run trace follows one of its events", async () => {
    const answer = await fetch(`${apiUrl}/buy_book?genre=poetry&pages=80&gift=true`);
    const id = answer.headers.get("event-id")!;
    await untilRows(`SELECT genre, pages, gift FROM books_bought WHERE event_id = '${id}'`, [
      { genre: "poetry", pages: 80, gift: true },
    ]);
    assert.match(await command("trace", id), /\/tables\/books_bought\/day=/);
  });

  it("keeps an event that does not fit in failed_events, with the reason", async () => {
    const answer = await fetch(`${apiUrl}/buy_book?pages=many`);
    assert.equal(answer.status, 400);
    await untilRows("SELECT count(*) AS n FROM failed_events WHERE reason LIKE '%pages%many%'", [{ n: 1 }]);
    const failed = JSON.parse(await command("failed", "--json")) as { reason: string }[];
    assert.equal(failed.length, 1);
    assert.match(failed[0]!.reason, /pages: expected an integer/);
  });

  it("npm run drill sends its events, and messages that are not events among them", async () => {
    await command("drill", "poison", "--short");
  });
});

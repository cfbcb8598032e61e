import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { basic, infinite, limit, type ScenarioTotals } from "./scenarios.ts";

const gold = "user1.att.com /purchase_sword?metal=gold&power_level=100&magical=False";
const copper = "user1.att.com /purchase_sword?metal=copper&power_level=50&magical=True";
const ny = "user2.comcast.com /join_a_guild?region=ny";
const cali = "user2.comcast.com /join_a_guild?region=cali";

// The server records each request in order, as "host url", and answers with `status`.
describe("the scenarios", () => {
  let server: Server;
  let url: string;
  let seen: string[];
  let status: number;
  let ids: string[];

  beforeEach(async () => {
    seen = [];
    ids = [];
    status = 200;
    server = createServer((request, response) => {
      seen.push(`${request.headers.host} ${request.url}`);
      ids.push(randomUUID());
      response.writeHead(status, { "Event-Id": ids.at(-1) }).end();
    }).listen(0, "127.0.0.1");
    await once(server, "listening");
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterEach(() => server.close());

  const tenOfEach = (...requests: string[]) => requests.flatMap((request) => Array<string>(10).fill(request));

  it("basic: 60 requests, 20 of each event type", async () => {
    const totals = await basic({ url });
    assert.deepEqual(
      seen,
      tenOfEach(
        "user1.comcast.com /",
        "user1.comcast.com /purchase_sword",
        "user2.att.com /",
        "user2.att.com /purchase_sword",
        "user1.att.com /join_a_guild",
        "user2.att.com /join_a_guild",
      ),
    );
    assert.deepEqual(totals.accepted, { default: 20, purchase_sword: 20, join_a_guild: 20 });
    assert.deepEqual([totals.requests, totals.failures, totals.rounds], [60, 0, 1]);
    assert.deepEqual(totals.event_ids, ids);
  });

  it("gives each event the run's session, and leaves its other parameters as they are", async () => {
    const { accepted } = await limit(1, { url, session: "a run&1" });
    assert.deepEqual(seen, tenOfEach(`${gold}&session=a%20run%261`, `${ny}&session=a%20run%261`));
    assert.deepEqual(accepted, { purchase_sword: 10, join_a_guild: 10 });
    seen = [];
    await basic({ url, session: "x" });
    assert.equal(seen[0], "user1.comcast.com /?session=x");
  });

  it("limit 3: gold and ny, copper and cali, gold and ny", async () => {
    const rounds: ScenarioTotals[] = [];
    const totals = await limit(3, { url, pauseMs: 1, onRound: (round) => rounds.push(round) });
    assert.deepEqual(seen, tenOfEach(gold, ny, copper, cali, gold, ny));
    assert.deepEqual(totals.accepted, { purchase_sword: 30, join_a_guild: 30 });
    assert.deepEqual(
      rounds.map(({ requests }) => requests),
      [20, 40, 60],
    );
  });

  it("limit 11, the reference run: 110 swords, 110 guilds", async () => {
    const totals = await limit(11, { url, pauseMs: 0 });
    assert.deepEqual(totals.accepted, { purchase_sword: 110, join_a_guild: 110 });
    assert.equal(seen.filter((request) => request === gold).length, 60);
    assert.equal(seen.filter((request) => request === copper).length, 50);
  });

  it("infinite: plays rounds until the signal aborts, also during a pause", async () => {
    const stop = new AbortController();
    const onRound = ({ rounds }: ScenarioTotals) => {
      if (rounds === 2) stop.abort();
    };
    const totals = await infinite({ url, pauseMs: 1, signal: stop.signal, onRound });
    assert.deepEqual([totals.rounds, totals.requests], [2, 40]);
    const paused = new AbortController();
    const stopLater = () => {
      setImmediate(() => paused.abort());
    };
    const one = await infinite({ url, pauseMs: 3_600_000, signal: paused.signal, onRound: stopLater });
    assert.deepEqual([one.rounds, one.failures], [1, 0]);
  });

  it("sends the given headers with every request, and each step's own Host", async () => {
    const keys: unknown[] = [];
    server.on("request", ({ headers }: IncomingMessage) => keys.push(headers["write-key"]));
    await limit(1, { url, headers: { "Write-Key": "k", Host: "elsewhere" } });
    assert.deepEqual(keys, Array<string>(20).fill("k"));
    assert.deepEqual(seen, tenOfEach(gold, ny));
  });

  it("counts only answers 200 as accepted", async () => {
    status = 503;
    const totals = await limit(1, { url });
    assert.deepEqual(totals.accepted, { purchase_sword: 0, join_a_guild: 0 });
    assert.deepEqual([totals.failures, totals.statuses, totals.event_ids], [20, { 503: 20 }, []]);
  });
});

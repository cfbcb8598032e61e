// Files of many days as the stream writes them, in a schema and an HDFS folder of the test.
import assert from "node:assert/strict";
import { v7 as newUuid } from "uuid";
import { receive } from "../collect/receive.ts";
import { events } from "../events.ts";
import { BatchBuilder } from "../land/batch.ts";
import { openChain } from "../land/commits.ts";
import { Ground } from "../testbed/ground.ts";
import { query, type QueryStats } from "../trino.ts";
import { registerDays } from "./tables.ts";

const DAYS = 20;
const DAY_MS = 86_400_000;
const ROWS = 50; // of a day
const BUSY = 10; // the day with BUSY_ROWS
const BUSY_ROWS = 80_000; // by default, Trino forgets the ids of more than 30,000 rows a driver
const FIRST = Date.UTC(2026, 0, 1);

describe("a query of a view on one day", () => {
  const ground = new Ground();
  const { schema } = ground;
  const guild = events.find(({ type }) => type === "join_a_guild")!;

  before(async () => {
    await ground.create();
    const builder = new BatchBuilder(ground.topic, 0);
    let offset = 0;
    for (let day = 0; day < DAYS; day++) {
      for (let row = 0; row < rowsOf(day); row++, offset++) {
        const isCopy = day === DAYS - 1 && row === 0; // of the first event
        const msecs = FIRST + day * DAY_MS + row;
        push(builder, offset, msecs, newUuid({ msecs: isCopy ? FIRST : msecs, random: new Uint8Array(16) }));
      }
    }
    const chain = await openChain(ground.hdfs, { root: ground.root, topic: ground.topic, partition: 0 });
    await chain.commit(builder.finish());
    await registerDays({ schema });
  });
  after(() => ground.remove());

  function rowsOf(day: number): number {
    return day === BUSY ? BUSY_ROWS : ROWS;
  }

  function push(builder: BatchBuilder, offset: number, msecs: number, id: string): void {
    const parts = { query: `event_id=${id}&region=ny&player=ann`, headers: {}, remoteAddr: "127.0.0.1" };
    const value = Buffer.from(receive(guild, parts).message);
    builder.push({ offset: String(offset), timestamp: String(msecs), value });
  }

  async function read(day: number): Promise<{ events: number; rows: number }> {
    let last: QueryStats | undefined;
    const onStatistics = (statistics: QueryStats) => (last = statistics);
    const date = new Date(FIRST + day * DAY_MS).toISOString().slice(0, 10);
    const [found] = await query<{ n: number }>(
      `SELECT count(*) AS n FROM unique_guild_joins WHERE day = DATE '${date}'`,
      { schema, onStatistics },
    );
    return { events: found!.n, rows: last!.processedRows };
  }

  for (const day of [3, BUSY]) {
    it(`reads a day of ${rowsOf(day)} rows twice, for settled and other rows, and looks for copies of its events in no file of other days`, async () => {
      assert.deepEqual(await read(day), { events: rowsOf(day), rows: 3 * rowsOf(day) });
    });
  }

  it("finds an event of the first day that came again on the last day, and reads more for it", async () => {
    const { events, rows } = await read(DAYS - 1);
    assert.equal(events, ROWS - 1);
    assert.ok(rows >= 4 * ROWS, `${rows} rows`);
  });
});

import assert from "node:assert/strict";
import { landedSoFar } from "./landed.ts";

describe("landedSoFar(landed)", () => {
  it("adds up the rows, with every table at every commit", () => {
    const at = (second: number) => new Date(Date.UTC(2026, 0, 1, 0, 0, second));
    const landed = [
      { committed_at: at(1), partition: 0, table: "guild_joins", rows: 10 },
      { committed_at: at(2), partition: 1, table: "sword_purchases", rows: 5 },
      { committed_at: at(3), partition: 0, table: "guild_joins", rows: 1 },
      { committed_at: at(3), partition: 0, table: "sword_purchases", rows: 2 },
    ];
    assert.deepEqual(
      landedSoFar(landed).map(({ time, table, rows }) => [time.getUTCSeconds(), table, rows]),
      [
        [1, "guild_joins", 10],
        [1, "sword_purchases", 0],
        [2, "guild_joins", 10],
        [2, "sword_purchases", 5],
        [3, "guild_joins", 11],
        [3, "sword_purchases", 7],
      ],
    );
  });

  it("keeps an even choice of many moments, with the last one", () => {
    const landed = Array.from({ length: 2_000 }, (_, i) => {
      return { committed_at: new Date(i), partition: 0, table: "guild_joins", rows: 1 };
    });
    const rows = landedSoFar(landed).map((moment) => moment.rows);
    assert.equal(rows.length, 500);
    assert.deepEqual([rows[0], rows[1], rows.at(-1)], [4, 8, 2_000]);
  });
});

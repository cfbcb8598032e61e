import assert from "node:assert/strict";
import { compareSums } from "./audited-sums.ts";
import type { Ledger } from "./ledger.ts";
import type { TypeDay } from "./tally.ts";

const day = "2026-01-31";
const counts = [
  { type: "buy", day, in_topic: 5, in_files: 5, in_tables: 5 },
  { type: "failed_events", day, in_topic: 1, in_files: 1, in_tables: 1 },
  { type: "sell", day: "2026-02-01", in_topic: 3, in_files: 3, in_tables: 3 },
];
const key = { root: "/q", topic: "t", partition: 0 };
const ledgers = [
  { key, records: [{ partition: 0, from: 0, to: 9, counts, digests: { files: ["0", "0"] } }], problems: [] },
] as unknown as Ledger[];

describe("compareSums(ledgers, days, witnesses)", () => {
  /** The differences from the rows that Trino shows. */
  const compare = (
    shown: [type: string, day: string, messages: number][],
    { days = "all", rebuilt = [] }: { days?: string[] | "all"; rebuilt?: string[] } = {},
  ) =>
    compareSums(ledgers, days, {
      counts: (ends) => {
        assert.deepEqual([...ends], [[0, 9]]);
        return Promise.resolve(shown.map(([type, day, messages]): TypeDay => ({ type, day, messages })));
      },
      rebuiltTypes: () => Promise.resolve(rebuilt),
    });

  it("finds none if each type has as many rows on each day", async () => {
    const shown: Parameters<typeof compare>[0] = [
      ["buy", day, 2],
      ["buy", day, 3],
      ["failed_events", day, 1],
      ["sell", "2026-02-01", 3],
    ];
    assert.deepEqual(await compare(shown), []);
    assert.deepEqual(await compare(shown.slice(0, 3), { days: [day] }), []);
    assert.deepEqual(await compare([], { days: [] }), []);
  });

  it("names a type with fewer rows, with more, and one that no audit has seen", async () => {
    const shown = await compare([
      ["buy", day, 4],
      ["failed_events", day, 1],
      ["sell", "2026-02-01", 4],
      ["gift", day, 1],
    ]);
    assert.deepEqual(shown, [
      `buy on ${day}: the ledger has 5 messages, Trino shows 4 rows`,
      `gift on ${day}: the ledger has 0 messages, Trino shows 1 rows`,
      "sell on 2026-02-01: the ledger has 3 messages, Trino shows 4 rows",
    ]);
  });

  it("lets a rebuild move messages to failed_events, and lose none", async () => {
    const moved = (failed: number) =>
      compare(
        [
          ["buy", day, 2],
          ["failed_events", day, failed],
        ],
        { days: [day], rebuilt: ["buy"] },
      );
    assert.deepEqual(await moved(4), []);
    assert.deepEqual(await moved(3), [
      `buy + failed_events on ${day}: the ledger has 6 messages, Trino shows 5 rows`,
    ]);
  });
});

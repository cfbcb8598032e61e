import assert from "node:assert/strict";
import { assertConserved, conservation } from "./conservation.js";

const even = (count: number) => ({
  requests_accepted: { join_a_guild: count },
  messages_in_topic: { join_a_guild: count },
  rows_in_files: { join_a_guild: count },
  rows_in_trino: { join_a_guild: count },
});

describe("conservation(counts)", () => {
  it("finds equal counts equal, and accepts them", () => {
    const rows = conservation(even(110));
    assert.deepEqual(
      rows.map(({ verdict }) => verdict),
      ["equal"],
    );
    assertConserved(rows);
  });

  it("says how many were lost, and between which places", () => {
    const rows = conservation({ ...even(110), rows_in_trino: { join_a_guild: 108 } });
    assert.throws(() => assertConserved(rows), {
      message: "not conserved:\n  join_a_guild: 2 lost from rows in files (110) to rows in trino (108)",
    });
  });

  it("says how many are double", () => {
    const [row] = conservation({ ...even(10), rows_in_files: { join_a_guild: 20 } });
    assert.equal(
      row?.verdict,
      "10 too many from messages in topic (10) to rows in files (20); 10 lost from rows in files (20) to rows in trino (10)",
    );
  });

  it("counts an event type that is absent from a place as 0 there", () => {
    const [row] = conservation({ ...even(3), messages_in_topic: {} });
    assert.match(row?.verdict ?? "", /^3 lost from requests accepted \(3\) to messages in topic \(0\)/);
  });

  it("does not accept a claim about nothing", () => {
    assert.throws(() => assertConserved(conservation(even(0))), /the claim would be empty/);
    assert.throws(() => assertConserved(conservation(even(0)).slice(1)), /the claim would be empty/);
  });
});

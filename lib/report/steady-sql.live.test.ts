import assert from "node:assert/strict";
import { query } from "../trino.ts";
import { SQL_FUNCTIONS } from "./steady-sql.ts";

const CLOCK_AND_SESSION = ["current_date", "current_groups", "current_timezone", "now"];

describe("the functions that do not forbid the cache", function () {
  this.timeout(60_000);

  it("are those that Trino calls deterministic, without the clock and the session", async () => {
    const rows = await query<{ Function: string; Deterministic: boolean }>("SHOW FUNCTIONS");
    const namesOf = (isDeterministic: boolean): string[] =>
      rows.filter((row) => row.Deterministic === isDeterministic).map((row) => row.Function);
    const expected = new Set(namesOf(true).filter((name) => !CLOCK_AND_SESSION.includes(name)));
    assert.deepEqual([...SQL_FUNCTIONS].sort(), [...expected].sort());
    const others = [...new Set(namesOf(false).filter((name) => SQL_FUNCTIONS.has(name)))];
    assert.deepEqual(others, ["sequence"]); // a table function, beside the function of that name
  });
});

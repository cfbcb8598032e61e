// Files of one catalogue, read again through another. hyparquet reads all files.
import assert from "node:assert/strict";
import { columnsOf } from "../catalog.ts";
import { eventReader } from "../envelope.ts";
import { ParquetFile } from "../land/parquet.ts";
import { envelopeOf, gameOf, type Parameters } from "../testbed/buy.fixture.ts";
import { noChanges, proveSame, rewriteFile } from "./rewrite.ts";
import { readStoredRows } from "./stored-values.ts";

const NAME = "game_events-0-00000000000000000000.parquet";
const TIME = Date.parse("2026-01-31T12:00:00Z");

/** A file of `buy` with these parameters, as the stream writes it. */
function fileOf(parameters: Parameters, sent: readonly Record<string, string>[]): Buffer {
  const game = gameOf(parameters);
  const file = new ParquetFile(columnsOf(game[0]!));
  for (const [offset, params] of sent.entries()) {
    const text = JSON.stringify(envelopeOf(game[0]!, params, offset, TIME));
    file.append(eventReader(game)(text, { timestamp: TIME, partition: 0, offset }).values);
  }
  return file.finish();
}

async function rewrite(bytes: Buffer, parameters: Parameters) {
  const game = gameOf(parameters);
  const changes = noChanges();
  const options = { topic: "t", changes };
  const made = await rewriteFile({ name: NAME, bytes }, game[0]!, eventReader(game), options);
  const [kept, failed] = [made.kept.finish(), made.failed.finish()];
  return { made, changes, kept, failed };
}

async function texts(bytes: Buffer, column: string): Promise<(string | null)[]> {
  const found: (string | null)[] = [];
  for await (const row of readStoredRows(bytes)) found.push(row.text(column));
  return found;
}

describe("readStoredRows(bytes)", () => {
  const cases: [type: Parameters[string], sent: string, text: string][] = [
    ["text", "grüße 🗡", "grüße 🗡"],
    ["integer", "-2147483648", "-2147483648"],
    ["bigint", "9007199254740993", "9007199254740993"],
    ["decimal(9, 2)", "-1234567.80", "-1234567.8"],
    ["decimal(18, 3)", "123456789012345.678", "123456789012345.678"],
    [
      "decimal(38, 10)",
      "-1234567890123456789012345678.0123456789",
      "-1234567890123456789012345678.0123456789",
    ],
    ["decimal(5, 0)", "100", "100"],
    ["double", "0.1", "0.1"],
    ["boolean", "TRUE", "true"],
    ["timestamp", "2026-01-31T12:00:00.123+01:00", "2026-01-31T11:00:00.123Z"],
    ["date", "1969-12-31", "1969-12-31"],
    ["json", '{"a": 1}', '{"a": 1}'],
  ];
  for (const [type, sent, text] of cases) {
    it(`reads ${JSON.stringify(type)} without the loss of a digit`, async () => {
      const bytes = fileOf({ v: type }, [{ v: sent }, {}]);
      assert.deepEqual(await texts(bytes, "v"), [text, null]);
    });
  }

  it("reads position, time and id, and null for a column that the file does not have", async () => {
    for await (const row of readStoredRows(fileOf({}, [{}]))) {
      const { partition, offset, timestamp, event_id } = row;
      assert.deepEqual([partition, offset, timestamp, event_id], [0, 0, TIME, "id 0"]);
      assert.equal(row.text("nothing"), null);
    }
  });
});

describe("rewriteFile(file, event, readEvent, options)", () => {
  it("keeps the rows that fit, and fails the others with their reasons", async () => {
    const sent = ["1", "2", "x", "1e2", "3.5", "5", "6", "", "7", "8"].map((n) => ({ n }));
    const { made, changes, kept, failed } = await rewrite(fileOf({ n: "text" }, sent), { n: "integer" });
    assert.deepEqual([made.rows, changes.kept, changes.unfit], [10, 7, 3]);
    assert.deepEqual(await texts(kept, "n"), ["1", "2", "100", "5", "6", "7", "8"]);
    assert.deepEqual(await texts(failed, "kafka_offset"), ["2", "4", "7"]);
    assert.deepEqual(new Set(await texts(failed, "topic")), new Set(["game_events"]));
    assert.deepEqual(changes.firstUnfit[0], {
      place: "game_events/0/2",
      reason: `params.n: expected an integer from -2147483648 to 2147483647, got "x"`,
    });
    assert.deepEqual([...changes.columns], [], "1e2 is the number 100");
  });

  it("fails a row for ever whose event has an older definition: no start of a stream reads it again", async () => {
    for (const n of ["text", "integer", "bigint"] as const) {
      const bytes = fileOf({ n, m: "text" }, [{ n: "99", m: "x" }]);
      const { failed } = await rewrite(bytes, { n: { type: "integer", max: 9 } });
      assert.deepEqual(
        (await texts(failed, "reason")).map((reason) => reason?.split(":")[0]),
        ["params.n"],
      );
    }
  });

  it("names the columns with other values, with an example", async () => {
    const { changes } = await rewrite(fileOf({ b: "boolean" }, [{ b: "true" }, { b: "TRUE" }, {}]), {
      b: "text",
    });
    assert.deepEqual([...changes.columns], [["b", { rows: 1, example: "true becomes TRUE" }]]);
  });

  it("reads a renamed parameter from its earlier name, of another type too", async () => {
    const bytes = fileOf({ cost: "text" }, [{ cost: "5" }, { cost: "6.0" }]);
    const { kept, changes } = await rewrite(bytes, { price: { type: "integer", was: "cost" } });
    assert.deepEqual(await texts(kept, "price"), ["5", "6"]);
    assert.deepEqual([...changes.columns], []);
  });

  it("fails an event of a type that has another table now", async () => {
    const game = gameOf({}, { type: "sell", table: "sales" });
    const options = { topic: "t", changes: noChanges() };
    const file = { name: NAME, bytes: fileOf({}, [{}]) };
    const made = await rewriteFile(file, game[1]!, eventReader(game), options);
    assert.deepEqual([made.kept.rows, made.failed.rows], [0, 1]);
    assert.equal(options.changes.firstUnfit[0]!.reason, 'event_type: expected sell, got "buy"');
  });
});

describe("proveSame(old, new)", () => {
  const old = { day: "2026-01-31", name: NAME, bytes: fileOf({ n: "text" }, [{ n: "1" }, { n: "x" }]) };

  it("accepts new files that have each row once", async () => {
    const { kept, failed } = await rewrite(old.bytes, { n: "integer" });
    await proveSame(old, { kept, failed });
  });

  it("refuses a missing row, a double row and a row with another id", async () => {
    const { kept, failed } = await rewrite(old.bytes, { n: "integer" });
    const subject = `file day=2026-01-31/${NAME}: expected each of its 2 rows in the new files`;
    await assert.rejects(proveSame(old, { kept, failed: null }), (error: Error) => {
      assert.equal(
        error.message,
        `${subject}, got 1; the first difference: partition 0, offset 1, id id 1 became no row`,
      );
      return true;
    });
    await assert.rejects(proveSame(old, { kept: old.bytes, failed }), /got 3; the first difference/);
    await assert.rejects(
      proveSame(old, { kept: fileWithId("other"), failed }),
      /: partition 0, offset 0, id id 0 became partition 0, offset 0, id other$/,
    );
  });

  function fileWithId(event_id: string): Buffer {
    const game = gameOf({ n: "integer" });
    const file = new ParquetFile(columnsOf(game[0]!));
    const text = JSON.stringify({ ...envelopeOf(game[0]!, { n: "1" }, 0, TIME), event_id });
    file.append(eventReader(game)(text, { timestamp: TIME, partition: 0, offset: 0 }).values);
    return file.finish();
  }
});

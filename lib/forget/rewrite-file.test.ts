// Files as the stream writes them; hyparquet reads them before and after.
import assert from "node:assert/strict";
import { columnsOf } from "../catalog.ts";
import { eventReader } from "../envelope.ts";
import { ParquetFile } from "../land/parquet.ts";
import { footerBytes, readRowCount } from "../parquet-footer.ts";
import { readStoredRows, type StoredRow } from "../rebuild/stored-values.ts";
import { envelopeOf, gameOf } from "../testbed/buy.fixture.ts";
import { withoutRows } from "./rewrite-file.ts";

const TIME = Date.parse("2026-01-31T12:00:00Z");
const VALUES = {
  text: ["grüße 🗡", "", 'a "b" \\ c'],
  integer: ["-2147483648", "7", "0"],
  bigint: ["9007199254740993", "-1", "0"],
  "decimal(9, 2)": ["-1234567.80", "0.01", "3"],
  "decimal(38, 10)": ["-1234567890123456789012345678.0123456789", "1", "0.5"],
  double: ["0.1", "1e300", "-0.5"],
  boolean: ["true", "false", "true"],
  timestamp: ["2026-01-31T12:00:00.123Z", "1969-12-31T23:59:59.999Z", "0"],
  date: ["1969-12-31", "2026-01-31", "1970-01-01"],
  json: ['{"a": 1}', "[1, 2]", "{}"],
} as const;

const game = gameOf(Object.fromEntries(Object.keys(VALUES).map((type, i) => [`v${i}`, type as "text"])));
const event = game[0]!;
const columns = columnsOf(event);

/** A file of 3 rows with values, and one without any, at the offsets 0 to 3. */
function fileOfAllTypes(): Buffer {
  const file = new ParquetFile(columns);
  for (let offset = 0; offset <= 3; offset++) {
    const sent = Object.values(VALUES).flatMap((texts, i) => {
      return offset < 3 ? [[`v${i}`, texts[offset]!] as const] : [];
    });
    const text = JSON.stringify(envelopeOf(event, Object.fromEntries(sent), offset, TIME));
    file.append(eventReader(game)(text, { timestamp: TIME, partition: 0, offset }).values);
  }
  return file.finish();
}

async function textsOf(bytes: Buffer, isWanted: (row: StoredRow) => boolean): Promise<string[]> {
  const found: string[] = [];
  for await (const row of readStoredRows(bytes))
    if (isWanted(row)) found.push(JSON.stringify(columns.map(({ name }) => row.text(name))));
  return found;
}

describe("withoutRows(bytes, isRemoved)", () => {
  for (const gone of [[], [0], [1], [3], [0, 2], [0, 1, 2, 3]])
    it(`keeps each value of the other rows, and the length, without the rows at [${gone.join()}]`, async () => {
      const before = fileOfAllTypes();
      const { bytes, kept, removed } = await withoutRows(before, ({ offset }) => gone.includes(offset));
      assert.deepEqual([kept, removed, bytes.length], [4 - gone.length, gone.length, before.length]);
      assert.equal(readRowCount(bytes.subarray(bytes.length - footerBytes(bytes))), kept);
      const isKept = ({ offset }: StoredRow) => !gone.includes(offset);
      assert.deepEqual(await textsOf(bytes, () => true), await textsOf(before, isKept));
    });

  it("leaves no byte of a removed row in the file", async () => {
    const before = fileOfAllTypes();
    const word = Buffer.from("grüße");
    assert.ok(before.includes(word));
    assert.ok(!(await withoutRows(before, ({ offset }) => offset === 0)).bytes.includes(word));
  });

  it("makes the same file again when nothing is left to remove", async () => {
    const once = (await withoutRows(fileOfAllTypes(), ({ offset }) => offset === 1)).bytes;
    const twice = await withoutRows(once, ({ offset }) => offset === 1);
    assert.deepEqual([twice.removed, twice.bytes.equals(once)], [0, true]);
  });
});

// These tests do not ask Trino; audit/trace.live.test.ts and the report itself do.
import assert from "node:assert/strict";
import {
  type Count,
  COUNTED_MIME,
  type Counted,
  countBars,
  countBy,
  countedInSentence,
  countText,
  eventsIn,
  numbersOf,
  totalOf,
} from "./counted.ts";
import { chartBundle } from "./show.ts";

const RANGES = [{ partition: 0, from: 10, to: 130 }];

/** A count like one from Trino: by metal, the largest number first. */
function countOf(numbers: Record<string, number>): Count {
  const values = Object.entries(numbers).map(([value, number]) => ({ value, number }));
  const selection = eventsIn(RANGES, { type: "purchase_sword" });
  return { ...selection, by: "metal", sum: null, statement: "SELECT", values };
}

const swords = countOf({ gold: 60, copper: 50 });

describe("eventsIn(ranges, options)", () => {
  it("selects events of all types, or of one type, and refuses an unknown type", () => {
    assert.ok(eventsIn(RANGES).event_types.length > 1);
    assert.deepEqual(eventsIn(RANGES, { type: "purchase_sword" }).event_types, ["purchase_sword"]);
    assert.throws(
      () => eventsIn(RANGES, { type: "purchase_bow" }),
      /expected a type of .*, got purchase_bow/,
    );
  });
});

describe("countBy(by, selection)", () => {
  it("refuses a column that the events do not have, before it asks Trino", async () => {
    await assert.rejects(
      countBy("metal", eventsIn(RANGES)),
      /expected metal of \w+ to be text, integer, boolean, got no such column/,
    );
    const selection = eventsIn(RANGES, { type: "purchase_sword", where: { 'metal" OR true --': "gold" } });
    await assert.rejects(countBy("metal", selection), /expected metal" OR true -- of purchase_sword to be/);
  });
});

describe("countBars(count, title)", () => {
  it("carries the record of the drawn bars, and of no others", () => {
    const names = Array.from({ length: 30 }, (_, i) => `metal ${i}`);
    const many = countOf(Object.fromEntries(names.map((name, i) => [name, 100 - i])));
    const bundle = chartBundle(countBars(many, "Swords by metal"));
    const [record] = bundle[COUNTED_MIME] as Counted[];
    const spec = bundle["application/vnd.vegalite.v5+json"] as { data: { values: { label: string }[] } };
    assert.deepEqual(
      record!.values.map(({ value }) => value),
      spec.data.values.map(({ label }) => label),
    );
    assert.deepEqual(
      [record!.kind, record!.title, record!.by, record!.ranges],
      ["chart", "Swords by metal", "metal", RANGES],
    );
  });
});

describe("countedInSentence(sentence, counts)", () => {
  it("records a sentence that shows each number of a count", () => {
    const [record] = countedInSentence("Gold: **60**, copper: **50**.", [swords]);
    assert.deepEqual([record!.kind, record!.title], ["sentence", "Gold: 60, copper: 50."]);
    assert.equal(countedInSentence("**1,100** swords", [totalOf(countOf({ a: 600, b: 500 }))]).length, 1);
  });

  it("refuses a sentence that leaves a number out, or shows another one", () => {
    const expected = /^Error: say: expected the number 50 of copper in the sentence "Gold: 60\."$/;
    assert.throws(() => countedInSentence("Gold: **60**.", [swords]), expected);
  });
});

describe("say`…` with a count", () => {
  it("shows each number, also of no value, and records the events", () => {
    const none = { ...swords, values: [...swords.values, { value: null, number: 1234 }] };
    assert.equal(countText(none), "**60** gold, **50** copper, **1,234** (none)");
    assert.equal(countText(totalOf(none)), "**1,344**");
    assert.equal(countText({ ...swords, values: [] }), "no events");
    assert.deepEqual(countedInSentence(`Swords: ${countText(none)}.`, [none])[0]!.values, none.values);
  });
});

describe("numbersOf(count)", () => {
  it("names each number by its value", () => {
    assert.deepEqual(numbersOf(swords), { gold: 60, copper: 50 });
  });
});

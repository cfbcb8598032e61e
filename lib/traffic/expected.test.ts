import assert from "node:assert/strict";
import { defineEvents } from "../catalog.ts";
import { countSent, sumSent } from "./expected.ts";
import type { SentStep } from "./scenarios.ts";

const events = defineEvents([
  { type: "buy", parameters: { genre: "text", pages: "integer", price: "decimal(12, 2)", gift: "boolean" } },
  { type: "visit" },
]);
const buy = (accepted: number, params: Record<string, string>): SentStep => {
  return { event_type: "buy", host: "user1.example.com", params, accepted };
};
const sent = [
  buy(10, { genre: "crime", pages: "300.0", price: "0.10", gift: "True" }),
  buy(20, { genre: "crime", pages: "3e2", price: "0.1", gift: "true", player: "ann" }),
  buy(30, { price: "-12345678.90" }),
  { ...buy(5, {}), event_type: "visit" },
];

describe("countSent(sent, { type, by })", () => {
  it("counts the accepted events for each value, as the API reads it", () => {
    assert.deepEqual(countSent(sent, { type: "buy", by: "genre" }, events), { crime: 30, null: 30 });
    assert.deepEqual(countSent(sent, { type: "buy", by: "pages" }, events), { 300: 30, null: 30 });
    assert.deepEqual(countSent(sent, { type: "buy", by: "gift" }, events), { true: 30, null: 30 });
  });

  it("counts by player: the parameter player, or else the host", () => {
    const byPlayer = { "user1.example.com": 40, ann: 20 };
    assert.deepEqual(countSent(sent, { type: "buy", by: "player" }, events), byPlayer);
  });
});

describe("sumSent(sent, { type, by, sum })", () => {
  it("adds up integers and decimals without a rounded digit; no value adds nothing", () => {
    const pages = sumSent(sent, { type: "buy", by: "genre", sum: "pages" }, events);
    assert.deepEqual(pages, { crime: 9000, null: 0 });
    const prices = sumSent(sent, { type: "buy", by: "genre", sum: "price" }, events);
    assert.deepEqual(prices, { crime: 3, null: -370_370_367 });
  });
});

import assert from "node:assert/strict";
import { contentOf } from "./content.ts";

const event = {
  event_id: "an id",
  event_type: "buy",
  received_at: "2026-01-31T12:00:00.000Z",
  player: "ann",
  params: { metal: "gold", n: "1" },
  headers: {},
  remote_addr: "::1",
};
const content = (changes: object = {}) => contentOf(JSON.stringify({ ...event, ...changes }));

describe("contentOf(text)", () => {
  for (const [subject, changes] of [
    ["another time of arrival", { received_at: "2026-02-01T00:00:00.000Z" }],
    ["other headers and another address", { headers: { Host: "game" }, remote_addr: "::2" }],
    ["another order of the parameters", { params: { n: "1", metal: "gold" } }],
    ["the definition's version", { definition: "0123abcd" }],
    ["a session of null", { session: null }],
  ] as const)
    it(`stays the same with ${subject}`, () => assert.equal(content(changes), content()));

  for (const [subject, changes] of [
    ["type", { event_type: "sell" }],
    ["player", { player: null }],
    ["session", { session: "1" }],
    ["occurred_at", { occurred_at: "2026-01-31T12:00:00.000Z" }],
    ["parameter's value", { params: { metal: "iron", n: "1" } }],
    ["set of parameters", { params: { metal: "gold" } }],
  ] as const)
    it(`differs with another ${subject}`, () => assert.notEqual(content(changes), content()));

  it("is that of an empty object for a text that is not a JSON object", () => {
    for (const text of [null, "", "[]", "{"]) assert.equal(contentOf(text), contentOf("{}"));
  });
});

import assert from "node:assert/strict";
import { defineEvents } from "../catalog.ts";
import { game as everyType } from "../testbed/every-type.fixture.ts";
import { questionsOf } from "./questions.ts";

describe("questionsOf(types)", () => {
  const events = defineEvents(everyType);

  it("groups the events of each sent type by a text, else by another parameter, and adds up a number", () => {
    const types = ["purchase_sword", "join_a_guild", "trade", "level.up", "logout"];
    assert.deepEqual(
      questionsOf(types, events).map(({ title, sum }) => [title, sum]),
      [
        ["trade by item_name", "count"],
        ["purchase_sword by metal", "power_level"],
        ["level.up by level", null],
        ["join_a_guild by region", null],
      ],
    );
  });

  it("groups by player if no type has a parameter to group by", () => {
    for (const type of ["logout", "open_chest"])
      assert.deepEqual(questionsOf([type], events), [
        { type: type, by: "player", sum: null, title: `${type} by player` },
      ]);
  });

  it("asks about six types at most", () => {
    const many = Array.from({ length: 9 }, (_, i) => ({ type: `e${i}`, parameters: { a: "text" } as const }));
    const types = many.map(({ type }) => type);
    assert.equal(questionsOf(types, defineEvents(many)).length, 6);
  });
});

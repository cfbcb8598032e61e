import assert from "node:assert/strict";
import { defineEvents, parseValue, widestEvent } from "../catalog.ts";
import { game as bookshop } from "../testbed/bookshop.fixture.ts";
import { game as everyType } from "../testbed/every-type.fixture.ts";
import { game as original } from "../testbed/original.fixture.ts";
import { countTypes, exampleEvents, exampleRequests, refusedPaths } from "./examples.ts";
import { paramsOf } from "./steps.ts";

const games = {
  "the original's game": defineEvents(original),
  "a game of all parameter types": defineEvents(everyType),
  "a game without the original's events": defineEvents(bookshop),
  "a game of one event without parameters": defineEvents([{ type: "wave" }]),
};

for (const [name, events] of Object.entries(games))
  describe(`the examples of ${name}`, () => {
    const event = widestEvent(events);

    it("are requests with each required parameter, and values that fit", () => {
      const requests = exampleRequests(events);
      for (const { event_type, path, params } of requests) {
        const { route, parameters } = events.find(({ type }) => type === event_type)!;
        assert.equal(path.split("?", 1)[0], route);
        assert.deepEqual(paramsOf(path), params);
        for (const parameter of parameters) {
          const text = params[parameter.name];
          if (text === undefined) assert.ok(!parameter.required);
          else assert.notEqual(parseValue(parameter, text), undefined);
        }
      }
      const full = requests.at(-1)!;
      assert.equal(full.event_type, event.type);
      assert.deepEqual(
        Object.keys(full.params),
        event.parameters.map((parameter) => parameter.name),
      );
    });

    it("have a path of no event, and one with a value that does not fit", () => {
      const { unknown, unfit } = refusedPaths(events);
      assert.ok(events.every(({ route }) => route !== unknown));
      assert.ok(unfit.startsWith(event.route));
      assert.ok(!fits(event.type, paramsOf(unfit)));
    });

    it("have a list of events of which the second does not fit", () => {
      const sent = exampleEvents(events);
      const fitting = sent.map(({ event_type, event_id = "", params }) =>
        fits(event_type, { ...(params as Record<string, string>), ...(event_id && { event_id }) }),
      );
      assert.deepEqual(fitting, [true, false, true]);
    });

    function fits(type: string, { event_id, ...params }: Record<string, string>): boolean {
      const { parameters } = events.find((one) => one.type === type)!;
      const values = parameters.map((parameter) =>
        params[parameter.name] === undefined ? null : parseValue(parameter, params[parameter.name]!),
      );
      return event_id === undefined && values.every((value) => value !== undefined);
    }
  });

describe("exampleRequests(events) of the original's game", () => {
  it("are those of the original: each thing without parameters, then a copper sword", () => {
    assert.deepEqual(
      exampleRequests(games["the original's game"]).map(({ path }) => path),
      ["/", "/purchase_sword", "/join_a_guild", "/purchase_sword?metal=copper&power_level=50&magical=True"],
    );
  });
});

describe("countTypes(sent)", () => {
  it("counts the entries of each type", () => {
    const sent = ["a", "b", "a"].map((event_type) => ({ event_type }));
    assert.deepEqual(countTypes(sent), { a: 2, b: 1 });
  });
});

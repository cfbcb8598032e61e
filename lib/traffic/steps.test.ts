import assert from "node:assert/strict";
import {
  defineEvents,
  type EventDefinition,
  type EventEntry,
  type ParameterType,
  parseValue,
} from "../catalog.ts";
import { events } from "../events.ts";
import { game, gameTraffic } from "../testbed/original.fixture.ts";
import { trafficOf } from "./steps.ts";

const lendEntry: EventEntry = {
  type: "lend_book",
  route: "/lend",
  table: "loans",
  parameters: { genre: "text", days: "integer", renewed: "boolean" },
  reply: { plain: "Lent", echo: null },
};
const [lend, visit] = defineEvents([lendEntry, { type: "visit", table: "visits" }]) as [
  EventDefinition,
  EventDefinition,
];

describe("trafficOf(events, own)", () => {
  it("plays the game's own steps unchanged if they fit its events", () => {
    assert.deepEqual(trafficOf(events, gameTraffic), gameTraffic);
  });

  it("generates steps for each event type of a game without own steps", () => {
    const { basic, odd, even } = trafficOf([lend, visit], gameTraffic);
    const [first, second] = [
      "/lend?genre=genre_1&days=1&renewed=false",
      "/lend?genre=genre_2&days=2&renewed=true",
    ];
    assert.deepEqual(
      basic.map(({ path }) => path),
      [first, second, "/visit", "/visit"],
    );
    assert.deepEqual(
      [odd, even].map((steps) => steps.map(({ path }) => path)),
      [
        [first, "/visit"],
        [second, "/visit"],
      ],
    );
    assert.equal(new Set(basic.map(({ host }) => host)).size, 2);
  });

  it("adds generated steps for a type that the game's own steps leave out", () => {
    const { basic, odd, even } = trafficOf([...events, lend], gameTraffic);
    assert.deepEqual(basic.slice(0, -2), gameTraffic.basic);
    assert.deepEqual(odd.slice(0, -1), gameTraffic.odd);
    assert.deepEqual(even.slice(0, -1), gameTraffic.even);
    for (const steps of [basic, odd, even]) assert.match(steps.at(-1)!.path, /^\/lend\?/);
  });

  it("plays no own step when one of them has a value that does not fit", () => {
    const changed = defineEvents(
      game.map((entry) =>
        "metal" in entry.parameters ? { ...entry, parameters: { metal: "integer" } } : entry,
      ),
    );
    const paths = trafficOf(changed, gameTraffic).odd.map(({ path }) => path);
    assert.deepEqual(paths, ["/", "/purchase_sword?metal=1", "/join_a_guild?region=region_1"]);
  });

  it("generates values that the API accepts, for parameters of each type and any name", () => {
    const parameters: Record<string, ParameterType> = {
      "a&b=": "text",
      ü: "integer",
      n: "boolean",
      big: "bigint",
      price: "decimal(5, 2)",
      long: "decimal(38, 10)",
      ratio: "double",
      born: "date",
      at: "timestamp",
      bag: "json",
    };
    const [odd] = defineEvents([{ ...lendEntry, parameters }]);
    const [step] = trafficOf([odd!], gameTraffic).basic;
    const query = new URLSearchParams(step!.path.slice("/lend".length));
    assert.deepEqual([...query.keys()], Object.keys(parameters));
    for (const parameter of odd!.parameters)
      assert.notEqual(parseValue(parameter, query.get(parameter.name)!), undefined);
  });
});

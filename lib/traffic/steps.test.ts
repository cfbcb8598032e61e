import assert from "node:assert/strict";
import { type EventDefinition, parseValue } from "../catalog.ts";
import { events } from "../game.ts";
import { gameTraffic } from "../game-traffic.ts";
import { trafficOf } from "./steps.ts";

const lend: EventDefinition = {
  type: "lend_book",
  route: "/lend",
  table: "loans",
  parameters: { genre: "text", days: "integer", renewed: "boolean" },
  reply: { plain: "Lent", echo: null },
};
const visit: EventDefinition = {
  type: "visit",
  route: "/visit",
  table: "visits",
  parameters: {},
  reply: { plain: "Hello", echo: null },
};

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
    const changed = events.map((event) =>
      "metal" in event.parameters ? { ...event, parameters: { metal: "integer" as const } } : event,
    );
    const paths = trafficOf(changed, gameTraffic).odd.map(({ path }) => path);
    assert.deepEqual(paths, ["/", "/purchase_sword?metal=1", "/join_a_guild?region=region_1"]);
  });

  it("generates values that the API accepts, for parameters of each type and any name", () => {
    const odd: EventDefinition = { ...lend, parameters: { "a&b=": "text", ü: "integer", n: "boolean" } };
    const [step] = trafficOf([odd], gameTraffic).basic;
    const query = new URLSearchParams(step!.path.slice("/lend".length));
    assert.deepEqual([...query.keys()], ["a&b=", "ü", "n"]);
    for (const [name, text] of query) assert.notEqual(parseValue(odd.parameters[name]!, text), undefined);
  });
});

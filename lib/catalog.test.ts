import assert from "node:assert/strict";
import { columnsOf, defineEvents, type EventEntry } from "./catalog.ts";
import { game as everyType } from "./testbed/every-type.fixture.ts";

describe("defineEvents(entries)", () => {
  it("gives route, table and reply to an event that names only its type", () => {
    const [event] = defineEvents([{ type: "openChest" }]);
    assert.deepEqual(
      [event!.route, event!.table, event!.reply.plain],
      ["/openChest", "open_chest", "openChest received"],
    );
  });

  it("gives each definition a version that changes with any of its parameters", () => {
    const versionOf = (parameters: EventEntry["parameters"]) =>
      defineEvents([{ type: "a", ...(parameters && { parameters }) }])[0]!.version;
    const versions = [
      undefined,
      { n: "integer" },
      { n: "bigint" },
      { m: "integer" },
      { n: { type: "integer", min: 1 } },
      { n: { type: "integer", required: true } },
      { n: { type: "integer", was: "m" } },
      { n: { type: "integer", oneOf: [1] } },
    ].map((parameters) => versionOf(parameters as EventEntry["parameters"]));
    assert.equal(new Set(versions).size, versions.length);
    for (const version of versions) assert.match(version, /^[0-9a-f]{8}$/);
    assert.equal(versionOf({ n: "integer" }), versionOf({ n: { type: "integer" } }));
  });

  it("takes a game with parameters of all types, and names their columns in snake_case", () => {
    const chest = defineEvents(everyType).find(({ type }) => type === "open_chest")!;
    const names = columnsOf(chest).map(({ name }) => name);
    for (const name of ["chest_id", "opened_at", "occurred_at", "definition"])
      assert.ok(names.includes(name), name);
  });

  const event = (entry: Partial<EventEntry>): EventEntry => ({ type: "buy", ...entry });
  const wrong: [subject: string, entries: EventEntry[], message: RegExp][] = [
    ["an empty list", [], /^lib\/game.ts: expected at least one event, got none$/],
    ["an entry that is no object", [null as never], /^lib\/game.ts: expected each event as .* got null$/],
    [
      "a field that no event has",
      [{ type: "buy", paramters: { n: "integer" } } as EventEntry],
      /event "buy": expected only the fields type, route, table, parameters, reply, got paramters$/,
    ],
    [
      "a list of parameters",
      [event({ parameters: ["n"] as never })],
      /parameters: expected { name: type, … }, got \["n"\]$/,
    ],
    [
      "a reply that is a text",
      [event({ reply: "Hello" as never })],
      /reply: expected { plain: text, echo: text or null }, got "Hello"$/,
    ],
    ["an empty type", [event({ type: "" })], /expected a type of 1 to 120 printable characters/],
    ["a type with a line break", [event({ type: "a\nb" })], /printable/],
    [
      "two equal types",
      [event({}), event({ route: "/b", table: "b" })],
      /event "buy" has the type buy too; give it another type/,
    ],
    ["two equal routes", [event({}), event({ type: "b", route: "/buy" })], /has the route \/buy too/],
    [
      "two equal tables",
      [event({}), event({ type: "Buy", route: "/b" })],
      /event "Buy": event "buy" has the table buy too; give it another table/,
    ],
    ["a route with a pattern", [event({ route: "/buy/:id" })], /route: expected a path of .* got \/buy\/:id/],
    ["a route of the API's own", [event({ route: "/events" })], /other than \/events, \/health/],
    [
      "a table in capitals",
      [event({ table: "Buys" })],
      /table: expected a name of a-z, 0-9 and _.* got Buys/,
    ],
    [
      "a table of our own",
      [event({ table: "failed_events" })],
      /table: failed_events is a name of Questlog's own; give another table/,
    ],
    [
      "a type that becomes a table of our own",
      [event({ type: "events", route: "/e" })],
      /table: events is a name of Questlog's own/,
    ],
    ["a table like a view", [event({ table: "unique_buys" })], /unique_buys is a name of Questlog's own/],
    ...[
      "day",
      "player",
      "timestamp",
      "event_id",
      "event_time",
      "raw_event",
      "kafka_offset",
      "session",
      "occurredAt",
      "Received At",
    ].map((name): [string, EventEntry[], RegExp] => [
      `a parameter ${name}`,
      [event({ parameters: { [name]: "text" } })],
      /event "buy", parameter ".*": each table has a column \w+ already; give the parameter another name/,
    ]),
    [
      "two parameters of one column",
      [event({ parameters: { itemName: "text", "item name": "text" } })],
      /parameter "item name": parameter "itemName" has the column item_name too; rename one of them/,
    ],
    [
      "an earlier name in use",
      [event({ parameters: { cost: "text", price: { type: "text", was: "cost" } } })],
      /parameter "price": parameter "cost" has the column cost too/,
    ],
    ...[
      [
        "its own name",
        "price",
        /was: expected earlier names, got "price", which is its name today; remove it$/,
      ],
      ["its own name among others", ["cost", "price"], /got "price", which is its name today; remove it$/],
      ["a name twice", ["cost", "cost"], /was: expected earlier names, got "cost" twice/],
      ["an empty name", "", /was: expected earlier names, got ""; remove it$/],
      ["a number", [7 as unknown as string], /was: expected earlier names, got 7; remove it$/],
    ].map(([subject, was, message]): [string, EventEntry[], RegExp] => [
      `an earlier name that is ${subject as string}`,
      [event({ parameters: { price: { type: "text", was: was as string | string[] } } })],
      message as RegExp,
    ]),
    [
      "an unknown type",
      [event({ parameters: { n: "decimal" as "text" } })],
      /^lib\/game.ts, event "buy", parameter "n": expected a type of text/,
    ],
    [
      "a long name",
      [event({ parameters: { ["n".repeat(121)]: "text" } })],
      /more than 120 characters; shorten the name/,
    ],
    ["an empty name", [event({ parameters: { "": "text" } })], /parameter "": expected a name/],
  ];
  for (const [subject, entries, message] of wrong)
    it(`refuses ${subject}`, () =>
      assert.throws(() => defineEvents(entries), { name: "CatalogueError", message }));
});

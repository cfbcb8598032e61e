import assert from "node:assert/strict";
import { namesPlayer } from "./names-player.ts";

const envelope = (fields: object) => JSON.stringify({ event_type: "default", params: {}, ...fields });

describe("namesPlayer(text, players)", () => {
  const NAMED: [string, string, string][] = [
    ["an envelope", "ann", envelope({ player: "ann" })],
    ["a parameter", "ann", envelope({ player: null, params: { player: "ann" } })],
    ["one of several events", "ann", `[${envelope({ player: "bob" })},${envelope({ player: "ann" })}]`],
    ["a refused envelope", "ann", JSON.stringify({ reason: "no", raw: envelope({ player: "ann" }) })],
    ["a refused text", "ann", JSON.stringify({ reason: "no", raw: '{"player":"ann","x":' })],
    ["quotes in JSON", `o"n'l`, envelope({ player: `o"n'l` })],
    ["quotes in a cut text", `o"n'l`, envelope({ player: `o"n'l`, last: "x" }).slice(0, -4)],
    ["unicode in JSON with escapes", "Zoë 龍", String.raw`{"player":"Zo\u00eb \u9f8d"}`],
    ["unicode in a cut text with escapes", "Zoë 龍", String.raw`{"player":"Zo\u00eb \u9f8d",`],
    ["unicode in a query", "Zoë 龍", "GET /?player=Zo%C3%AB+%E9%BE%8D&x=1"],
    ["spaces as %20", "Zoë 龍", "player=Zo%C3%AB%20%E9%BE%8D"],
    ["a text of words", "ann", "no JSON, from ann"],
    ["a name beside an emoji", "ann", "🐉ann🐉"],
    ["a field that is there twice", "ann", '{"player":"ann","player":"bob"}'],
    ["a parameter that is there twice", "ann", '{"player":"bob","params":{"player":"ann","player":"x"}}'],
    ["a number", "424242", envelope({ player: 424242 })],
    ["a number with a fraction, as it was written", "1.50", '{"player":1.50}'],
    ["a list of names", "ann", envelope({ player: ["bob", "ann"] })],
    ["an object with a name", "ann", envelope({ player: { name: "ann" } })],
    ["a text in JSON", "ann", '"ann"'],
    ["JSON with an escaped slash", "ph/ann", String.raw`{"player":"ph\/ann"}`],
    ["a cut text with an escaped slash", "ph/ann", String.raw`{"player":"ph\/ann",`],
    ["a cut text with an escaped quote", "o'ann", String.raw`{"player":"o\u0027ann",`],
    ["a cut text with capitals in escapes", "caféann", String.raw`{"player":"caf\u00E9ann",`],
    ["a cut text with a pair of escapes", "a🐉", String.raw`{"player":"a\uD83D\uDC09",`],
    ["a query with small letters in escapes", "Zoë", "player=Zo%c3%ab&x=1"],
    ["a query with escapes that it does not need", "ann", "player=%61nn&x=1"],
    ["a query beside a broken escape", "ann", "x=%zz&player=ann"],
    ["deep JSON", "ann", `${'{"a":'.repeat(30)}{"player":"ann"}${"}".repeat(30)}`],
  ];
  for (const [what, player, text] of NAMED)
    it(`finds the player in ${what}`, () => assert.equal(namesPlayer(text, [player]), true));

  const OTHERS: [string, string, string][] = [
    ["a longer name", "ann", envelope({ player: "anna" })],
    ["a shorter name", "anna", envelope({ player: "ann" })],
    ["another case", "ann", envelope({ player: "Ann" })],
    ["a longer name in a text that is not JSON", "ann", '{"player":"ann-marie",'],
    ["a number behind the name", "player-1", "player=player-10&x=1"],
    ["a parameter with another name", "ann", envelope({ player: "bob", params: { friend: "ann" } })],
    ["a number of more digits", "42", envelope({ player: 424242 })],
    ["an object beside the player", "ann", envelope({ player: "bob", friend: { name: "ann" } })],
    ["the name of a field", "ann", envelope({ player: { ann: 1 } })],
    ["an accent beside the name", "ann", "annë"],
    ["a message without a value", "ann", ""],
  ];
  for (const [what, player, text] of OTHERS)
    it(`does not find the player in ${what}`, () => assert.equal(namesPlayer(text, [player]), false));

  it("finds the hash of a player too", () => {
    assert.equal(namesPlayer(envelope({ player: "0a1b" }), ["ann", "0a1b"]), true);
  });
});

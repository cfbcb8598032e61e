import assert from "node:assert/strict";
import { defineParameter, type ParameterEntry } from "./parameter-entries.ts";
import type { ParameterType } from "./parameters.ts";

const define = (entry: ParameterType | ParameterEntry, name = "p") => defineParameter("here", name, entry);

describe("defineParameter(where, name, entry) refuses, and names the remedy", () => {
  const wrong: [entry: unknown, message: RegExp][] = [
    ["string", /^here: expected a type of text, integer, .* decimal\(p, s\), got string$/],
    ["decimal", /expected a type of .* got decimal/],
    [
      "decimal(39, 0)",
      /expected decimal\(p, s\) with p from 1 to 38 and s from 0 to p, got decimal\(39, 0\)/,
    ],
    ["decimal(5, 6)", /got decimal\(5, 6\)/],
    ["decimal(0, 0)", /got decimal\(0, 0\)/],
    [undefined, /expected a type or { type: … }, got undefined/],
    [{ type: "text", minimum: 1 }, /expected only the fields type, required, .* got minimum/],
    [{ type: "text", min: 1 }, /min fits numbers, dates and timestamps, not text; remove it/],
    [{ type: "boolean", max: 1 }, /max fits numbers/],
    [{ type: "integer", maxLength: 1 }, /maxLength fits text and json, not integer; remove it/],
    [{ type: "text", maxLength: 0 }, /expected a maxLength of 1 character or more, got 0/],
    [{ type: "integer", min: 1.5 }, /min 1.5 is no value of the type integer/],
    [{ type: "integer", min: 5, max: 4 }, /min 5 is more than max 4, so no value would fit/],
    [{ type: "integer", max: 2 ** 31 }, /max 2147483648 is no value of the type integer/],
    [{ type: "bigint", max: 2 ** 60 }, /max 1152921504606847000 is not exact, .* write it in quotes/],
    [{ type: "text", required: "yes" }, /required: expected true or false, got "yes"/],
    [{ type: "text", oneOf: [] }, /oneOf has no value, so no value would fit/],
    [{ type: "integer", oneOf: ["a"] }, /oneOf "a" is no value of the type integer/],
    [{ type: "integer", min: 5, oneOf: [1] }, /oneOf 1 is no value/],
    [{ type: "json", oneOf: ["{}"] }, /oneOf does not fit json; remove it/],
    [{ type: "date", min: "yesterday" }, /min "yesterday" is no value of the type date/],
  ];
  for (const [entry, message] of wrong)
    it(JSON.stringify(entry) ?? "nothing", () =>
      assert.throws(() => define(entry as ParameterEntry), { name: "CatalogueError", message }),
    );
});

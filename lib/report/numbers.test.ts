import assert from "node:assert/strict";
import { join } from "node:path";
import { glob } from "zx";
import { settings } from "../settings.ts";
import { type Cell, isCode, readNotebook } from "./notebook.ts";
import { textToNotebook } from "../testbed/notebook-text.ts";
import { spelledNumbers, typedNumbers, unshownNumbers } from "./numbers.ts";

describe("typedNumbers(source)", () => {
  it("finds a number that was typed into a sentence, and no other", () => {
    assert.deepEqual(typedNumbers("say(`All **${n}** of 220 events after **1,000.5 s**.`);"), [
      "220",
      "1000.5",
    ]);
    assert.deepEqual(typedNumbers('const a = 7;\nsay("There are 110.");\nshow(8);'), ["110"]);
  });

  it("accepts values from results, names and code", () => {
    assert.deepEqual(
      typedNumbers("say(`**${rows.length + 110}** at p99, as \\`limit(11)\\` says on day 1-2.`);"),
      [],
    );
  });
});

describe("typedNumbers(source), in other places than one text of a say", () => {
  it("finds numbers in joined texts, captions and titles", () => {
    assert.deepEqual(typedNumbers("say(`**${n}** of ` + `220 ` + `events`);"), ["220"]);
    assert.deepEqual(typedNumbers("say(`All of ${220} events`);"), ["220"]);
    assert.deepEqual(typedNumbers('table(rows, { caption: "The 8 newest" });'), ["8"]);
    assert.deepEqual(typedNumbers('bars(rows, { title: "Seconds of eleven", limit: 7 });'), ["eleven"]);
  });

  it("finds number words", () => {
    assert.deepEqual(typedNumbers("say(`Gold leads: six of the eleven rounds, ${n} in two seconds.`);"), [
      "six",
      "eleven",
      "two",
    ]);
  });
});

describe("spelledNumbers(text)", () => {
  for (const [text, words] of [
    ["asked twice a second, for half a second", ["twice", "half"]],
    ["Twenty-two players, four parties, eighty swords", ["Twenty-two", "four", "eighty"]],
    ["a third of the dozen, hundreds of rows", ["a third of", "dozen", "hundreds"]],
    ["exactly one row, once a second, at most once", ["exactly one", "once a second", "at most once"]],
    ["all but\none in a hundred", ["all but one", "hundred"]],
  ] as const) {
    it(`finds ${words.join(", ")}`, () => assert.deepEqual(spelledNumbers(text), words));
  }

  it("accepts idioms, ordinals, compounds, parts of words and code", () => {
    const text =
      "One by one, at once; one of them counts once. The second row, a third sword, a two-way street, a half-open " +
      "interval, someone, often, weight, `limit(eleven)`.";
    assert.deepEqual(spelledNumbers(text), []);
  });
});

describe("the project's notebooks", () => {
  it("have no number in words, and none typed into a sentence", async () => {
    const paths = await glob(join(settings.root, "notebooks", "*.ipynb"));
    assert.ok(paths.length > 0);
    const cells = (await Promise.all(paths.map(readNotebook))).flatMap((notebook) =>
      notebook.cells.map((cell) => [notebook.name, cell.id, ...numbersOf(cell)]),
    );
    assert.deepEqual(
      cells.filter(([, , ...numbers]) => numbers.length > 0),
      [],
    );
  });

  function numbersOf(cell: Cell): string[] {
    return isCode(cell) ? typedNumbers(cell.source) : spelledNumbers(cell.source);
  }
});

describe("unshownNumbers(notebook)", () => {
  /** A notebook of one Markdown cell and one cell that showed `plain`. */
  function notebook(prose: string, plain: string) {
    const made = textToNotebook(`// %% [markdown]\n// ${prose}\n// %%\n1;\n`, "5-x");
    const output = { output_type: "display_data" as const, data: { "text/plain": plain }, metadata: {} };
    made.cells.filter(isCode)[0]!.outputs.push(output);
    return made;
  }

  it("is empty when the outputs show every number of the prose", () => {
    assert.deepEqual(unshownNumbers(notebook("It showed 1,110 rows, with *404*.", "404: 1110 rows")), []);
  });

  it("names a number that no output shows", () => {
    assert.deepEqual(unshownNumbers(notebook("It showed 111 rows.", "1110 rows, 110 swords")), ["111"]);
  });

  it("names number words, even if the outputs show the number", () => {
    assert.deepEqual(unshownNumbers(notebook("It showed eleven rows.", "11 rows")), ["eleven"]);
  });

  it("ignores code", () => {
    assert.deepEqual(unshownNumbers(notebook("Run `limit(11)`, [here](#5).", "")), []);
  });
});

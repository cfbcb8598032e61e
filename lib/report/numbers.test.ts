import assert from "node:assert/strict";
import { isCode, textToNotebook } from "./notebook.ts";
import { typedNumbers, unshownNumbers } from "./numbers.ts";

describe("typedNumbers(source)", () => {
  it("finds a number that was typed into a sentence, and no other", () => {
    assert.deepEqual(typedNumbers("say(`All **${n}** of 220 events after **1,000.5 s**.`);"), [
      "220",
      "1000.5",
    ]);
    assert.deepEqual(typedNumbers('const a = 7;\nsay("There are 110.");\nshow(8);'), ["110"]);
  });

  it("leaves what comes from results, names and code", () => {
    assert.deepEqual(
      typedNumbers("say(`**${rows.length + 110}** at p99, as \\`limit(11)\\` says on day 1-2.`);"),
      [],
    );
  });
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

  it("does not look at code", () => {
    assert.deepEqual(unshownNumbers(notebook("Run `limit(11)`, [here](#5).", "")), []);
  });
});

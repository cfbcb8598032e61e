import assert from "node:assert/strict";
import { contrast } from "./colour.ts";
import { frontOf, withoutFront } from "./front.ts";
import { newCell, type Notebook } from "./notebook.ts";

const front = (yaml: string, type: "markdown" | "raw" = "raw"): Notebook => ({
  name: "shop",
  cells: [newCell(type, `---\n${yaml}\n---`, "f"), newCell("markdown", "# Sales of a week", "m")],
});

describe("frontOf(notebooks, options)", () => {
  it("reads title, subtitle, authors and language", () => {
    const yaml = "title: Swords\nsubtitle: of week 48\nauthor: [Ana, { name: Bo }]\nlang: pt-BR";
    for (const type of ["raw", "markdown"] as const)
      assert.deepEqual(frontOf([front(yaml, type)]), {
        title: "Swords",
        subtitle: "of week 48",
        author: "Ana, Bo",
        lang: "pt-BR",
        logo: "",
        accent: null,
      });
  });

  it("reads the front that a text notebook has in its metadata", () => {
    const notebook: Notebook = { name: "shop", cells: [], metadata: { questlog: { front: { title: "A" } } } };
    assert.equal(frontOf([notebook]).title, "A");
  });

  it("takes each key from the first notebook that gives it, and the option before all", () => {
    const notebooks = [front("subtitle: B"), front("title: A\nsubtitle: C")];
    assert.deepEqual([frontOf(notebooks).title, frontOf(notebooks).subtitle], ["A", "B"]);
    assert.equal(frontOf(notebooks, { title: "T" }).title, "T");
  });

  it("takes the first heading without a title", () => {
    assert.equal(frontOf([front("lang: en")]).title, "Sales of a week");
  });

  it("makes an accent colour that can be read on the light and on the dark page", () => {
    for (const colour of ["#ffff00", "#000", "#7c3aed", "#fff"]) {
      const { accent } = frontOf([front(`accent: "${colour}"`)]);
      assert.ok(contrast(accent!.light, "#fcfbf9") >= 4.5, colour);
      assert.ok(contrast(accent!.dark, "#15171a") >= 4.5, colour);
    }
  });

  const wrong: [yaml: string, message: RegExp][] = [
    ["titel: A", /notebook shop: front matter: no such key: "titel"; did you mean title\?/],
    ["zzzzzzzz: A", /no such key: "zzzzzzzz"; the keys are title, subtitle/],
    ["title: [A, B]", /title: expected a text, got \["A","B"\]/],
    ["lang: German language", /lang: expected a language such as en, got "German language"/],
    ["accent: red", /accent: expected a colour such as "#0f62c4" in quotes, got "red"/],
    ["logo: missing.png", /logo: expected a file .*missing.png, got ENOENT/],
    ["logo: https://example.com/x.png", /logo: expected a file, got the address/],
    ["title: A: B: C", /front matter: expected YAML, got /],
    ["- a", /expected "key: value" lines, got \["a"\]/],
  ];
  for (const [yaml, message] of wrong)
    it(`refuses "${yaml}"`, () => {
      assert.throws(() => frontOf([front(yaml)]), message);
    });

  it("passes over keys of other tools", () => {
    assert.equal(frontOf([front("jupyter: { jupytext: {} }\ntitle: A")]).title, "A");
  });
});

describe("withoutFront(source)", () => {
  it("keeps the text behind the front matter, and a text without one", () => {
    assert.equal(withoutFront("---\ntitle: A\n---\n# B"), "# B");
    assert.equal(withoutFront("a\n\n---\n\nb\n\n---"), "a\n\n---\n\nb\n\n---");
  });
});

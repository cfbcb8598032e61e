import assert from "node:assert/strict";
import { commentFindings, proseFindings } from "./words.ts";

const problems = (source: string) =>
  commentFindings(source).map(({ line, problem }) => `${line}: ${problem}`);

describe("commentFindings(source)", () => {
  it("finds nothing in plain comments, and nothing in code", () => {
    const source = `/** One statement in, row objects out. */
export const text = "whoever // bears such a one"; // in seconds
`;
    assert.deepEqual(problems(source), []);
  });

  it("names the line of an idiom, in comments of both forms and after code", () => {
    const source = `/**
 * Lines → messages.
 *
 * What of them is torn is left out.
 */
const a = 1; // whoever reads this
// left in vain
`;
    assert.deepEqual(problems(source), [
      '4: expected plain words, got "What "',
      '6: expected plain words, got "whoever"',
      '7: expected plain words, got "in vain"',
    ]);
  });

  it("finds a comment line of more than 100 columns, and ignores code of that length", () => {
    const long = "words ".repeat(20);
    assert.deepEqual(problems(`// ${long}`), ["1: expected at most 100 columns, got 123"]);
    assert.deepEqual(problems(`const text = "${long}";`), []);
  });

  it("finds a sentence of more than 25 words, over several lines", () => {
    const words = "one two three four five\n * six seven eight nine ten\n * ";
    const [finding, ...others] = problems(`/**\n * Short.\n * ${words.repeat(3)}end.\n */`);
    assert.match(finding!, /^\d: expected at most 25 words a sentence, got 31: one two/);
    assert.deepEqual(others, []);
  });
});

describe("proseFindings(text)", () => {
  it("takes list items, table rows and headings as sentences of their own", () => {
    const item = `- ${"word ".repeat(15)}\n`;
    assert.deepEqual(proseFindings(`# A heading\n\n${item.repeat(4)}\n| ${"cell | ".repeat(30)}`), []);
    const cell = "word ".repeat(15);
    assert.deepEqual(proseFindings(`| First: ${cell}| ${cell}|\n\n${cell}· ${cell}`), []);
  });

  it("ignores code, and counts its lines", () => {
    const long = "word ".repeat(26);
    const lines = proseFindings(`Run:\n\n\`\`\`bash\n${long}\n\`\`\`\n\n${long}`).map(({ line }) => line);
    assert.deepEqual(lines, [7]);
  });
});

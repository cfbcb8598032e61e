/**
 * Comments, README and notebooks → idioms that read like riddles; too long lines and sentences.
 *
 * Comments are found by TypeScript's own parser, so a "//" inside a string does not count.
 */
import ts from "typescript";

/** A line to rewrite. */
export interface WordFinding {
  line: number; // from 1
  problem: string;
}

const MAX_COMMENT_COLUMNS = 100;
const MAX_SENTENCE_WORDS = 25;

/** Idioms to say plainly instead: a noun and a verb that a colleague would use. */
const IDIOMS = new RegExp(
  [
    String.raw`\b(?:(?:is|are) none|up to, without|for nobody|whoever|such a one|(?:is|are) who|who complains|bears|in vain)\b`,
    String.raw`(?:^|[.:;→] )(?:What|Who) (?!to\b)`, // a noun phrase without a noun
    String.raw`\b(?:of|by|for|from|with|into|than|and|or) (?:what|who)\b`,
  ].join("|"),
  "i",
);

/** Ends of sentences, paragraphs, list items, cells of a table, and items between "·". */
const SENTENCE_ENDS = /(?<=[.!?:;])\s+|\n\s*\n|\n(?=\s*[-|@#>])|\s[|·]\s/;
const CODE = /^```[^]*?^```/gm;

/** Findings in the comments of a TypeScript file. */
export function commentFindings(source: string): WordFinding[] {
  const columns = source.split("\n").flatMap((text, i) => {
    const isComment = /^\s*(?:\/\/|\/?\*)/.test(text);
    return isComment && text.length > MAX_COMMENT_COLUMNS
      ? [{ line: i + 1, problem: `expected at most ${MAX_COMMENT_COLUMNS} columns, got ${text.length}` }]
      : [];
  });
  return [...columns, ...commentsOf(source).flatMap(({ text, line }) => proseFindings(text, line))].sort(
    (a, b) => a.line - b.line,
  );
}

/** Findings in prose that begins at `line`: idioms, and sentences of too many words. */
export function proseFindings(text: string, line = 1): WordFinding[] {
  const findings: WordFinding[] = [];
  text.split("\n").forEach((part, i) => {
    const idiom = IDIOMS.exec(part)?.[0];
    if (idiom !== undefined)
      findings.push({ line: line + i, problem: `expected plain words, got "${idiom}"` });
  });
  const prose = text.replace(CODE, (code) => code.replace(/[^\n]/g, "")); // the lines stay
  let at = 0;
  for (const sentence of prose.split(SENTENCE_ENDS)) {
    const words = sentence.split(/\s+/).filter((word) => /\w/.test(word)).length;
    const start = prose.indexOf(sentence, at);
    at = start + sentence.length;
    if (words > MAX_SENTENCE_WORDS)
      findings.push({
        line: line + prose.slice(0, start).split("\n").length - 1,
        problem: `expected at most ${MAX_SENTENCE_WORDS} words a sentence, got ${words}: ${sentence.trim().slice(0, 40)}…`,
      });
  }
  return findings;
}

/** The comments with their first lines. Successive lines of // without code before them are one. */
function commentsOf(source: string): { text: string; line: number }[] {
  const file = ts.createSourceFile("module.ts", source, ts.ScriptTarget.Latest);
  const ranges = new Map<number, ts.CommentRange>();
  const visit = (node: ts.Node): void => {
    for (const range of ts.getLeadingCommentRanges(source, node.pos) ?? []) ranges.set(range.pos, range);
    for (const range of ts.getTrailingCommentRanges(source, node.end) ?? []) ranges.set(range.pos, range);
    node.getChildren(file).forEach(visit);
  };
  visit(file);
  const comments: { text: string; line: number; isLine: boolean }[] = [];
  for (const { pos, end, kind } of [...ranges.values()].sort((a, b) => a.pos - b.pos)) {
    const line = file.getLineAndCharacterOfPosition(pos).line + 1;
    const before = source.slice(source.lastIndexOf("\n", pos) + 1, pos);
    const isLine = kind === ts.SyntaxKind.SingleLineCommentTrivia && before.trim() === "";
    const text = source
      .slice(pos, end)
      .replace(/^\/\*+|\*\/$/g, "")
      .replace(/^[ \t]*(?:\/\/|\*) ?/gm, "");
    const last = comments.at(-1);
    if (isLine && last?.isLine && line === last.line + last.text.split("\n").length) last.text += `\n${text}`;
    else comments.push({ text, line, isLine });
  }
  return comments;
}

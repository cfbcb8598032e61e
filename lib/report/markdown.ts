/**
 * The Markdown of notebooks: CommonMark, tables, footnotes, formulas, task lists and `<details>`.
 *
 * Other HTML is shown as text, but for `<br>`, `<sub>`, `<sup>`, `<kbd>` and `<mark>`; a comment is
 * left out. So no attribute and no element of an author's HTML reaches the page.
 */
import MarkdownIt, { type StateBlock, type StateCore, type StateInline, type Token } from "markdown-it";
import footnote from "markdown-it-footnote";
import { addFormulas } from "./formulas.ts";

export const markdown = new MarkdownIt({ html: false, linkify: false, typographer: true });
markdown.use(footnote);
addFormulas(markdown);
markdown.block.ruler.before("paragraph", "details", parseDetails, {
  alt: ["paragraph", "list", "blockquote"],
});
markdown.block.ruler.before("paragraph", "comment", parseComment);
markdown.inline.ruler.before("autolink", "plain_tag", parseTag);
markdown.core.ruler.after("inline", "tasks", markTasks);
markdown.renderer.rules.task = (tokens, i) => `<span class="sr">${tokens[i]!.content}: </span>`;

/** The headings of a Markdown text, with their texts as a reader sees them. */
export function headingsIn(source: string): { level: number; text: string }[] {
  const tokens = markdown.parse(source, {});
  return tokens.flatMap((token, i) =>
    token.type === "heading_open" ? [{ level: Number(token.tag.slice(1)), text: textOf(tokens[i + 1]) }] : [],
  );
}

/** The plain text of an inline token. */
export function textOf(token: Token | undefined): string {
  return (token?.children ?? [])
    .map(({ type, content }) => (/^(?:softbreak|hardbreak)$/.test(type) ? " " : content))
    .join("");
}

const OPEN = /^<details( open)?>\s*$/i;
const CLOSE = /^<\/details>\s*$/i;
const SUMMARY = /^<summary>(.*)<\/summary>\s*$/i;

/** `<details>`, `<summary>…</summary>` and `</details>`, each in a line of its own. */
function parseDetails(state: StateBlock, start: number, end: number, silent: boolean): boolean {
  const line = (n: number): string =>
    state.src.slice(state.bMarks[n]! + state.tShift[n]!, state.eMarks[n]).trim();
  const open = /^<details( open)?>\s*(?:<summary>(.*)<\/summary>)?$/i.exec(line(start));
  if (!open) return false;
  let depth = 0;
  let close = start;
  for (; close < end; close++) {
    if (OPEN.test(line(close)) || close === start) depth++;
    if (CLOSE.test(line(close)) && --depth === 0) break;
  }
  if (close >= end) return false; // without its end it is text
  if (silent) return true;
  let first = start + 1;
  let summary = open[2];
  if (summary === undefined && SUMMARY.test(line(first))) summary = SUMMARY.exec(line(first++))![1];
  const token = state.push("details_open", "details", 1);
  if (open[1]) token.attrSet("open", "");
  state.push("summary_open", "summary", 1);
  const text = state.push("inline", "", 0);
  Object.assign(text, { content: (summary ?? "Details").trim(), map: [start, first], children: [] });
  state.push("summary_close", "summary", -1);
  const [lineMax, parent] = [state.lineMax, state.parentType];
  state.lineMax = close;
  state.md.block.tokenize(state, first, close);
  state.lineMax = lineMax;
  state.parentType = parent;
  state.push("details_close", "details", -1);
  state.line = close + 1;
  return true;
}

/** Leaves out `<!-- … -->` that begins a block. */
function parseComment(state: StateBlock, start: number, end: number, silent: boolean): boolean {
  const from = state.bMarks[start]! + state.tShift[start]!;
  if (!state.src.startsWith("<!--", from)) return false;
  for (let n = start; n < end; n++) {
    if (!/-->\s*$/.test(state.src.slice(n === start ? from : state.bMarks[n], state.eMarks[n]))) continue;
    if (!silent) state.line = n + 1;
    return true;
  }
  return false;
}

const TAG = /^<(\/?)(br|sub|sup|kbd|mark)\s*\/?>/i;

/** A tag without attributes. Without its partner it is text. */
function parseTag(state: StateInline, silent: boolean): boolean {
  const match = TAG.exec(state.src.slice(state.pos));
  if (!match) return false;
  const name = match[2]!.toLowerCase();
  const isVoid = name === "br";
  const rest = state.src.slice(state.pos + match[0].length);
  const open = match[1] === "";
  if (!isVoid && open && !new RegExp(`</${name}>`, "i").test(rest)) return false;
  if (!isVoid && !open && !openTags(state).includes(name)) return false;
  if (!silent) {
    const type = isVoid ? "hardbreak" : `tag_${name}_${open ? "open" : "close"}`;
    state.push(type, isVoid ? "br" : name, isVoid ? 0 : open ? 1 : -1);
  }
  state.pos += match[0].length;
  return true;
}

function openTags({ tokens }: StateInline): string[] {
  const open: string[] = [];
  for (const { type, tag } of tokens) {
    if (!type.startsWith("tag_")) continue;
    if (type.endsWith("_open")) open.push(tag);
    else open.splice(open.lastIndexOf(tag), 1);
  }
  return open;
}

/** "- [x] done" → a list item with a mark that is read as "done". */
function markTasks({ tokens, Token }: StateCore): void {
  for (const [i, token] of tokens.entries()) {
    const [item, paragraph] = [tokens[i - 2], tokens[i - 1]];
    const first = token.children?.[0];
    if (item?.type !== "list_item_open" || paragraph?.type !== "paragraph_open" || first?.type !== "text")
      continue;
    const match = /^\[([ xX])\] /.exec(first.content);
    if (!match) continue;
    const isDone = match[1] !== " ";
    item.attrJoin("class", `task ${isDone ? "done" : "open"}`);
    first.content = first.content.slice(match[0].length);
    const mark = new Token("task", "span", 0);
    mark.content = isDone ? "done" : "to do";
    token.children!.unshift(mark);
  }
}

/**
 * A notebook's Markdown and code → HTML.
 *
 * Pictures become part of the page, because the report sends no request. Headings move one level
 * down, because the notebook's title is a chapter of the report.
 */
import hljs from "highlight.js/lib/core";
import typescript from "highlight.js/lib/languages/typescript";
import MarkdownIt, { type Token } from "markdown-it";
import { forHtml } from "../untrusted.ts";
import type { Anchors } from "./anchors.ts";
import { Footnotes } from "./footnotes.ts";
import { markdown, textOf } from "./markdown.ts";
import { isMarkdown, type MarkdownCell, type Notebook, NotebookError } from "./notebook.ts";
import { attachedPicture, localPicture } from "./pictures.ts";

hljs.registerLanguage("typescript", typescript);

const said = new MarkdownIt({ html: false, linkify: false, typographer: true }).disable([
  ...["image", "link", "autolink", "reference"],
  ...["heading", "lheading"],
]);

// A block of code can be wider than the page; the keyboard scrolls it when it has the focus.
for (const { renderer } of [markdown, said])
  for (const name of ["fence", "code_block"] as const) {
    const rule = renderer.rules[name]!;
    renderer.rules[name] = (...args) => rule(...args).replace("<pre", '<pre tabindex="0"');
  }

export interface Heading {
  level: number; // in the notebook: 1 for its title
  id: string;
  text: string;
}

export interface Prose {
  html: string;
  headings: Heading[];
  warnings: string[]; // parts that the page shows in another form
}

/** The page that the prose is part of. */
export interface ProsePage {
  notebook: Notebook;
  anchors: Anchors;
  notes: Footnotes; // of the notebook
  lowered: 0 | 1; // levels by which headings move down; 0: the page's head has the notebook's title
}

/** The footnotes of all texts of a notebook. */
export function footnotesOf(notebook: Notebook, anchors: Anchors): Footnotes {
  const sources = notebook.cells.filter(isMarkdown).map(({ source }) => source);
  return new Footnotes(sources, anchors.of(notebook).id);
}

/**
 * Renders `source`, the text of `cell`. A link to another notebook leads to that notebook's
 * chapter.
 * @throws NotebookError for a picture that does not exist
 */
export function renderProse(source: string, cell: MarkdownCell, page: ProsePage): Prose {
  const { notebook, anchors, notes, lowered } = page;
  const index = notebook.cells.indexOf(cell);
  const ids = [...(anchors.of(notebook).headings.get(index) ?? [])];
  const found: Prose = { html: "", headings: [], warnings: [] };
  const tokens = notes.parse(source, notebook.cells.filter(isMarkdown).indexOf(cell));
  const titles = new Set<Token>(); // in the page's head
  for (const [i, token] of tokens.entries()) {
    if (token.type === "heading_open") {
      const level = Number(token.tag.slice(1));
      const id = ids.shift() ?? anchors.unique(`${anchors.of(notebook).id}-${index + 1}`);
      found.headings.push({ level, id, text: textOf(tokens[i + 1]) });
      const isTitle = id === anchors.of(notebook).id; // the chapter's section has that id
      if (!isTitle) token.attrSet("id", id);
      else if (lowered === 0) tokens.slice(i, i + 3).forEach((one) => titles.add(one));
    }
    if (/^heading_/.test(token.type)) token.tag = `h${Math.min(6, Number(token.tag.slice(1)) + lowered)}`;
    if (token.type === "table_open") token.attrSet("class", "prose-table");
    alignByClass(token);
    token.children &&= token.children.flatMap((child) => localised(child, cell, page, found.warnings));
    dropDeadLinks(token.children ?? []);
  }
  const shown = notes.take(tokens).filter((token) => !titles.has(token));
  found.html = markdown.renderer.render(shown, markdown.options, { docId: notes.docId });
  return found;
}

/** The page's policy forbids style attributes, so a cell of a table is aligned by its class. */
function alignByClass(token: Token): void {
  const side = /^text-align:(right|center)$/.exec(String(token.attrGet("style")))?.[1];
  token.attrs &&= token.attrs.filter(([name]) => name !== "style");
  if (side !== undefined) token.attrSet("class", side === "right" ? "number" : "center");
}

/** A link or a picture as the page can show it. */
function localised(child: Token, cell: MarkdownCell, page: ProsePage, warnings: string[]): Token[] {
  const { notebook, anchors } = page;
  if (child.type === "link_open") {
    const href = String(child.attrGet("href"));
    if (/^(?:https?:|mailto:|tel:)/i.test(href)) child.attrSet("rel", "noopener noreferrer");
    else {
      const id = anchors.target(href, notebook);
      child.attrSet("href", id === null ? DEAD : `#${id}`);
      const isOther = id === null && /\.(?:ipynb|md|ts)$/.test(href); // a notebook that is not in this report
      if (id === null && !isOther)
        warnings.push(`a link to ${href}, which this report does not have: it is text`);
    }
  }
  if (child.type !== "image") return [child];
  const src = String(child.attrGet("src"));
  if (/^https?:|^\/\//i.test(src)) {
    warnings.push(`a picture at ${src}: the report sends no request, so it shows a link`);
    return linkTo(src, child);
  }
  const attachment = /^attachment:(.*)$/.exec(src)?.[1];
  const picture =
    attachment === undefined ? localPicture(src, notebook) : attachedPicture(attachment, cell.attachments);
  if ("problem" in picture) throw new NotebookError(notebook.name, `picture: ${picture.problem}`);
  child.attrSet("src", picture.src);
  return [child];
}

const DEAD = "#"; // stands for a target that the page does not have

function linkTo(address: string, image: Token): Token[] {
  const TokenType = image.constructor as new (type: string, tag: string, nesting: -1 | 0 | 1) => Token;
  const open = new TokenType("link_open", "a", 1);
  open.attrs = [
    ["href", address],
    ["rel", "noopener noreferrer"],
  ];
  const text = new TokenType("text", "", 0);
  text.content = `picture: ${textOf(image) || address}`;
  return [open, text, new TokenType("link_close", "a", -1)];
}

/** Makes links without a target text. */
function dropDeadLinks(children: Token[]): void {
  let isDead = false;
  for (const child of children) {
    if (child.type === "link_open") isDead = child.attrGet("href") === DEAD;
    if (!isDead || !/^link_/.test(child.type)) continue;
    child.tag = "span";
    child.attrs = null;
  }
}

/** Renders Markdown of an output. It may contain texts of players, so it gets no links. */
export function renderSaid(source: string): string {
  return said.render(source);
}

/** Renders TypeScript, highlighted by classes. */
export function renderCode(source: string): string {
  return hljs.highlight(source, { language: "typescript" }).value;
}

const MAX_SUMMARY_CHARS = 120; // longer than a line; the page's style cuts the rest

/** A cell's code in one line, from its first statement after imports. */
export function summaryOf(source: string): string {
  const lines = source.split("\n").map((line) => line.trim());
  const telling = lines.findIndex(
    (line) => line !== "" && !/^(import\b|recordHistory\(|\/\/|}|\))/.test(line),
  );
  if (telling < 0)
    return lines.some((line) => line.startsWith("import")) ? "imports of this step" : "empty cell";
  const text = lines
    .slice(telling)
    .join(" ")
    .trim()
    .replace(/([([]) /g, "$1")
    .replace(/,? ([)\]])/g, "$1");
  return forHtml(text.length > MAX_SUMMARY_CHARS ? `${text.slice(0, MAX_SUMMARY_CHARS)}…` : text);
}

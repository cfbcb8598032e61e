/**
 * A notebook's Markdown and code → HTML.
 *
 * HTML inside Markdown is shown as text, and pictures are left out: the report sends no request.
 * Headings move one level down, because the notebook's title is a chapter of the report.
 */
import hljs from "highlight.js/lib/core";
import typescript from "highlight.js/lib/languages/typescript";
import MarkdownIt from "markdown-it";
import { forHtml } from "../untrusted.ts";

hljs.registerLanguage("typescript", typescript);

const markdown = new MarkdownIt({ html: false, linkify: false, typographer: true }).disable("image");

const said = new MarkdownIt({ html: false, linkify: false, typographer: true }).disable([
  ...["image", "link", "autolink", "reference"],
  ...["heading", "lheading"],
]);

export interface Heading {
  level: number; // in the notebook: 1 for its title
  id: string;
  text: string;
}

/**
 * Renders `source`; the ids of its headings begin with `idPrefix`. A link to another notebook leads
 * to that notebook's chapter.
 */
export function renderProse(source: string, idPrefix: string): { html: string; headings: Heading[] } {
  const headings: Heading[] = [];
  const tokens = markdown.parse(source, {});
  for (const [i, token] of tokens.entries()) {
    if (token.type === "heading_open") {
      const level = Number(token.tag.slice(1));
      const text = tokens[i + 1]?.children?.map(({ content }) => content).join("") ?? "";
      const id = level === 1 ? idPrefix : `${idPrefix}-${slug(text)}`;
      headings.push({ level, id, text });
      if (level > 1) token.attrSet("id", id); // the chapter's section has the id of level 1
    }
    if (/^heading_/.test(token.type)) token.tag = `h${Math.min(6, Number(token.tag.slice(1)) + 1)}`;
    for (const child of token.children ?? []) {
      const href = child.type === "link_open" ? String(child.attrGet("href")) : null;
      const notebook = href === null ? null : /^(?:\.\/)?([\w-]+)\.ipynb$/.exec(href);
      if (notebook) child.attrSet("href", `#${notebook[1]}`);
      else if (href !== null) child.attrSet("rel", "noopener noreferrer");
    }
  }
  return { html: markdown.renderer.render(tokens, markdown.options, {}), headings };
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

export function slug(text: string): string {
  return (
    text
      .toLowerCase()
      .normalize("NFKD")
      .replace(/[^a-z0-9]+/g, "-")
      .replace(/^-|-$/g, "") || "section"
  );
}

/**
 * Formulas in Markdown: `$x$`, `$$x$$` and `\begin{…}` → MathML.
 *
 * A browser draws MathML by itself, so the page needs no script, no font and no style for it. The
 * page's policy forbids style attributes: a colour becomes MathML's own attribute, other styles are
 * left out. Money is no formula: in "$5 and $10" the second sign has a space before it.
 */
import type { MarkdownIt, StateBlock, StateInline } from "markdown-it";
import temml from "temml";

/** Teaches `markdown` formulas. */
export function addFormulas(markdown: MarkdownIt): void {
  markdown.inline.ruler.after("escape", "formula", parseInline);
  markdown.block.ruler.before("paragraph", "formula_block", parseBlock, { alt: ["paragraph", "blockquote"] });
  markdown.renderer.rules.formula = (tokens, i) => formula(tokens[i]!.content, tokens[i]!.tag === "block");
}

/** A formula of LaTeX as MathML; one that cannot be read is shown as its text. */
export function formula(tex: string, isBlock: boolean): string {
  const math = temml.renderToString(tex, { displayMode: isBlock, throwOnError: false, trust: false });
  return math
    .replace(/ style="([^"]*)"/g, (_, style: string) => {
      const colour = /(?:^|;)color:\s*(#[\da-f]{3,8})/i.exec(style)?.[1];
      return colour === undefined ? "" : ` mathcolor="${colour}"`;
    })
    .replace(
      /^<math/,
      `<math tabindex="0" aria-label="${tex.replace(/[&<>"']/g, (one) => `&#${one.charCodeAt(0)};`)}"`,
    )
    .replace(/ tabindex="0"/, isBlock ? ' tabindex="0"' : "");
}

const INLINE = /^\$\$((?:[^$\\]|\\[\s\S])+)\$\$|^\$(?!\s)((?:[^$\\]|\\[\s\S])+?)(?<!\s)\$(?!\d)/;

function parseInline(state: StateInline, silent: boolean): boolean {
  if (state.src[state.pos] !== "$") return false;
  const match = INLINE.exec(state.src.slice(state.pos));
  if (!match) return false;
  if (!silent) {
    const token = state.push("formula", match[1] === undefined ? "inline" : "block", 0);
    token.content = (match[1] ?? match[2]!).trim();
  }
  state.pos += match[0].length;
  return true;
}

/** `$$` in lines of their own, or a `\begin{…}` … `\end{…}`. */
function parseBlock(state: StateBlock, start: number, end: number, silent: boolean): boolean {
  const from = state.bMarks[start]! + state.tShift[start]!;
  const line = state.src.slice(from, state.eMarks[start]);
  const environment = /^\\begin\{(\w+\*?)\}/.exec(line)?.[1];
  if (!line.startsWith("$$") && environment === undefined) return false;
  const closing = environment === undefined ? "$$" : `\\end{${environment}}`;
  for (let n = start; n < end; n++) {
    const text = state.src.slice(from, state.eMarks[n]).trimEnd();
    if (!text.endsWith(closing) || text.length < closing.length + 2) continue;
    if (environment === undefined && text.slice(2, -2).includes("$$")) return false;
    if (silent) return true;
    const token = state.push("formula", "block", 0);
    token.content = environment === undefined ? text.slice(2, -2).trim() : text;
    token.map = [start, n + 1];
    state.line = n + 1;
    return true;
  }
  return false;
}

/**
 * The texts of a notebook → one list of footnotes, at the end of its chapter.
 *
 * A note can stand in another cell than its mark, so each cell is parsed with the names of all
 * notes. Where two cells have a note of one name, a mark means the note of its own cell, else the
 * first one. The plugin's own list would end each cell, so it is switched off.
 */
import type { Token } from "markdown-it";
import { markdown } from "./markdown.ts";

interface Note {
  tokens: Token[]; // empty: no cell with this note was rendered
  marks: number; // how often a text refers to it
}

type List = { content: string; tokens: Token[] }[];

markdown.core.ruler.disable("footnote_tail");

export class Footnotes {
  readonly docId: string; // part of the ids
  readonly #places = new Map<string, number[]>(); // name → indexes of the texts that have the note
  readonly #notes = new Map<string, Note>(); // by name and place
  readonly #order: string[] = []; // keys of the notes to which texts refer
  #inline = 0;

  /** @param sources of all texts of the notebook, in their order */
  constructor(sources: readonly string[], docId: string) {
    this.docId = docId;
    for (const [i, source] of sources.entries())
      for (const { type, meta } of markdown.parse(source, {})) {
        if (type !== "footnote_reference_open") continue;
        const { label } = meta as { label: string };
        this.#places.set(label, [...(this.#places.get(label) ?? []), i]);
      }
  }

  /**
   * Parses the text at `index`. Marks have the notebook's numbers; notes still stand in the tokens.
   */
  parse(source: string, index: number): Token[] {
    const refs = Object.fromEntries([...this.#places.keys()].map((name) => [`:${name}`, -1]));
    const list: List = [];
    const tokens = markdown.parse(source, { docId: this.docId, footnotes: { refs, list } });
    const added: Token[] = [];
    for (const token of tokens)
      if (token.type === "footnote_reference_open")
        token.meta = { label: this.#keyOf((token.meta as { label: string }).label, index) };
    for (const mark of tokens.flatMap(({ children }) => children ?? [])) {
      if (mark.type !== "footnote_ref") continue;
      const { id, label } = mark.meta as { id: number; label?: string };
      const key = label === undefined ? `^${++this.#inline}` : this.#keyOf(label, index);
      if (label === undefined) added.push(...definitionOf(key, list[id]!, mark));
      const note = this.#noteOf(key);
      if (note.marks === 0) this.#order.push(key);
      mark.meta = { id: this.#order.indexOf(key), subId: note.marks++, label: key };
    }
    return [...tokens, ...added];
  }

  /** Keeps the notes of a text, and returns its other tokens. */
  take(tokens: readonly Token[]): Token[] {
    let note: Note | null = null;
    return tokens.filter((token) => {
      if (token.type === "footnote_reference_open") {
        note = this.#noteOf((token.meta as { label: string }).label);
        note.tokens = [];
      } else if (token.type === "footnote_reference_close") note = null;
      else if (note === null) return true;
      else note.tokens.push(token);
      return false;
    });
  }

  /** The list as HTML; empty without a mark. */
  render(): string {
    const [first] = this.#order;
    const made = this.#noteOf(first ?? "").tokens[0];
    if (first === undefined || made === undefined) return "";
    const tokens = this.#order.flatMap((name, id) => {
      const note = this.#noteOf(name);
      const links = Array.from({ length: note.marks }, (_, subId) =>
        tokenLike(made, "footnote_anchor", { id, subId, label: name }),
      );
      const last =
        note.tokens.at(-1)?.type === "paragraph_close" ? note.tokens.length - 1 : note.tokens.length;
      return [
        tokenLike(made, "footnote_open", { id, label: name }),
        ...note.tokens.slice(0, last),
        ...links,
        ...note.tokens.slice(last),
        tokenLike(made, "footnote_close", {}),
      ];
    });
    const list = [
      tokenLike(made, "footnote_block_open", {}),
      ...tokens,
      tokenLike(made, "footnote_block_close", {}),
    ];
    return markdown.renderer.render(list, markdown.options, { docId: this.docId });
  }

  #keyOf(label: string, index: number): string {
    const places = this.#places.get(label) ?? [];
    return `${places.includes(index) ? index : places[0]} ${label}`;
  }

  #noteOf(name: string): Note {
    const known = this.#notes.get(name) ?? { tokens: [], marks: 0 };
    this.#notes.set(name, known);
    return known;
  }
}

/** The tokens of a note that stands at its mark: `^[text]`. */
function definitionOf(label: string, { content, tokens }: List[number], mark: Token): Token[] {
  const inline = Object.assign(tokenLike(mark, "inline", {}), { content, children: tokens });
  const [open, close] = ["paragraph_open", "paragraph_close"].map((type, i) =>
    Object.assign(tokenLike(mark, type, {}), { tag: "p", nesting: i === 0 ? 1 : -1, block: true }),
  ) as [Token, Token];
  return [
    tokenLike(mark, "footnote_reference_open", { label }),
    open,
    inline,
    close,
    tokenLike(mark, "footnote_reference_close", {}),
  ];
}

function tokenLike(token: Token, type: string, meta: object): Token {
  const TokenType = token.constructor as new (type: string, tag: string, nesting: -1 | 0 | 1) => Token;
  return Object.assign(new TokenType(type, "", 0), { meta });
}

/**
 * Notebooks → the ids of the report's chapters, headings, cells and figures; links → their targets.
 *
 * All ids are on one page, so each is given once: a second "## Result" is result-2. Letters of
 * every script stay, so "## 結果" has an id of its own. Other notebooks and mails link to headings,
 * so an id comes from the heading's text, never from its place in a list.
 */
import { isCode, type Notebook } from "./notebook.ts";
import { headingsIn } from "./markdown.ts";

const OF_THE_PAGE = ["about", "contents", "show-code", "top"];

export interface ChapterAnchors {
  id: string;
  headings: Map<number, string[]>; // index of a Markdown cell → ids of its headings
  cells: string[]; // ids of the code cells
}

/** The ids of one page. */
export class Anchors {
  #used = new Set(OF_THE_PAGE);
  #chapters = new Map<string, ChapterAnchors>(); // by names of notebooks
  #targets = new Map<string, Map<string, string>>(); // name of a notebook → heading's slug → id

  constructor(notebooks: readonly Notebook[]) {
    const ids = notebooks.map(({ name }) =>
      this.unique(/^[A-Za-z0-9][\w-]*$/.test(name) ? name : slug(name)),
    );
    const cells = notebooks.map((notebook, i) =>
      notebook.cells.filter(isCode).map((_, n) => this.unique(`${ids[i]}-cell-${n + 1}`)),
    );
    for (const [i, notebook] of notebooks.entries()) this.#addChapter(notebook, ids[i]!, cells[i]!);
  }

  /** The ids of a notebook's chapter. */
  of({ name }: Notebook): ChapterAnchors {
    return this.#chapters.get(name)!;
  }

  /** `wanted`, or with a number behind it if the page has it already. */
  unique(wanted: string): string {
    for (let n = 1; ; n++) {
      const id = n === 1 ? wanted : `${wanted}-${n}`;
      if (this.#used.has(id)) continue;
      this.#used.add(id);
      return id;
    }
  }

  /** The id that a link leads to, of a notebook or a heading; null if the page does not have it. */
  target(href: string, from: Notebook): string | null {
    const [, path = "", fragment] = /^([^#]*)(?:#(.*))?$/.exec(decoded(href)) ?? [];
    const name = path === "" ? from.name : notebookName(path);
    const chapter = name === null ? undefined : this.#chapters.get(name);
    if (!chapter) return null;
    if (fragment === undefined || fragment === "") return chapter.id;
    const wanted = slug(fragment);
    const own = this.#targets.get(name!)?.get(wanted);
    if (own !== undefined) return own;
    if (chapter.cells.includes(fragment)) return fragment;
    if (path !== "") return null;
    const others = [...this.#targets.values()].flatMap((targets) => targets.get(wanted) ?? []);
    return others[0] ?? null;
  }

  #addChapter(notebook: Notebook, id: string, cells: string[]): void {
    const headings = new Map<number, string[]>();
    let isTitled = false;
    const targets = new Map<string, string>();
    for (const [i, cell] of notebook.cells.entries()) {
      if (cell.cell_type !== "markdown") continue;
      const ids = headingsIn(cell.source).map(({ level, text }) => {
        const isTitle = level === 1 && !isTitled;
        isTitled ||= isTitle;
        const own = isTitle ? id : this.unique(`${id}-${slug(text)}`);
        if (!targets.has(slug(text))) targets.set(slug(text), own);
        return own;
      });
      headings.set(i, ids);
    }
    this.#chapters.set(notebook.name, { id, headings, cells });
    this.#targets.set(notebook.name, targets);
  }
}

/** Letters and digits of any script in lower case, joined by hyphens. */
export function slug(text: string): string {
  const words = text.normalize("NFKD").toLowerCase().replace(/\p{M}/gu, "").normalize("NFC");
  return words.replace(/[^\p{L}\p{N}]+/gu, "-").replace(/^-|-$/g, "") || "section";
}

/** "folder/2-requests.ipynb" → "2-requests"; null for another kind of file. */
function notebookName(path: string): string | null {
  return /^(?:.*\/)?([^/]+)\.(?:ipynb|md|ts)$/.exec(path)?.[1] ?? null;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a "%" that is no escape
  }
}

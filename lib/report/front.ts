/**
 * Notebooks → the front of their report: title, subtitle, author, language, logo, accent colour.
 *
 * It stands as YAML between two lines `---` in the first raw or Markdown cell of a notebook, or in
 * the notebook's metadata as `questlog.front`. Of several notebooks, the first that gives a key
 * counts. Without a title, the first notebook's heading is the title.
 */
import { parseDocument } from "yaml";
import { nearest } from "../nearest.ts";
import { contrast, mixed } from "./colour.ts";
import { isCode, type Notebook, NotebookError, titleOf } from "./notebook.ts";
import { localPicture } from "./pictures.ts";

export interface Front {
  title: string;
  subtitle: string;
  author: string;
  lang: string; // BCP 47, e.g. "en" or "pt-BR"
  logo: string; // a data: address, or empty
  accent: { light: string; dark: string } | null; // colours that can be read on the page
}

const KEYS = ["title", "subtitle", "author", "lang", "logo", "accent"] as const;
const OTHER_TOOLS = ["jupyter", "jupytext", "kernelspec", "format", "execute"]; // keys that we pass over
const FRONT = /^---[ \t]*\n([\s\S]*?)\n?---[ \t]*(?:\n|$)/;
const PAGES = { light: "#fcfbf9", dark: "#15171a" }; // the page's colours in style.ts
const MIN_CONTRAST = 4.6; // of text; accessible is 4.5

type Key = (typeof KEYS)[number];

/**
 * Reads the front of a report of `notebooks`.
 * @throws NotebookError for a wrong key or value
 */
export function frontOf(notebooks: readonly Notebook[], options: { title?: string | undefined } = {}): Front {
  const found: Partial<Record<Key, string>> = {};
  for (const notebook of notebooks) {
    const own = readFront(notebook);
    for (const key of KEYS) if (own[key] !== undefined) found[key] ??= own[key];
  }
  const [first] = notebooks;
  return {
    title: options.title ?? found.title ?? (first ? titleOf(first) : "Report"),
    subtitle: found.subtitle ?? "",
    author: found.author ?? "",
    lang: found.lang ?? "en",
    logo: found.logo ?? "",
    accent: found.accent === undefined ? null : readable(found.accent),
  };
}

/** The text of a first cell without its front matter. */
export function withoutFront(source: string): string {
  return source.replace(FRONT, "");
}

function readFront(notebook: Notebook): Partial<Record<Key, string>> {
  const wrong = (problem: string): NotebookError =>
    new NotebookError(notebook.name, `front matter: ${problem}`);
  const given = givenFront(notebook, wrong);
  const found: Partial<Record<Key, string>> = {};
  for (const [name, value] of Object.entries(given)) {
    if (OTHER_TOOLS.includes(name) || value === null) continue;
    const key = KEYS.find((one) => one === name);
    if (key === undefined) throw wrong(unknownKey(name));
    found[key] = readValue(key, value, notebook, wrong);
  }
  return found;
}

function givenFront({ metadata, cells }: Notebook, wrong: (problem: string) => Error): object {
  const kept = (metadata?.questlog as { front?: unknown } | undefined)?.front;
  const [first] = cells;
  const text = first && !isCode(first) ? FRONT.exec(first.source)?.[1] : undefined;
  if (text === undefined) return typeof kept === "object" && kept !== null ? kept : {};
  const yaml = parseDocument(text);
  const [problem] = yaml.errors;
  if (problem) throw wrong(`expected YAML, got ${problem.message.split("\n")[0]}`);
  const front = (yaml.toJS() ?? {}) as unknown;
  if (typeof front === "object" && !Array.isArray(front)) return front as object;
  throw wrong(`expected "key: value" lines, got ${JSON.stringify(front)}`);
}

function unknownKey(name: string): string {
  const [similar] = nearest(name, KEYS);
  const advice = similar === undefined ? `the keys are ${KEYS.join(", ")}` : `did you mean ${similar}?`;
  return `no such key: ${JSON.stringify(name)}; ${advice}`;
}

function readValue(key: Key, value: unknown, notebook: Notebook, wrong: (problem: string) => Error): string {
  const list = key === "author" && Array.isArray(value) ? (value as unknown[]) : [value];
  const texts = list.map((one) => {
    const text = typeof one === "object" && one !== null && "name" in one ? one.name : one;
    if (typeof text === "string" || typeof text === "number") return String(text).trim();
    throw wrong(`${key}: expected a text, got ${JSON.stringify(one)}`);
  });
  const text = texts.join(", ");
  if (key === "lang" && !isLanguage(text)) throw wrong(`lang: expected a language such as en, got "${text}"`);
  if (key === "accent" && !/^#(?:[\da-f]{3}|[\da-f]{6})$/i.test(text))
    throw wrong(`accent: expected a colour such as "#0f62c4" in quotes, got "${text}"`);
  if (key !== "logo") return text;
  const picture = localPicture(text, notebook);
  if ("problem" in picture) throw wrong(`logo: ${picture.problem}`);
  return picture.src;
}

function isLanguage(text: string): boolean {
  try {
    return Intl.getCanonicalLocales(text).length === 1;
  } catch {
    return false; // a RangeError says just that
  }
}

/** The colour as near as can be read on the light and on the dark page. */
function readable(colour: string): { light: string; dark: string } {
  const towards = (page: string, end: string): string => {
    for (let part = 0; part < 1; part += 0.05) {
      const mix = mixed(colour, end, part);
      if (contrast(mix, page) >= MIN_CONTRAST) return mix;
    }
    return end;
  };
  return { light: towards(PAGES.light, "#000000"), dark: towards(PAGES.dark, "#ffffff") };
}

/**
 * JSON text → values with facts that JSON.parse drops: the order and repetition of an object's
 * names, numbers as they were written, and the text of each value.
 *
 * Text with too deep nesting, or too many values, is refused before it costs memory. JSON.parse
 * decodes the strings.
 */
const MAX_DEPTH = 32;
const MAX_VALUES = 100_000;
const WORD = /[\w+\-.]*/y;

/** A value. `source` is its JSON text, as it was written. */
export type Json =
  | { type: "object"; source: string; members: [name: string, value: Json][] }
  | { type: "array"; source: string; items: Json[] }
  | { type: "text"; source: string; value: string }
  | { type: "number" | "boolean" | "null"; source: string };

/**
 * Reads one JSON value, with only white space around it.
 * @throws JsonError if `text` is not JSON, or beyond the limits.
 */
export function readJson(text: string): Json {
  let at = 0;
  let values = 0;

  const value = readValue(0);
  skipSpace();
  if (at < text.length) throw unexpected("nothing more");
  return value;

  function readValue(depth: number): Json {
    skipSpace();
    if (depth > MAX_DEPTH) throw new JsonError(`expected at most ${MAX_DEPTH} levels of nesting`, at);
    if (++values > MAX_VALUES) throw new JsonError(`expected at most ${MAX_VALUES} values`, at);
    const start = at;
    const source = () => text.slice(start, at);
    switch (text[at]) {
      case "{": {
        const members = readList("}", (): [string, Json] => {
          skipSpace();
          const name = readText();
          skip(":");
          return [name, readValue(depth + 1)];
        });
        return { type: "object", members, source: source() };
      }
      case "[": {
        const items = readList("]", () => readValue(depth + 1));
        return { type: "array", items, source: source() };
      }
      case '"': {
        const decoded = readText();
        return { type: "text", value: decoded, source: source() };
      }
    }
    WORD.lastIndex = at;
    const [found] = WORD.exec(text)!; // it matches the empty text too
    const type = typeOf(found);
    if (type === undefined) throw unexpected("a JSON value");
    at += found.length;
    return { type, source: found };
  }

  /** Reads the elements between an opening bracket and `close`, separated by commas. */
  function readList<T>(close: string, readOne: () => T): T[] {
    at++;
    const list: T[] = [];
    skipSpace();
    if (text[at] === close) at++;
    else {
      do list.push(readOne());
      while (skip(",", close) === ",");
    }
    return list;
  }

  function readText(): string {
    if (text[at] !== '"') throw unexpected("a string");
    let end = at + 1;
    while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
    try {
      const decoded = JSON.parse(text.slice(at, end + 1)) as string;
      at = end + 1;
      return decoded;
    } catch {
      throw unexpected("a string");
    }
  }

  function skip(...expected: string[]): string {
    skipSpace();
    const found = text[at];
    if (found === undefined || !expected.includes(found)) throw unexpected(expected.join(" or "));
    at++;
    return found;
  }

  function skipSpace(): void {
    while (at < text.length && " \t\n\r".includes(text[at]!)) at++;
  }

  function unexpected(expectation: string): JsonError {
    const got = at < text.length ? JSON.stringify(text.slice(at, at + 20)) : "the end";
    return new JsonError(`expected ${expectation}, got ${got}`, at);
  }
}

/** Thrown when a text is not JSON, or beyond the limits. */
export class JsonError extends Error {
  override name = "JsonError";

  constructor(message: string, at: number) {
    super(`JSON, character ${at + 1}: ${message}`);
  }
}

const NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

function typeOf(word: string): "number" | "boolean" | "null" | undefined {
  if (word === "null") return "null";
  if (word === "true" || word === "false") return "boolean";
  return NUMBER.test(word) ? "number" : undefined;
}

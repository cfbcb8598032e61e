/**
 * JSON text → values with facts that JSON.parse drops: the order and repetition of an object's
 * names, numbers as they were written, and the text of each value.
 *
 * Text with too deep nesting, or too many values, is refused before it costs memory. JSON.parse
 * decodes the strings.
 */
const MAX_DEPTH = 32;
const MAX_VALUES = 100_000;
// eslint-disable-next-line no-control-regex -- JSON allows these characters only as escapes
const ENCODED = /[\\\u0000-\u001f]/; // JSON.parse decodes or refuses such a text
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
  return new JsonReader(text).readAll();
}

/** Reads a text once, from its beginning to its end. */
class JsonReader {
  readonly #text: string;
  #at = 0; // index of the next character
  #values = 0; // number of values read

  constructor(text: string) {
    this.#text = text;
  }

  readAll(): Json {
    const value = this.#readValue(0);
    this.#skipSpace();
    if (this.#at < this.#text.length) throw this.#unexpected("nothing more");
    return value;
  }

  #readValue(depth: number): Json {
    this.#skipSpace();
    if (depth > MAX_DEPTH) throw new JsonError(`expected at most ${MAX_DEPTH} levels of nesting`, this.#at);
    if (++this.#values > MAX_VALUES) throw new JsonError(`expected at most ${MAX_VALUES} values`, this.#at);
    const start = this.#at;
    switch (this.#text[start]) {
      case "{": {
        const members = this.#readList("}", () => this.#readMember(depth + 1));
        return { type: "object", members, source: this.#text.slice(start, this.#at) };
      }
      case "[": {
        const items = this.#readList("]", () => this.#readValue(depth + 1));
        return { type: "array", items, source: this.#text.slice(start, this.#at) };
      }
      case '"': {
        const value = this.#readString();
        return { type: "text", value, source: this.#text.slice(start, this.#at) };
      }
      default:
        return this.#readWord();
    }
  }

  #readMember(depth: number): [name: string, value: Json] {
    this.#skipSpace();
    const name = this.#readString();
    this.#skip(":");
    return [name, this.#readValue(depth)];
  }

  /** Reads the elements between an opening bracket and `close`, separated by commas. */
  #readList<T>(close: string, readOne: () => T): T[] {
    this.#at++;
    const list: T[] = [];
    this.#skipSpace();
    if (this.#text[this.#at] === close) {
      this.#at++;
      return list;
    }
    do list.push(readOne());
    while (this.#skip(",", close) === ",");
    return list;
  }

  #readString(): string {
    const text = this.#text;
    if (text[this.#at] !== '"') throw this.#unexpected("a string");
    const next = text.indexOf('"', this.#at + 1);
    const plain = text.slice(this.#at + 1, next);
    if (next > 0 && !ENCODED.test(plain)) {
      this.#at = next + 1;
      return plain;
    }
    let end = this.#at + 1;
    while (end < text.length && text[end] !== '"') end += text[end] === "\\" ? 2 : 1;
    try {
      const decoded = JSON.parse(text.slice(this.#at, end + 1)) as string;
      this.#at = end + 1;
      return decoded;
    } catch {
      throw this.#unexpected("a string");
    }
  }

  /** Reads a number, true, false or null. */
  #readWord(): Json {
    WORD.lastIndex = this.#at;
    const [source] = WORD.exec(this.#text)!; // it matches the empty text too
    const type = typeOf(source);
    if (type === undefined) throw this.#unexpected("a JSON value");
    this.#at += source.length;
    return { type, source };
  }

  #skip(...expected: string[]): string {
    this.#skipSpace();
    const found = this.#text[this.#at];
    if (found === undefined || !expected.includes(found)) throw this.#unexpected(expected.join(" or "));
    this.#at++;
    return found;
  }

  #skipSpace(): void {
    while (this.#at < this.#text.length && " \t\n\r".includes(this.#text[this.#at]!)) this.#at++;
  }

  #unexpected(expectation: string): JsonError {
    const at = this.#at;
    const got = at < this.#text.length ? JSON.stringify(this.#text.slice(at, at + 20)) : "the end";
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

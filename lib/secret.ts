/**
 * A password or token, from a variable or from a file that is read at each use.
 *
 * Any program may renew the file. No way of printing the object shows the secret.
 */
import { readFileSync } from "node:fs";
import { inspect } from "node:util";

const HIDDEN = "***";

export class Secret {
  readonly #read: () => string;

  private constructor(read: () => string) {
    this.#read = read;
  }

  static of(text: string): Secret {
    return new Secret(() => text);
  }

  /** The file's text, without white space around it. `name` is the setting that names the file. */
  static inFile(name: string, file: string): Secret {
    return new Secret(() => {
      const text = readText(name, file).trim();
      if (text === "") throw new Error(`${name}: expected a file with a secret, got an empty one, "${file}"`);
      if (/[\r\n\0]/.test(text))
        throw new Error(`${name}: expected a file with one line, got several lines in "${file}"`);
      return text;
    });
  }

  /** @throws Error if the file cannot be read, is empty, or has several lines */
  read(): string {
    return this.#read();
  }

  toJSON(): string {
    return HIDDEN;
  }

  toString(): string {
    return HIDDEN;
  }

  [inspect.custom](): string {
    return HIDDEN;
  }
}

/** @throws Error if the file cannot be read; `name` is the setting that names the file */
export function readText(name: string, file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? "an error";
    throw new Error(`${name}: expected a file that can be read, got "${file}" (${code})`, { cause: error });
  }
}

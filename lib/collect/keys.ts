/**
 * Write keys: a file of names and hashes → whose key a request bears.
 *
 * The file holds SHA-256 of the keys, never a key. That is enough: a key is 256 random bits, so
 * there is nothing to guess that a slow hash would protect. A key is compared as hash, in
 * constant time, and with every line, so that an answer's time tells nothing.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";
import { MAX_RATE_LIMIT } from "../settings.ts";

/** One line of the file: who sends, and how much. */
export interface WriteKey {
  name: string;
  hash: Buffer; // SHA-256 of the key
  limit: number | null; // requests a minute; null: any number
}

const PREFIX = "questlog_"; // by which people and scanners see what it is
const WORDS = "2 or 3 words, name sha256-hex [requests-per-minute]";
const NAME = /^[\w.-]{1,64}$/;

/**
 * Reads the keys of a file: one a line, `#` begins a comment.
 * @throws Error if it cannot be read, holds no key, or a line is no key's.
 */
export function readWriteKeys(file: string): WriteKey[] {
  const keys = new Map<string, WriteKey>();
  for (const [i, line] of readText(file).split("\n").entries()) {
    const words = line.replace(/#.*/, "").trim();
    if (words === "") continue;
    const refuse = (expected: string, got: string) =>
      new Error(`${file}, line ${i + 1}: expected ${expected}, got ${got}; npm run key -- NAME makes a line`);
    const key = readLine(words, refuse);
    if (keys.has(key.name)) throw refuse("a name of its own", `${key.name} again`);
    keys.set(key.name, key);
  }
  if (keys.size === 0)
    throw new Error(`${file}: expected at least one key, got none; npm run key -- NAME makes one`);
  return [...keys.values()];
}

function readText(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const { code = "an error" } = error as NodeJS.ErrnoException;
    throw new Error(`${file}: expected a file of write keys, got ${code}; see QUESTLOG_WRITE_KEYS`, {
      cause: error,
    });
  }
}

/** Makes a key and its line; the key is in no file, and cannot be found out from the line. */
export function newWriteKey(name: string, limit: number | null): { key: string; line: string } {
  const key = PREFIX + randomBytes(32).toString("base64url");
  const line = [name, hashOf(key).toString("hex"), ...(limit === null ? [] : [limit])].join(" ");
  readLine(line, (expected, got) => new Error(`expected ${expected}, got ${got}`));
  return { key, line };
}

/** The key that the headers bear, or null: `Authorization: Bearer KEY`, else `Write-Key: KEY`. */
export function keyOf({ authorization, "write-key": writeKey }: IncomingHttpHeaders): string | null {
  const bearer = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  return bearer ?? (typeof writeKey === "string" ? writeKey : null);
}

/** Which of `keys` the text is, or null. */
export function findWriteKey(keys: readonly WriteKey[], text: string): WriteKey | null {
  const hash = hashOf(text);
  let found: WriteKey | null = null;
  for (const key of keys) if (timingSafeEqual(key.hash, hash)) found = key;
  return found;
}

function hashOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

/** Reads a line. A misfit is described, not shown: it may be a key that was put where its hash belongs. */
function readLine(line: string, refuse: (expected: string, got: string) => Error): WriteKey {
  const [name = "", hash = "", limit, ...rest] = line.split(/\s+/);
  if (hash === "" || rest.length > 0) throw refuse(WORDS, String(line.split(/\s+/).length));
  if (!NAME.test(name))
    throw refuse("a name of 1 to 64 letters, digits, _, . and -", `${name.length} characters`);
  if (!/^[\da-f]{64}$/i.test(hash))
    throw refuse("64 hexadecimal digits after the name", `${hash.length} characters`);
  if (limit !== undefined && !(/^[1-9]\d*$/.test(limit) && Number(limit) <= MAX_RATE_LIMIT))
    throw refuse(
      `a limit from 1 to ${MAX_RATE_LIMIT} requests a minute`,
      `${limit.length} characters that are none`,
    );
  return { name, hash: Buffer.from(hash, "hex"), limit: limit === undefined ? null : Number(limit) };
}

/**
 * Write keys: a file of names and hashes → the owner of a request's key.
 *
 * The file holds the SHA-256 of each key, never a key. A slow hash would not add safety: a key is
 * 256 random bits, so it cannot be guessed. The hash of a sent key is compared in constant time
 * with every line, so the time of an answer tells nothing about the keys.
 */
import { createHash, randomBytes, timingSafeEqual } from "node:crypto";
import { readFileSync } from "node:fs";
import type { IncomingHttpHeaders } from "node:http";

/** One line of the file: a sender, and its limit. */
export interface WriteKey {
  name: string;
  hash: Buffer; // SHA-256 of the key
  limit: number | null; // requests a minute; null: any number
}

export const MAX_RATE_LIMIT = 1_000_000; // requests a minute
const PREFIX = "questlog_"; // shows people and scanners that the text is a key
const WORDS = "2 or 3 words, name sha256-hex [requests-per-minute]";
const MAX_SHOWN_CHARS = 10; // no key is that short
const NAME = /^[\w.-]{1,64}$/;

/**
 * Reads the keys of a file: one key a line, `#` begins a comment.
 * @throws Error if the file cannot be read, has no key, or has a line that is not a key's.
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

/** Makes a key and its line. No file holds the key, and the line does not reveal it. */
export function newWriteKey(name: string, limit: number | null): { key: string; line: string } {
  const key = PREFIX + randomBytes(32).toString("base64url");
  const line = [name, hashOf(key).toString("hex"), ...(limit === null ? [] : [limit])].join(" ");
  readLine(line, (expected, got) => new Error(`expected ${expected}, got ${got}`));
  return { key, line };
}

/** The key in `Authorization: Bearer KEY`, otherwise in `Write-Key: KEY`, or null. */
export function keyOf({ authorization, "write-key": writeKey }: IncomingHttpHeaders): string | null {
  const bearer = /^Bearer +(\S+) *$/i.exec(authorization ?? "")?.[1];
  return bearer ?? (typeof writeKey === "string" ? writeKey : null);
}

/** The entry of the key `text`, or null if no entry matches. */
export function findWriteKey(keys: readonly WriteKey[], text: string): WriteKey | null {
  const hash = hashOf(text);
  let found: WriteKey | null = null;
  for (const key of keys) if (timingSafeEqual(key.hash, hash)) found = key;
  return found;
}

function hashOf(key: string): Buffer {
  return createHash("sha256").update(key).digest();
}

/** Reads a line. An error does not show the text: it may be a key in the place of its hash. */
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
      limit.length > MAX_SHOWN_CHARS ? `a text of ${limit.length} characters` : `"${limit}"`,
    );
  return { name, hash: Buffer.from(hash, "hex"), limit: limit === undefined ? null : Number(limit) };
}

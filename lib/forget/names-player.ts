/**
 * A text of a message, a refused event or a spooled line → whether it names a player.
 *
 * In JSON a player is the value of a field `player`, at any depth, or a value inside of it. A name
 * can be there twice, and a number can be a name. A refused event keeps its text in the field
 * `raw`, which is read in the same way. A text that is not JSON may be cut or malformed. So it
 * names the player where the name stands as a whole word: as it is, with the escapes of JSON, or
 * as a query writes it.
 */
import { type Json, JsonError, readJson } from "../collect/json.ts";

const CODED = /[\\%+]/; // a text without these has a name only as it is
const JSON_ESCAPE = /\\(?:u([0-9a-f]{4})|(.))/gi;
const CONTROLS: Record<string, string> = { b: "\b", f: "\f", n: "\n", r: "\r", t: "\t" };
const QUERY_ESCAPES = /(?:%[0-9a-f]{2})+/gi;

/** Whether `text` names one of `players`, which are the name and its hash. */
export function namesPlayer(text: string | null, players: readonly string[]): boolean {
  if (text === null) return false;
  if (!CODED.test(text) && !players.some((player) => text.includes(player))) return false;
  const value = parsed(text);
  if (value !== undefined) return isNamedIn(value, players);
  return readings(text).some((reading) => players.some((player) => hasWord(reading, player)));
}

function isNamedIn(value: Json, players: readonly string[]): boolean {
  if (value.type === "array") return value.items.some((one) => isNamedIn(one, players));
  if (value.type !== "object") return false;
  return value.members.some(([name, inside]) => {
    if (name === "player" && isOneOf(inside, players)) return true;
    if (name === "raw" && inside.type === "text" && namesPlayer(inside.value, players)) return true;
    return isNamedIn(inside, players);
  });
}

/** Whether a value is one of the names, or has one at any depth. */
function isOneOf(value: Json, players: readonly string[]): boolean {
  if (value.type === "array") return value.items.some((one) => isOneOf(one, players));
  if (value.type === "object") return value.members.some(([, inside]) => isOneOf(inside, players));
  return players.includes(value.type === "text" ? value.value : value.source);
}

/** A text that is not JSON: as it is, without the escapes of JSON, and without those of a query. */
function readings(text: string): string[] {
  const ofJson = text.replace(JSON_ESCAPE, (_, code?: string, one?: string) =>
    code === undefined ? (CONTROLS[one!] ?? one!) : String.fromCharCode(parseInt(code, 16)),
  );
  const ofQuery = text
    .replaceAll("+", " ")
    .replace(QUERY_ESCAPES, (bytes) => Buffer.from(bytes.replaceAll("%", ""), "hex").toString());
  return [...new Set([text, ofJson, ofQuery])];
}

/** The value of JSON; undefined: the text is not an object or a list in JSON. */
function parsed(text: string): Json | undefined {
  try {
    const value = readJson(text);
    return value.type === "object" || value.type === "array" ? value : undefined;
  } catch (error) {
    if (error instanceof JsonError) return undefined;
    throw error;
  }
}

/** The usual ways in which a report or a log writes a name. */
export function formsOf(player: string): string[] {
  const inJson = JSON.stringify(player).slice(1, -1);
  const inAscii = inJson.replace(/[\u007f-\uffff]/g, (unit) => {
    return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
  });
  const inQuery = new URLSearchParams([["", player]]).toString().slice(1);
  return [...new Set([player, inJson, inAscii, inQuery, encodeURIComponent(player)])];
}

/** Whether `word` stands in `text` with no letter, digit, "_" or "-" beside it. */
export function hasWord(text: string, word: string): boolean {
  const isPart = (character: string) => /[\p{L}\p{N}_-]/u.test(character);
  for (let at = text.indexOf(word); at >= 0; at = text.indexOf(word, at + 1)) {
    const before = Array.from(text.slice(Math.max(0, at - 2), at)).at(-1) ?? "";
    const after = String.fromCodePoint(text.codePointAt(at + word.length) ?? 0x20);
    if (!isPart(before) && !isPart(after)) return true;
  }
  return false;
}

/**
 * A text of a message, a refused event or a spooled line → whether it names a player.
 *
 * In JSON a player is the value of a field `player`, at any depth. A refused event keeps its text
 * in the field `raw`, which is read in the same way. A text that is not JSON may be cut or
 * malformed. So it names the player where the name stands as a whole word: as it is, as JSON writes
 * it, or as a query writes it.
 */
import { isObject } from "../misfit.ts";

const MAX_DEPTH = 20; // of JSON; deeper, the text is read as words

/** Whether `text` names one of `players`, which are the name and its hash. */
export function namesPlayer(text: string | null, players: readonly string[]): boolean {
  if (text === null) return false;
  const value = parsed(text);
  return value === undefined
    ? players.some((player) => formsOf(player).some((form) => hasWord(text, form)))
    : isNamedIn(value, players, 0);
}

function isNamedIn(value: unknown, players: readonly string[], depth: number): boolean {
  if (depth > MAX_DEPTH) return namesPlayer(`deep: ${JSON.stringify(value)}`, players);
  if (Array.isArray(value)) return value.some((one) => isNamedIn(one, players, depth + 1));
  if (!isObject(value)) return false;
  return Object.entries(value).some(([name, inside]) => {
    if (typeof inside !== "string") return isNamedIn(inside, players, depth + 1);
    return name === "player" ? players.includes(inside) : name === "raw" && namesPlayer(inside, players);
  });
}

/** The ways in which a text that is not JSON can write a name. */
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

/** The value of JSON; undefined: the text is not an object or a list in JSON. */
function parsed(text: string): unknown {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null ? value : undefined;
  } catch {
    return undefined;
  }
}

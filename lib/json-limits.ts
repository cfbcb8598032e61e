/**
 * Valid JSON text → whether Trino's JSON functions can read it.
 *
 * They fail at 1,000 levels of nesting and at a name of 50,000 characters. Such a failure ends the
 * whole query, and TRY does not catch it. So one such value would make a column useless.
 */
const MAX_LEVELS = 100;
const MAX_NAME_CHARS = 20_000; // as written, with escapes; longer than a GET request can make one

export const JSON_LIMITS = `at most ${MAX_LEVELS} levels, names of at most ${MAX_NAME_CHARS} characters`;

export function isReadableJson(text: string): boolean {
  if (text.length <= MAX_NAME_CHARS && !hasMoreOpenings(text)) return true; // most texts
  let levels = 0;
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (character === '"') {
      const end = endOfString(text, i);
      if (end - i > MAX_NAME_CHARS && isColonNext(text, end)) return false;
      i = end;
    } else if (character === "[" || character === "{") {
      if (++levels > MAX_LEVELS) return false;
    } else if (character === "]" || character === "}") levels--;
  }
  return true;
}

/** Whether the text has more opening brackets than levels are allowed, in strings too. */
function hasMoreOpenings(text: string): boolean {
  let count = 0;
  for (const bracket of "[{")
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1))
      if (++count > MAX_LEVELS) return true;
  return false;
}

/** The index of the closing quote of the string that begins at `start`. */
function endOfString(text: string, start: number): number {
  for (let i = start + 1; i < text.length; i++) {
    if (text[i] === "\\") i++;
    else if (text[i] === '"') return i;
  }
  return text.length;
}

function isColonNext(text: string, end: number): boolean {
  let i = end + 1;
  while (i < text.length && " \t\r\n".includes(text[i]!)) i++;
  return text[i] === ":";
}

/**
 * A misspelt name and the known names → the similar ones, the most similar first.
 */

const MAX_TYPING_ERRORS = 4; // a name with more of them resembles no other

/** The names among `known` that `name` resembles. */
export function nearest(name: string, known: readonly string[]): string[] {
  return known
    .map((one) => ({ one, errors: typingErrors(one, name) }))
    .filter(({ one, errors }) => errors <= MAX_TYPING_ERRORS && errors < Math.max(one.length, name.length))
    .sort((a, b) => a.errors - b.errors)
    .map(({ one }) => one);
}

/** Levenshtein's distance: the least number of characters to insert, delete or replace. */
function typingErrors(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

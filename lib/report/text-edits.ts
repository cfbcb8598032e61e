/** A text and edits at places of it → the edited text. */

export interface Edit {
  from: number;
  to: number;
  text: string;
}

/** The text with the edits. Of two edits at one place, the earlier one comes first. */
export function edited(text: string, edits: Edit[]): string {
  let result = "";
  let end = 0;
  for (const { from, to, text: replacement } of [...edits].sort((a, b) => a.from - b.from)) {
    result += text.slice(end, from) + replacement;
    end = to;
  }
  return result + text.slice(end);
}

/**
 * SQL text → its statements, without the semicolons between them.
 *
 * A semicolon inside of quotes or a comment separates nothing. A text without a statement, such as
 * a comment after the last semicolon, is left out. Trino itself takes one statement at a time.
 */

// In this order: line comment, block comment, text, quoted name, separator, anything else.
const PARTS = /--[^\n]*|\/\*[^]*?(?:\*\/|$)|'(?:[^']|'')*'?|"(?:[^"]|"")*"?|;|[^]/g;

/** Splits a text with or without a byte order mark. */
export function statementsOf(sql: string): string[] {
  const statements: string[] = [];
  let [text, hasWords] = ["", false];
  const end = (): void => {
    if (hasWords) statements.push(text.trim());
    [text, hasWords] = ["", false];
  };
  for (const [part] of sql.replace(/^\uFEFF/, "").matchAll(PARTS)) {
    if (part === ";") {
      end();
      continue;
    }
    text += part;
    hasWords ||= !/^(--|\/\*|\s)/.test(part);
  }
  end();
  return statements;
}

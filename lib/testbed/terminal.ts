/**
 * Printed text → an error if it contains a character that a terminal obeys or hides.
 */
import assert from "node:assert/strict";
import { firstHidden } from "../untrusted.ts";

/**
 * @throws Error with the first control or direction character of `text`, and the text around it.
 */
export function assertInert(text: string, what: string): void {
  const at = firstHidden(text);
  const around = JSON.stringify(text.slice(Math.max(0, at - 40), at + 40));
  assert.ok(
    at < 0,
    `${what}: expected no control or direction character, got ${text.codePointAt(at)} in ${around}`,
  );
}

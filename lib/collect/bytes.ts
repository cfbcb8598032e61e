/**
 * Bytes of a request → text, without a change that nobody sees.
 *
 * A body must be UTF-8. A header has no declared encoding: clients send UTF-8 or Latin-1, and
 * node:http reads all headers as Latin-1.
 */
import { isUtf8 } from "node:buffer";

const BYTE_ORDER_MARK = /^\ufeff/;

/** The text of bytes that are UTF-8, without a byte order mark; null: they are not UTF-8. */
export function utf8Text(bytes: Buffer): string | null {
  return isUtf8(bytes) ? bytes.toString("utf8").replace(BYTE_ORDER_MARK, "") : null;
}

/** The first byte that is not UTF-8, for error messages: "the byte 0xff at position 17". */
export function firstWrongByte(bytes: Buffer): string {
  let [valid, wrong] = [0, bytes.length]; // the beginning of `valid` bytes is UTF-8, of `wrong` not
  while (wrong - valid > 1) {
    const middle = (valid + wrong) >> 1;
    if (isBeginning(bytes.subarray(0, middle))) valid = middle;
    else wrong = middle;
  }
  return `the byte 0x${bytes[valid]!.toString(16).padStart(2, "0")} at position ${valid + 1}`;
}

/** A header's text: UTF-8 if its bytes are UTF-8, otherwise Latin-1. */
export function headerText(latin1: string): string {
  if (!/[\x80-\xff]/.test(latin1)) return latin1;
  const bytes = Buffer.from(latin1, "latin1");
  return isUtf8(bytes) ? bytes.toString("utf8") : latin1;
}

/** Whether the bytes can be the beginning of UTF-8 text; the last character may be incomplete. */
function isBeginning(bytes: Buffer): boolean {
  try {
    new TextDecoder("utf-8", { fatal: true }).decode(bytes, { stream: true });
    return true;
  } catch {
    return false;
  }
}

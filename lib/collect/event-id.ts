/**
 * → new ids of events: UUIDs of version 7, in the order of their making.
 *
 * The package uuid fetches random bytes for 16 ids at a time. Each fetch costs more than the rest
 * of these ids, so a pool has the bytes for 512.
 */
import { randomFillSync } from "node:crypto";
import { v7 } from "uuid";

const ID_BYTES = 16; // random bytes of an id
const pool = Buffer.alloc(512 * ID_BYTES);
let used = pool.length;
let msecs = 0; // of the latest id
let seq = 0; // its number in this millisecond, 32 bits; it starts at random

/** Makes an id that sorts after all earlier ids of this process. */
export function newEventId(): string {
  if (used === pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  const random = pool.subarray(used, used + ID_BYTES);
  used += ID_BYTES;
  const now = Date.now();
  if (now > msecs) {
    msecs = now;
    seq = random.readUInt32BE(6) >>> 1; // the first half of all numbers: the rest is for more ids
  } else {
    seq = (seq + 1) >>> 0;
    if (seq === 0) msecs++;
  }
  return v7({ random, msecs, seq });
}

/**
 * Request → its body as bytes, if the body is small and not compressed.
 *
 * Reading ends at the limit. So a body without a length, or with a false length, costs no more
 * memory than an allowed body. A second limit holds for all bodies that are read at the same time.
 */
import type { IncomingMessage } from "node:http";

const MAX_EVENTS_BYTES = 1024 * 1024;
const MAX_BYTES_AT_ONCE = 64 * 1024 * 1024; // of all bodies together

let bytesNow = 0;

/**
 * Reads the body of `request`.
 * @throws BodyError with the status of the answer, before more bytes than the limit are read.
 */
export async function readBody(request: IncomingMessage, maxBytes = MAX_EVENTS_BYTES): Promise<Buffer> {
  const { "content-encoding": encoding = "identity", "content-length": length = "0" } = request.headers;
  if (encoding.toLowerCase() !== "identity")
    throw new BodyError(415, `Content-Encoding: expected identity, got ${encoding}`);
  if (Number(length) > maxBytes) throw tooLarge(maxBytes, length);
  const chunks: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const chunk of request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      bytesNow += chunk.length;
      if (bytes > maxBytes) throw tooLarge(maxBytes, "more");
      if (bytesNow > MAX_BYTES_AT_ONCE)
        throw new BodyError(503, `bodies: expected at most ${MAX_BYTES_AT_ONCE} bytes at once, got more`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks);
  } finally {
    bytesNow -= bytes;
  }
}

/** Thrown when a body is refused before its end is read. */
export class BodyError extends Error {
  override name = "BodyError";
  status: 413 | 415 | 503;

  constructor(status: 413 | 415 | 503, message: string) {
    super(message);
    this.status = status;
  }
}

function tooLarge(maxBytes: number, got: string): BodyError {
  return new BodyError(413, `body: expected at most ${maxBytes} bytes, got ${got}`);
}

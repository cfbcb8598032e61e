/** Bytes → the answer of a port: for requests that no HTTP client would send. */
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { HOST } from "../settings.ts";

export interface RawAnswer {
  text: string; // the whole answer, one character for each byte
  statuses: number[]; // of all HTTP answers in it
  firstByteMs: number | null; // null: no byte came
}

export interface RawOptions {
  pauseMs?: number; // between two pieces
  patienceMs?: number; // without a byte, after which our side of the connection is ended
}

const CLOSE_LIMIT_MS = 2_000; // from the end of our side to the end of the server's

/**
 * Sends `pieces` one after another. Resolves when the connection is closed: by us, if it takes too
 * long.
 */
export async function askRaw(
  port: number,
  pieces: Iterable<string | Buffer>,
  { pauseMs = 0, patienceMs = 200 }: RawOptions = {},
): Promise<RawAnswer> {
  const socket = connect({ port, host: HOST, allowHalfOpen: true, noDelay: true }).setEncoding("latin1");
  const started = performance.now();
  let text = "";
  let firstByteMs: number | null = null;
  socket.on("data", (chunk: string) => {
    firstByteMs ??= performance.now() - started;
    text += chunk;
  });
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => socket.destroy()); // a reset is an answer too
  socket.once("end", () => socket.end());
  for (const piece of pieces) {
    if (socket.destroyed || socket.writableEnded) break;
    const bytes = typeof piece === "string" ? Buffer.from(piece, "latin1") : piece;
    if (!socket.write(bytes))
      await Promise.race([new Promise((resolve) => socket.once("drain", resolve)), closed]);
    if (pauseMs > 0) await sleep(pauseMs);
  }
  socket.setTimeout(patienceMs, () => {
    socket.end();
    socket.setTimeout(CLOSE_LIMIT_MS, () => socket.destroy());
  });
  await closed;
  const statuses = [...text.matchAll(/^HTTP\/1\.1 (\d{3}) /gm)].map(([, status]) => Number(status));
  return { text, statuses, firstByteMs };
}

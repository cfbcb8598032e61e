/**
 * Texts and displays of a cell → messages of tslab's publisher. Loaded only in the kernel's
 * process, of the report and of JupyterLab.
 *
 * tslab sends a message for each write and does not await its sends. The socket refuses a send
 * while another one waits, which happens after some 500 sends at once. The message "idle" can be
 * among the refused ones, and then the cell has no end. So the sends wait for each other here,
 * texts are joined, and the socket's high-water mark is removed: above it, the socket drops
 * messages. tslab's own `write` ignores callbacks and encodings. So the stream's real `write`
 * stays, and only its last step, `_write`, leads to the publisher.
 */
import { writeSync } from "node:fs";
import { createRequire } from "node:module";
import { StringDecoder } from "node:string_decoder";
import type { Writable } from "node:stream";
import { MAX_MESSAGE_BYTES } from "./protocol.ts";

const MAX_TEXT_CHARS = 256 * 1024; // of one message
const FLUSH_MS = 20; // the most that a text waits for more text
const PRINT_LIMIT_MS = 5_000; // the most that an ending process waits for its reader
const MAX_UNSENT_BYTES = 256 * 1024 * 1024; // printed without an await

type Name = "stdout" | "stderr";
type WriteStream = (name: Name, text: string) => void;

export interface OutputLimits {
  maxCellChars?: number; // texts of one cell; the cell tells that the rest is left out
  onRefused: (error: RangeError) => void; // of a display above the limit of one message
}

interface Publisher {
  sendHighWaterMark: number; // 0: no limit
  send(frames: (Buffer | string)[]): Promise<void>;
  close(): void;
}

interface Server {
  iopub: Pick<Publisher, "send" | "close">;
  bindSocket: (this: Server, socket: Publisher, port: number) => Promise<void>;
}

interface Handler {
  createWriteToIopub: (name: Name, writeStream: WriteStream) => Writable["write"];
}

let waiting = { name: "stdout" as Name, texts: [] as string[], chars: 0 };
let sendText: WriteStream = (name, text) => writeSync(name === "stdout" ? 1 : 2, text); // of the cell that runs
let timer: NodeJS.Timeout | undefined;
let unsentBytes = 0;
let cellChars = 0; // of texts that the cell has printed
let maxChars = Infinity;
let lastSend = Promise.resolve();
const unsentTexts = new Set<{ name: Name; text: string }>();

/** Makes tslab's publisher send every output within the limits. */
export function sendWholeOutputs({ maxCellChars = Infinity, onRefused }: OutputLimits): void {
  maxChars = maxCellChars;
  const require = createRequire(import.meta.url);
  const { ZmqServer, JupyterHandlerImpl } = require("tslab/dist/jupyter.js") as {
    ZmqServer: { prototype: Server };
    JupyterHandlerImpl: { prototype: Handler };
  };
  const server = ZmqServer.prototype;
  const { bindSocket } = server;
  server.bindSocket = function (socket, port) {
    if (socket === this.iopub) {
      socket.sendHighWaterMark = 0;
      this.iopub = queued(socket, onRefused); // a socket itself takes no other method
    }
    return bindSocket.call(this, socket, port);
  };
  process.on("exit", printUnsent);
  const writes = { stdout: redirected("stdout"), stderr: redirected("stderr") };
  JupyterHandlerImpl.prototype.createWriteToIopub = (name, writeStream) => {
    flush(); // a text of the former cell's unfinished work
    sendText = writeStream;
    cellChars = 0;
    return writes[name];
  };
}

/** Sends the texts that wait. */
function flush(): void {
  clearTimeout(timer);
  timer = undefined;
  const { name, texts } = waiting;
  waiting = { name, texts: [], chars: 0 };
  const text = texts.join("");
  for (let start = 0; start < text.length;) {
    const part = wholeCharacters(text.slice(start, start + MAX_TEXT_CHARS)) || text.slice(start);
    sendText(name, part);
    start += part.length;
    const unsent = { name, text: part };
    unsentTexts.add(unsent);
    void lastSend.finally(() => unsentTexts.delete(unsent));
  }
}

/** Prints the texts that a cell's `process.exit()` leaves unsent; the runner reads them as well. */
function printUnsent(): void {
  const { name, texts } = waiting;
  for (const unsent of [...unsentTexts, { name, text: texts.join("") }])
    printNow(unsent.name === "stdout" ? 1 : 2, Buffer.from(unsent.text));
}

/** Writes to a pipe that can be full, until all is read or the reader is gone. */
function printNow(file: number, bytes: Buffer): void {
  const limit = performance.now() + PRINT_LIMIT_MS;
  for (let start = 0; start < bytes.length && performance.now() < limit;) {
    try {
      start += writeSync(file, bytes, start);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "EAGAIN") return;
    }
  }
}

/** A publisher whose sends wait for each other. Texts go before all that is written after them. */
function queued(publisher: Publisher, onRefused: OutputLimits["onRefused"]): Server["iopub"] {
  return {
    close: () => publisher.close(),
    send: async (frames) => {
      flush(); // nothing waits while `flush` itself sends
      const bytes = Math.max(...frames.map((frame) => Buffer.byteLength(frame)));
      if (bytes > MAX_MESSAGE_BYTES) {
        onRefused(
          new RangeError(`output: expected at most ${MAX_MESSAGE_BYTES} bytes at once, got ${bytes}`),
        );
        return;
      }
      unsentBytes += bytes;
      lastSend = lastSend.then(() => publisher.send(frames)).finally(() => (unsentBytes -= bytes));
      return lastSend;
    },
  };
}

/** Leads the texts of the process's own stream to the publisher; returns the stream's `write`. */
function redirected(name: Name): Writable["write"] {
  const stream: Writable = process[name];
  const decoder = new StringDecoder(); // a character's bytes can come in two writes
  const write = stream.write.bind(stream);
  Object.assign(stream, {
    _writev: null,
    _write: (chunk: string | Buffer, encoding: BufferEncoding, done: (error?: Error) => void) => {
      const isText = typeof chunk === "string" && /^utf-?8$/i.test(encoding);
      const bytes = typeof chunk === "string" ? Buffer.from(chunk, encoding) : chunk;
      add(name, isText ? decoder.end() + chunk : decoder.write(bytes));
      done();
    },
    // The stream lives as long as the kernel, for the cells to come.
    end: (...parts: unknown[]) => {
      if (parts.length > 0 && typeof parts[0] !== "function") write(...(parts as [string]));
      else if (parts.length > 0) process.nextTick(parts[0] as () => void);
      return stream;
    },
  });
  return write;
}

function add(name: Name, text: string): void {
  const left = maxChars - cellChars;
  const isFirstCut = left >= 0 && text.length > left;
  cellChars += text.length;
  if (left > 0) wait(name, text.length > left ? wholeCharacters(text.slice(0, left)) : text);
  if (isFirstCut) wait("stderr", `\n${cutText()}\n`);
}

/** Joins the text with those that wait for a message. */
function wait(name: Name, text: string): void {
  if (name !== waiting.name) flush();
  waiting.name = name;
  waiting.texts.push(text);
  waiting.chars += text.length;
  if (waiting.chars >= MAX_TEXT_CHARS) flush();
  else timer ??= setTimeout(flush, FLUSH_MS).unref();
  if (unsentBytes > MAX_UNSENT_BYTES) endProcess(); // console.log would catch an error
}

/** Ends a kernel that prints on and on: nothing is sent before its loop awaits. */
function endProcess(): never {
  process.off("exit", printUnsent); // too much for the runner
  writeSync(2, `the cell printed more than ${MAX_UNSENT_BYTES} bytes without an await\n`);
  process.exit(1);
}

/** The text without half of a character at its end. */
function wholeCharacters(text: string): string {
  return text.replace(/[\ud800-\udbff]$/, "");
}

function cutText(): string {
  const limit = maxChars.toLocaleString("en-US");
  return `left out: the cell's text after ${limit} characters; npm run report keeps all of it in a file`;
}

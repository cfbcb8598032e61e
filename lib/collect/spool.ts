/**
 * Messages → a bounded queue on this machine's disk, for the time in which Kafka cannot take them.
 *
 * A folder of segments `<number>.ndjson`, with one line `{"key":…,"value":…}` for each message.
 * `append` resolves when its lines are on the disk, after one sync for all of them.
 * Only the process that made a segment appends to it, and never after a failed write. So an
 * incomplete line can only be at a segment's end, from an append that was never acknowledged. Such
 * a line is dropped. It needs no checksum: the beginning of a JSON object is not JSON.
 *
 * A segment is deleted when all of its messages have been removed. Progress inside a segment is not
 * stored: after a crash the segment is read from its beginning, with the same event_ids. A lock
 * file keeps a second process out.
 */
import { rmSync } from "node:fs";
import { appendFile, type FileHandle, mkdir, open, readdir, readFile, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { takeLock } from "../lock.ts";
import { type Pending, Unavailable } from "./batcher.ts";
import { type Lines, parseLines, readRange, toLine } from "./lines.ts";

const SEGMENT_BYTES = 1024 * 1024; // the limit of bytes that are sent twice after a crash
const PORTION_BYTES = 256 * 1024; // read at once; Kafka takes 1 MiB a batch and partition
const PAUSE_MS = 1000; // without a removal; the growth is measured anew after such a pause
const MAX_PENDING_BYTES = 16 * 1024 * 1024; // of appends that wait for the disk

export interface SpoolOptions {
  folder: string;
  maxBytes: number; // of all segments; more is refused
  segmentBytes?: number; // a segment of this size is followed by a new one
  log?: (line: string) => void; // one line for each segment with an incomplete end
}

/** The present content of a spool. */
export interface SpoolState {
  messages: number;
  bytes: number; // on the disk
  full: boolean; // the last append was refused because it exceeds `maxBytes`
  grownForMs: number; // the time in which more came than went; 0: the spool shrinks, or is empty
}

/** The oldest messages. `remove` takes them out of the spool, once Kafka has them. */
export interface Portion {
  messages: Pending[];
  remove: () => Promise<void>;
}

interface Segment {
  file: string;
  bytes: number; // synced to the disk
  messages: number; // not removed yet
  removedBytes: number;
}

export class Spool {
  readonly folder: string;
  readonly #maxBytes: number;
  readonly #segmentBytes: number;
  #segments: Segment[] = []; // the oldest first
  #nextNumber = 1;
  #writing: { segment: Segment; handle: FileHandle } | undefined; // the last segment
  #turn: Promise<unknown> = Promise.resolve(); // one change at a time
  #pendingBytes = 0;
  #full = false;
  #growth: { since: number; by: number } | undefined; // by: appended messages minus removed ones
  #lastRemoval = 0;

  private constructor({ folder, maxBytes, segmentBytes = SEGMENT_BYTES }: SpoolOptions) {
    this.folder = folder;
    this.#maxBytes = maxBytes;
    this.#segmentBytes = segmentBytes;
  }

  /**
   * Opens the spool in `folder`, with the messages that an earlier process left there.
   * @throws Error if another process holds it.
   */
  static async open(options: SpoolOptions): Promise<Spool> {
    const { folder, log = console.error } = options;
    await mkdir(folder, { recursive: true });
    const holder = takeLock(lockFile(folder));
    if (holder !== undefined) {
      throw new Error(
        `spool ${folder}: expected to be its only user, but process ${holder} holds it; ` +
          `stop that, or set QUESTLOG_HOME to another folder`,
      );
    }
    const spool = new Spool(options);
    for (const name of (await readdir(folder)).filter((name) => SEGMENT_NAME.test(name)).sort()) {
      await spool.#adopt(join(folder, name), log);
      spool.#nextNumber = parseInt(name) + 1;
    }
    return spool;
  }

  /** Whether it holds no message, and no append is under way. */
  isEmpty(): boolean {
    return this.#pendingBytes === 0 && this.#segments.every(({ messages }) => messages === 0);
  }

  state(): SpoolState {
    const sum = (of: "messages" | "bytes") => this.#segments.reduce((total, each) => total + each[of], 0);
    const grownForMs = this.#growth ? Date.now() - this.#growth.since : 0;
    return { messages: sum("messages"), bytes: sum("bytes"), full: this.#full, grownForMs };
  }

  /**
   * Adds the messages at the end, and resolves when all of them are on the disk.
   * @throws Unavailable if there is no room for all of them, or if the disk fails.
   */
  async append(messages: readonly Pending[]): Promise<void> {
    const lines = Buffer.from(messages.map(toLine).join(""));
    if (this.#pendingBytes > 0 && this.#pendingBytes + lines.length > MAX_PENDING_BYTES)
      throw new Unavailable(`spool ${this.folder}: the disk is behind by ${this.#pendingBytes} bytes`, "no");
    this.#pendingBytes += lines.length;
    try {
      await this.#inTurn(() => this.#append(lines, messages.length));
    } finally {
      this.#pendingBytes -= lines.length;
    }
  }

  /** The oldest messages: about 256 KiB, at most `maxMessages`; undefined if the spool is empty. */
  async first(maxMessages = Infinity): Promise<Portion | undefined> {
    if (this.#pendingBytes > 0 && this.#oldest() === undefined) await this.#turn;
    const segment = this.#oldest();
    if (segment === undefined) return undefined;
    const { file, bytes, removedBytes: start } = segment;
    let read = parseLines(await readRange(file, start, Math.min(bytes, start + PORTION_BYTES)), maxMessages);
    if (read.bytes === 0) read = parseLines(await readRange(file, start, bytes), 1); // a long line
    if (read.bytes === 0)
      throw new Error(`spool ${file}: expected ${bytes} bytes, got fewer; was it edited?`);
    return { messages: read.messages, remove: () => this.#inTurn(() => this.#remove(segment, read)) };
  }

  /** Writes a message that the topic never takes to a file of its own; resolves with its path. */
  async setAside(message: Pending): Promise<string> {
    const file = join(this.folder, "set-aside.ndjson");
    await appendFile(file, toLine(message), { flush: true });
    return file;
  }

  /** Resolves when pending appends are on the disk; the messages stay in the spool. */
  async close(): Promise<void> {
    await this.#inTurn(() => this.#endSegment());
    rmSync(lockFile(this.folder), { force: true });
    if (this.#segments.length === 0) await rmdir(this.folder).catch(() => undefined); // not empty
  }

  #oldest(): Segment | undefined {
    return this.#segments.find(({ messages }) => messages > 0);
  }

  #inTurn<T>(change: () => Promise<T>): Promise<T> {
    const done = this.#turn.then(change);
    this.#turn = done.catch(() => undefined);
    return done;
  }

  async #append(lines: Buffer, messages: number): Promise<void> {
    const { bytes } = this.state();
    this.#full = bytes + lines.length > this.#maxBytes;
    if (this.#full) {
      const room = `${bytes} of ${this.#maxBytes} bytes are taken, and ${lines.length} more came`;
      throw new Unavailable(`spool ${this.folder} is full: ${room}`, "no");
    }
    try {
      if (!this.#writing) await this.#beginSegment();
      await this.#writing!.handle.appendFile(lines);
      await this.#writing!.handle.datasync();
    } catch (error) {
      await this.#abandonSegment();
      const { message } = error as Error;
      throw new Unavailable(`spool ${this.folder} cannot be written: ${message}`, "unknown", error);
    }
    const { segment } = this.#writing!;
    segment.bytes += lines.length;
    segment.messages += messages;
    this.#growth ??= { since: Date.now(), by: 0 };
    this.#growth.by += messages;
    if (segment.bytes >= this.#segmentBytes) await this.#endSegment();
  }

  async #remove(segment: Segment, { messages, bytes }: Lines): Promise<void> {
    segment.messages -= messages.length;
    segment.removedBytes += bytes;
    // The growth during a pause does not count: nothing could be removed then.
    if (Date.now() - this.#lastRemoval > PAUSE_MS && this.#growth)
      this.#growth = { since: Date.now(), by: 0 };
    if (this.#growth) this.#growth.by -= messages.length;
    if (this.#growth && this.#growth.by <= 0) this.#growth = undefined;
    this.#lastRemoval = Date.now();
    if (segment.messages > 0) return;
    if (this.#writing?.segment === segment) await this.#endSegment();
    await this.#delete(segment);
    this.#full = false;
  }

  async #delete(segment: Segment): Promise<void> {
    this.#segments = this.#segments.filter((other) => other !== segment);
    await rm(segment.file, { force: true });
  }

  async #beginSegment(): Promise<void> {
    const file = join(this.folder, `${String(this.#nextNumber++).padStart(12, "0")}.ndjson`);
    const handle = await open(file, "ax");
    const segment = { file, bytes: 0, messages: 0, removedBytes: 0 };
    this.#segments.push(segment);
    this.#writing = { segment, handle };
    await syncFolder(this.folder); // otherwise a power cut could lose a file with synced content
  }

  async #endSegment(): Promise<void> {
    const { handle } = this.#writing ?? {};
    this.#writing = undefined;
    await handle?.close();
  }

  /** Ends a segment after a failed write: the system may have dropped some of its bytes. */
  async #abandonSegment(): Promise<void> {
    const { segment, handle } = this.#writing ?? {};
    this.#writing = undefined;
    if (!segment || !handle) return;
    await handle.truncate(segment.bytes).catch(() => undefined); // only for a later process
    await handle.close().catch(() => undefined);
    if (segment.messages === 0) await this.#delete(segment).catch(() => undefined);
  }

  async #adopt(file: string, log: (line: string) => void): Promise<void> {
    const content = await readFile(file);
    const { messages, wholeBytes, bytes } = parseLines(content);
    const lostBytes = content.length - wholeBytes;
    if (lostBytes > 0)
      log(`spool ${file}: dropped ${lostBytes} bytes of an unfinished write that was never acknowledged`);
    if (messages.length === 0) await rm(file);
    else this.#segments.push({ file, bytes, messages: messages.length, removedBytes: 0 });
  }
}

const SEGMENT_NAME = /^\d{12}\.ndjson$/;

function lockFile(folder: string): string {
  return join(folder, "lock");
}

async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

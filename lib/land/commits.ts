/**
 * A partition's batches → files in HDFS, each exactly once: the commit chain.
 *
 * Each partition has one chain of commit records. A record covers the offsets `[first, last]`. The
 * first record begins at 0, every other one at the offset after its predecessor's `last`. A record
 * is named by `first` alone. RENAME creates a record, and answers false when the name is taken. So
 * of all writers that believe they own the partition, one gets the position, and the others learn
 * that they lost. Clocks and group membership do not matter.
 *
 *   staging/<writer>/…                         the batch's files, then its record
 *   commits/<topic>/<partition>/<first>.json   the record, renamed: the batch is committed
 *   tables/<table>/day=<day>/…                 the files, moved one by one: the batch is visible
 *                                              (on a compacted day in the newest swap's folder)
 *
 * A writer finishes the moves of the last record before it extends the chain. So only the last
 * record can have files left to move. A staged batch that begins before the chain's end can no
 * longer be committed. So any writer may delete it, without asking a clock.
 *
 * A record also covers offsets without a message, such as ends of transactions. Offsets that Kafka
 * deleted before they were landed are named in the record: the audit counts them as a gap.
 */
import { randomUUID } from "node:crypto";
import {
  attemptFolder,
  chainFolder,
  type ChainKey,
  fileName,
  parseCommitName,
  parseWriterName,
  commitName,
  commitPath,
  stagedFile,
  stagedRecord,
  stagingFolder,
  writerName,
  writerPrefix,
} from "../layout.ts";
import { DayFolders } from "../day-folders.ts";
import type { CommitPoint } from "../kill-at.ts";
import { inLanes } from "../lanes.ts";
import { type Hdfs, HdfsError } from "../webhdfs.ts";

/** One file of a batch, encoded. */
export interface StagedFile {
  table: string;
  day: string; // YYYY-MM-DD
  rows: number;
  data: Buffer;
}

/** Offsets `[from, to)` that Kafka's retention deleted before the stream read them. */
export interface DeletedOffsets {
  from: number;
  to: number;
}

/** Consecutive events of a partition, for one commit; it begins at the chain's end. */
export interface Batch {
  last: number; // the last offset that it covers, even without a row
  deleted?: DeletedOffsets[]; // among the offsets that it covers; default: none
  last_timestamp: number | null; // of the message at `last`, in milliseconds; null: no message
  files: StagedFile[];
}

export interface CommittedFile {
  table: string;
  day: string;
  staged: string; // path
  target: string; // path of its move; a later swap can copy or replace it
  rows: number;
  bytes: number;
}

/** A commit as it stands in HDFS. Paths are absolute. */
export interface CommitRecord {
  writer: string; // unique to this attempt
  topic: string;
  partition: number;
  first: number;
  last: number;
  last_timestamp: number | null;
  deleted?: DeletedOffsets[]; // absent: Kafka deleted none of its offsets before they were landed
  committed_at: string; // ISO 8601, by the writer's clock
  files: CommittedFile[];
}

/** Called after each step of a commit: a drill kills the writer there. */
export type AtPoint = (point: CommitPoint) => void;

/**
 * Opens a partition's chain at its end: finishes the moves of the last commit, and deletes staged
 * batches that can no longer be committed. Costs a handful of requests, however long the chain.
 * @throws HdfsError when HDFS is away: call again
 */
export async function openChain(hdfs: Hdfs, key: ChainKey, at: AtPoint = () => {}): Promise<Chain> {
  await hdfs.makeFolder(chainFolder(key));
  const last = await findLastCommit(hdfs, key);
  const folders = new DayFolders(hdfs, key.root);
  if (last && !(await isVisible(hdfs, key.root, last))) await moveFiles(hdfs, key.root, last, folders, at);
  const chain = new Chain(hdfs, key, last, folders, at);
  await removeDeadStaging(hdfs, key, chain.next);
  return chain;
}

/** The end of a partition's chain, as one writer sees it. One commit at a time. */
export class Chain {
  last: CommitRecord | null; // null: the chain is empty
  readonly #hdfs: Hdfs;
  readonly #key: ChainKey;
  readonly #folders: DayFolders;
  readonly #at: AtPoint;
  #staged: CommitRecord | null = null; // never staged again: its RENAME may be under way
  #abandoned: string | null = null; // writer of our last failed attempt to stage a batch
  #stagingIsSwept = false; // the leftovers of failed attempts at the next offset are deleted

  constructor(hdfs: Hdfs, key: ChainKey, last: CommitRecord | null, folders: DayFolders, at: AtPoint) {
    this.#hdfs = hdfs;
    this.#key = key;
    this.#folders = folders;
    this.#at = at;
    this.last = last;
  }

  /** The offset at which the next commit begins. */
  get next(): number {
    return this.last === null ? 0 : this.last.last + 1;
  }

  /**
   * Commits a batch and makes its files visible.
   * @throws PositionTakenError when another writer committed at this offset: drop the batch, open
   *   the chain again
   * @throws HdfsError when HDFS is away: call again with the same batch; no step happens twice
   */
  async commit(batch: Batch): Promise<CommitRecord> {
    if (!(batch.last >= this.next)) {
      throw new RangeError(`commit: expected a last offset of ${this.next} or more, got ${batch.last}`);
    }
    const record = (this.#staged ??= await this.#stage(batch));
    await this.#claim(record);
    this.#at("record_renamed");
    await moveFiles(this.#hdfs, this.#key.root, record, this.#folders, this.#at);
    if (!this.#stagingIsSwept) await removeDeadStaging(this.#hdfs, this.#key, record.last + 1);
    this.#stagingIsSwept = true;
    this.last = record;
    this.#staged = null;
    return record;
  }

  /** Writes files and record to a new staging folder: a late write does no harm there. */
  async #stage({ last, last_timestamp, files, deleted = [] }: Batch): Promise<CommitRecord> {
    const { root, topic, partition } = this.#key;
    const first = this.next;
    const start = { topic, partition, first };
    const writer = writerName(start, randomUUID());
    const folders = new Map<StagedFile, string>();
    await inLanes(files, async (file) => {
      folders.set(file, await this.#folders.folderOf(file.table, file.day));
    });
    const committed = files.map((file) => ({
      table: file.table,
      day: file.day,
      staged: stagedFile(root, writer, file),
      target: `${folders.get(file)}/${fileName(start)}`,
      rows: file.rows,
      bytes: file.data.length,
    }));
    if (this.#abandoned !== null) {
      await this.#hdfs.remove(attemptFolder(root, this.#abandoned)); // HDFS may be full
      this.#stagingIsSwept = false; // a write of that attempt may still arrive
    }
    this.#abandoned = writer;
    const committed_at = new Date().toISOString();
    const lost = deleted.length > 0 ? { deleted } : {};
    const covered = { first, last, last_timestamp, ...lost };
    const record = { writer, topic, partition, ...covered, committed_at, files: committed };
    await inLanes([...committed.entries()], ([i, { staged }]) => this.#hdfs.create(staged, files[i]!.data));
    this.#at("files_staged");
    await this.#hdfs.create(stagedRecord(root, writer), Buffer.from(JSON.stringify(record)));
    this.#abandoned = null;
    this.#at("record_staged");
    return record;
  }

  /**
   * The test-and-set: renames the staged record to the name of the next commit. Any outcome but
   * true (false, a time-out, a lost connection) decides nothing; the record under that name does.
   * Repeating the RENAME is safe, since the source is always the same staged record.
   */
  async #claim(record: CommitRecord): Promise<void> {
    const staged = stagedRecord(this.#key.root, record.writer);
    const target = commitPath(this.#key, record.first);
    const failure = await this.#renamed(staged, target);
    if (failure === null) return;
    let found = await readRecord(this.#hdfs, target);
    if (found === null && (await this.#hdfs.status(staged)) === null) {
      // Either the RENAME arrived after the first look, or another writer deleted the staged batch.
      found = await readRecord(this.#hdfs, target);
      if (found === null)
        throw new PositionTakenError(record, "does not exist, and the staged batch was deleted");
    }
    if (found === null) throw failure;
    if (found.writer === record.writer) return;
    this.#staged = null;
    await this.#hdfs.remove(attemptFolder(this.#key.root, record.writer));
    throw new PositionTakenError(record, `is committed by ${found.writer}`);
  }

  async #renamed(from: string, to: string): Promise<HdfsError | null> {
    try {
      if (await this.#hdfs.rename(from, to)) return null;
      return new HdfsError("RENAME", from, `answered false, and nothing is at ${to}`);
    } catch (error) {
      if (error instanceof HdfsError) return error;
      throw error;
    }
  }
}

/** Thrown when another writer committed at this offset: this one no longer owns the partition. */
export class PositionTakenError extends Error {
  override name = "PositionTakenError";

  constructor({ topic, partition, first, writer }: CommitRecord, why: string) {
    super(`${topic} partition ${partition}: the commit at offset ${first} ${why}; ${writer} lost`);
  }
}

/** "Kafka deleted offsets [3, 5) before they were landed" */
export function describeDeleted({ from, to }: DeletedOffsets): string {
  return `Kafka deleted offsets [${from}, ${to}) before they were landed`;
}

/** Whether all files of a commit are in their tables: its staging folder is deleted last. */
export async function isVisible(hdfs: Hdfs, root: string, { writer }: CommitRecord): Promise<boolean> {
  return (await hdfs.status(attemptFolder(root, writer))) === null;
}

/** Moves a committed record's files into their tables, then deletes its staging folder. */
async function moveFiles(
  hdfs: Hdfs,
  root: string,
  record: CommitRecord,
  folders: DayFolders,
  at: AtPoint,
): Promise<void> {
  await inLanes(record.files, (file) => folders.move(file, at));
  await hdfs.remove(attemptFolder(root, record.writer));
  at("staging_removed");
}

const MAX_GUESSES = 5; // of the offset at which a chain ends
const GUESS_SHARE = 0.98; // rather before the end than behind it

/**
 * The newest record of a chain, or null. Reads a short chain's names page by page. In a longer
 * chain it goes to the offset at which the chain probably ends, because each page says how many
 * names follow. If that fails, it searches by halves: at most about 60 requests, and one page in
 * memory.
 */
export async function findLastCommit(hdfs: Hdfs, key: ChainKey): Promise<CommitRecord | null> {
  const folder = chainFolder(key);
  let low = -1; // the newest record found begins here; -1: no record found
  let high = Number.MAX_SAFE_INTEGER; // no record begins after this offset
  let after = -1; // the next page begins after this offset
  let guesses = 0;
  while (low < high) {
    const { entries, more } = await hdfs.list(folder, after < 0 ? "" : commitName(after));
    const offsets = entries.map(({ name }) => parseCommitName(name)).filter((first) => first !== null);
    if (offsets.length === 0) {
      high = after;
    } else {
      low = offsets.at(-1)!;
      if (more === 0) break;
      const offsetsOfCommit = (low - offsets[0]!) / Math.max(1, offsets.length - 1);
      const guess = low + Math.floor(more * offsetsOfCommit * GUESS_SHARE);
      if (guesses++ < MAX_GUESSES && guess > low && guess < high) {
        after = guess;
        continue;
      }
    }
    after = low + Math.floor((high - low) / 2);
  }
  return low < 0 ? null : readRecord(hdfs, commitPath(key, low));
}

/** Deletes this partition's staged batches that begin before the chain's end. */
async function removeDeadStaging(hdfs: Hdfs, key: ChainKey, next: number): Promise<void> {
  const { root, topic, partition } = key;
  const prefix = writerPrefix(key);
  let after = prefix;
  for (;;) {
    const { entries, more } = await hdfs.list(stagingFolder(root), after);
    for (const { name } of entries) {
      const start = parseWriterName(name);
      const isOurs = start !== null && start.topic === topic && start.partition === partition;
      if (isOurs && start.first < next) await hdfs.remove(attemptFolder(root, name));
    }
    after = entries.at(-1)?.name ?? "";
    if (more === 0 || !after.startsWith(prefix)) return;
  }
}

/** Reads one commit record; null: the file does not exist. */
export async function readRecord(hdfs: Hdfs, path: string): Promise<CommitRecord | null> {
  const bytes = await hdfs.read(path);
  if (bytes === null) return null;
  try {
    return JSON.parse(bytes.toString("utf8")) as CommitRecord;
  } catch (error) {
    throw new Error(`${path}: expected a commit record, got ${bytes.length} bytes that are not JSON`, {
      cause: error,
    });
  }
}

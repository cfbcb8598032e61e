/**
 * A writer's files of a batch → the folders that readers read for the files' days.
 *
 * A file goes to the folder of its day's newest swap that is done: readers see it at once. The
 * writer keeps this folder in memory. After the move it asks whether the next swap has a record. If
 * it has one, the file is copied into that swap's folder, as swaps.ts tells. A swap waits
 * `WRITERS_MS` after its record, and copies the files that came meanwhile, before readers follow
 * it. So a move must not rely on an older look than `FRESH_MS`: else it looks again. While a swap
 * is between its record and its end, a file is copied into the new folder before its move. So no
 * row that readers have seen is away for a moment.
 *
 * A file of a day that is over goes to the day's own folder, and is copied: the time of this folder
 * tells compaction that a finished day has a new file.
 */
import { posix } from "node:path";
import type { CommitPoint } from "./kill-at.ts";
import { dayFolder, swapPath, type TableDay } from "./layout.ts";
import { copyAhead, copyToNewest, currentFolder, readSwaps, type Swaps } from "./swaps.ts";
import { type Hdfs, HdfsError } from "./webhdfs.ts";

/** A file of a batch: its place before the move and after it. */
export interface MovedFile {
  table: string;
  day: string; // YYYY-MM-DD
  staged: string; // path
  target: string; // path
}

/** A swap waits so long for writers that have not seen its record. */
export const WRITERS_MS = 5_000;
/** From a day's begin: later files of the day are few. */
export const OPEN_MS = 25 * 3_600_000;
const FRESH_MS = WRITERS_MS / 2; // from a look at the swaps to the end of a move
const MAX_KNOWN = 1_000; // days of tables in memory

interface Known {
  number: number; // of the newest swap that is done; 0: none
  folder: string; // of this swap
  swaps: Swaps | null; // with a swap that is not done; null: all are done
  lookedAt: number; // milliseconds
}

/** The folders of days, as one writer knows them. */
export class DayFolders {
  readonly #hdfs: Hdfs;
  readonly #root: string;
  readonly #now: () => number;
  readonly #known = new Map<string, Known>();

  /** @param now milliseconds of a clock that never goes back */
  constructor(hdfs: Hdfs, root: string, now = () => performance.now()) {
    this.#hdfs = hdfs;
    this.#root = root;
    this.#now = now;
  }

  /** The folder for new files of a day. Costs at most one request, if no swap is new. */
  async folderOf(table: string, day: string): Promise<string> {
    if (Date.now() - Date.parse(day) > OPEN_MS) return dayFolder(this.#root, table, day);
    return (await this.#look({ root: this.#root, table, day })).folder;
  }

  /** Moves a file into its folder, so that readers see it. Can be repeated, by any process. */
  async move(file: MovedFile, at: (point: CommitPoint) => void = () => {}): Promise<void> {
    const { table, day, staged, target } = file;
    const place = { root: this.#root, table, day };
    const known = await this.#look(place);
    const name = posix.basename(target);
    if (known.swaps !== null) await copyAhead(this.#hdfs, known.swaps, { path: staged, name });
    await rename(this.#hdfs, file);
    at("file_moved");
    await this.#follow(place, known, target);
  }

  async #look(place: TableDay): Promise<Known> {
    const known = this.#known.get(keyOf(place));
    const lookedAt = this.#now();
    if (known === undefined) return this.#learn(place, await readSwaps(this.#hdfs, place), lookedAt);
    if (lookedAt - known.lookedAt < FRESH_MS || !(await this.#hasNext(place, known, lookedAt))) return known;
    return this.#learn(place, await readSwaps(this.#hdfs, place), lookedAt);
  }

  /** Whether a swap was recorded after the newest one that was done. */
  async #hasNext(place: TableDay, known: Known, lookedAt: number): Promise<boolean> {
    if ((await this.#hdfs.status(swapPath(place, known.number + 1))) !== null) return true;
    known.lookedAt = lookedAt;
    return false;
  }

  /** Copies a moved file, if a newer swap than that of its folder has a record. */
  async #follow(place: TableDay, known: Known, target: string): Promise<void> {
    const lookedAt = this.#now();
    const isInNewest = target.startsWith(`${known.folder}/`);
    if (isInNewest && !(await this.#hasNext(place, known, lookedAt))) return;
    this.#learn(place, await copyToNewest(this.#hdfs, place), lookedAt);
  }

  #learn(place: TableDay, swaps: Swaps, lookedAt: number): Known {
    const { records, done } = swaps;
    const followed = records.filter(({ number }) => number <= Math.max(0, ...done));
    const number = followed.at(-1)?.number ?? 0;
    const folder = currentFolder({ ...swaps, records: followed });
    const known = { number, folder, swaps: followed.length < records.length ? swaps : null, lookedAt };
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(keyOf(place), known);
    return known;
  }
}

function keyOf({ table, day }: TableDay): string {
  return `${table}/${day}`;
}

async function rename(hdfs: Hdfs, { staged, target }: MovedFile): Promise<void> {
  if (await hdfs.rename(staged, target)) return;
  if (await hdfs.status(target)) return; // an earlier attempt moved it
  await hdfs.makeFolder(posix.dirname(target)); // the first file of its day
  if (await hdfs.rename(staged, target)) return;
  // Neither source nor target exists: the file was moved, and deleted by a swap or rebuild. HDFS
  // acknowledged its creation before the record was written. Only a move takes it out of staging.
  if ((await hdfs.status(target)) || !(await hdfs.status(staged))) return;
  throw new HdfsError("RENAME", staged, `answered false, and nothing is at ${target}`);
}

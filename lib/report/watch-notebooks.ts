/**
 * Edits of notebooks → a page in the browser that follows them, until Ctrl-C.
 *
 * An edit that comes while cells run interrupts them: only the newest text counts. The page is not
 * a report of one run, so it is no proof for `npm run trace`. It stands in OUT/watch, beside the
 * last report.
 */
import { type FSWatcher, realpathSync, statSync, watch } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { writeWhole } from "../whole-file.ts";
import { type RunFacts, renderReport } from "./html.ts";
import { summaryLines } from "./summary.ts";
import { LivePage } from "./live-page.ts";
import { UsageError } from "../command.ts";
import { frontOf } from "./front.ts";
import { type Notebook, NotebookError, stripOutputs } from "./notebook.ts";
import { REPORT_FILE } from "./place.ts";
import { changedFiles, ownImports } from "./own-imports.ts";
import { prepareNotebooks } from "./prepare.ts";
import { formatSeconds } from "./progress.ts";
import type { Run, RunOptions } from "./run.ts";
import { WatchedNotebook } from "./watched.ts";

export const WATCH_FOLDER = "watch";
const QUIET_MS = 40; // an editor writes a file in several steps
const FOLDER_CHECK_MS = 1000;
const MAX_EVENTS_MS = 24 * 60 * 60_000;

export interface WatchOptions extends Omit<RunOptions, "outFolder"> {
  title?: string; // default: of the notebooks' front matter
  isForReaders?: boolean;
  facts: RunFacts[];
  out: string;
  signal: AbortSignal; // ends the watch
  log: (line: string) => void;
}

/** Follows the notebooks at `paths` until `signal` aborts; then ends the kernels and the page. */
export async function watchNotebooks(paths: readonly string[], options: WatchOptions): Promise<void> {
  const session = new Session(paths, options, await LivePage.open());
  try {
    await session.follow();
  } finally {
    await session.close();
  }
}

interface FolderWatcher {
  watcher: FSWatcher;
  identity: string | null; // of the folder when the watcher began
}

/** Tells a folder from a new one of the same name; null: the folder is gone. */
function identityOf(folder: string): string | null {
  const found = statSync(folder, { throwIfNoEntry: false });
  return found === undefined ? null : `${found.ino} ${found.birthtimeMs}`;
}

class Session {
  readonly #paths: readonly string[];
  readonly #options: WatchOptions;
  readonly #page: LivePage;
  readonly #watchers = new Map<string, FolderWatcher>(); // by folder
  readonly #timer: NodeJS.Timeout;
  readonly #names = new Set<string>(); // of the files that are followed
  readonly #watched: WatchedNotebook[] = [];
  #notebooks: Notebook[] = []; // the newest that can be read
  #imports: ReadonlyMap<string, string> = new Map(); // files → digests
  #problem = ""; // the reason why the notebooks cannot run, as the terminal has it
  #changed = new Set<string>(); // imported files, since the last update
  #edit = Promise.withResolvers<void>(); // resolves at the next edit
  #running = new AbortController();

  constructor(paths: readonly string[], options: WatchOptions, page: LivePage) {
    this.#paths = paths;
    this.#options = options;
    this.#page = page;
    this.#timer = setInterval(() => this.#watchAgain(), FOLDER_CHECK_MS).unref();
    this.#watch([...paths, ...paths.map((path) => realpathSync(path))]); // a link, and its file
  }

  async follow(): Promise<void> {
    const { signal, log } = this.#options;
    const stop = (): void => {
      this.#running.abort();
      this.#edit.resolve();
    };
    signal.addEventListener("abort", stop, { once: true });
    let isFirst = true;
    while (!signal.aborted) {
      if (await this.#read()) {
        const interrupt = this.#interruptAtEdit();
        await this.#update();
        interrupt.abort();
        if (isFirst) log(`${this.#page.url} follows your edits; Ctrl-C ends it`);
        isFirst = false;
      }
      await this.#nextEdit();
    }
    signal.removeEventListener("abort", stop);
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    for (const { watcher } of this.#watchers.values()) watcher.close();
    await Promise.all(this.#watched.map((notebook) => notebook.close()));
    await this.#page.close();
  }

  /** Follows files by their folders, because an editor can replace a file. */
  #watch(files: Iterable<string>): void {
    for (const file of files) {
      this.#names.add(basename(file));
      if (!this.#watchers.has(dirname(file))) this.#watchFolder(dirname(file));
    }
  }

  #watchFolder(folder: string): void {
    const watcher = watch(folder, (_, name) => {
      if (name === null || this.#names.has(name)) this.#edit.resolve();
    });
    watcher.on("error", () => {}); // of a folder that is gone
    this.#watchers.set(folder, { watcher, identity: identityOf(folder) });
  }

  /** A folder that is deleted and made again, as `git switch` does it, has no watcher. */
  #watchAgain(): void {
    for (const [folder, { watcher, identity }] of this.#watchers) {
      const now = identityOf(folder);
      if (now === null || now === identity) continue;
      watcher.close();
      this.#watchFolder(folder);
      this.#edit.resolve();
    }
  }

  async #nextEdit(): Promise<void> {
    await this.#edit.promise;
    this.#edit = Promise.withResolvers();
    await sleep(this.#options.signal.aborted ? 0 : QUIET_MS);
  }

  /** Reads notebooks and imported files; false if none has changed, or if one cannot be read. */
  async #read(): Promise<boolean> {
    try {
      const read = await prepareNotebooks(this.#paths, this.#options);
      const notebooks = read.map(stripOutputs);
      const imports = ownImports(notebooks, this.#paths);
      const changed = changedFiles(this.#imports, imports);
      this.#imports = imports;
      this.#watch(imports.keys());
      for (const path of changed) this.#changed.add(path);
      this.#page.warn(""); // the notebooks can run again
      this.#problem = "";
      if (changed.length === 0 && JSON.stringify(notebooks) === JSON.stringify(this.#notebooks)) return false;
      this.#notebooks = notebooks;
      return true;
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      const isInFile = error instanceof NotebookError || error instanceof UsageError || code !== undefined;
      if (!isInFile) throw error;
      this.#page.warn(`${message}\nThe page below is of the last text that can run.`);
      if (message !== this.#problem) this.#options.log(`${message}; waiting for the next edit`);
      this.#problem = message;
      return false;
    }
  }

  /** Aborts the running cells when a notebook has another text; `abort()` ends the wait. */
  #interruptAtEdit(): AbortController {
    const end = new AbortController();
    const running = (this.#running = new AbortController());
    if (this.#options.signal.aborted) running.abort();
    const wait = async (): Promise<void> => {
      const ended = sleep(MAX_EVENTS_MS, undefined, { signal: end.signal, ref: false }).catch(() => {});
      for (;;) {
        await Promise.race([this.#edit.promise, ended]);
        if (end.signal.aborted) return;
        await sleep(QUIET_MS);
        this.#edit = Promise.withResolvers();
        if (!(await this.#read())) continue;
        this.#notebooks = []; // so that the next #read finds a change
        this.#edit.resolve();
        return running.abort();
      }
    };
    wait().catch(() => running.abort());
    return end;
  }

  /** Runs what the edits change, and shows the page. */
  async #update(): Promise<void> {
    const { log, out, title, isForReaders, facts, ...runOptions } = this.#options;
    const startedAt = new Date();
    const started = performance.now();
    const { signal } = this.#running;
    const options = { ...runOptions, outFolder: join(out, WATCH_FOLDER), signal };
    let ran = 0;
    let status: Run["status"] = "ok";
    let hasEffects = false;
    const reasons = [...this.#changed].map((path) => `${basename(path)} has changed`);
    this.#changed.clear();
    if (reasons.length > 0) for (const watched of this.#watched) await watched.restart();
    for (const [i, notebook] of [...this.#notebooks].entries()) {
      const watched = (this.#watched[i] ??= new WatchedNotebook(this.#paths[i]!, { ...notebook, cells: [] }));
      if (status !== "ok") continue;
      if (hasEffects) await watched.restart(); // a notebook before it can have changed the data
      const updated = await watched.update(structuredClone(notebook), options);
      ran += updated.ran;
      hasEffects ||= updated.hasEffects;
      if (updated.fresh !== null) reasons.push(updated.fresh);
      if (signal.aborted) status = "interrupted";
      else if (watched.step.status === "failed") status = "failed";
    }
    const steps = this.#watched.map(({ step }) => step);
    const seconds = (performance.now() - started) / 1000;
    const run: Run = { status, startedAt, seconds, steps };
    const front = frontOf(
      steps.map(({ notebook }) => notebook),
      { title },
    );
    const html = await renderReport(run, { title: front.title, front, facts, isForReaders });
    this.#page.show(html);
    if (status === "interrupted") return;
    const file = join(out, WATCH_FOLDER, REPORT_FILE);
    const saved = await writeWhole(file, html).then(
      () => relative(process.cwd(), file),
      // The browser has the page: a full disk does not end the watch.
      ({ message }: Error) => message,
    );
    const cells = steps.flatMap((step) => step.cells).length;
    const why = reasons.length > 0 ? `, in a fresh kernel: ${[...new Set(reasons)].join("; ")}` : "";
    const cause = status === "failed" ? `\n${summaryLines(run).join("\n")}` : "";
    log(
      `${ran} of ${cells} cells ran${why}; ${saved} after ` +
        `${formatSeconds((performance.now() - started) / 1000)}${cause}`,
    );
  }
}

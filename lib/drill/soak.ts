/**
 * Drill `soak`: the load stays the same for a long time, so any growth is a leak.
 *
 * The heaps of both processes are small. V8 lets a larger heap grow for minutes before it collects
 * all of it, which looks like a leak. Today's files are joined each minute.
 */
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { entriesOf } from "../folders.ts";
import { compactedTablesFolder, tablesFolder } from "../layout.ts";
import type { WebHdfs } from "../webhdfs.ts";
import { type Figures, underLoad } from "./drill.ts";
import type { Child } from "../testbed/child.ts";
import type { Pipeline } from "../testbed/pipeline.ts";

const SAMPLE_MS = 1_000;
const MAX_RSS_SLOPE_MB_PER_MINUTE = 3; // a heap without a leak can grow so much
const MAX_DESCRIPTORS_GAINED = 10; // connections come and go
const MAX_LOCAL_FILES_GAINED = 5; // in the processes' folder: spool, logs
const MAX_FILES_RATIO = 1.5; // most files of tables in the second half, to those of the first half
const HEAP_MB = 64; // of old objects
const EACH_MINUTE = {
  QUESTLOG_COMPACT_MINUTES: "1",
  QUESTLOG_PERIOD_MINUTES: "1",
  QUESTLOG_GRACE_MINUTES: "1",
};

/** Memory and file descriptors of a process at a moment. */
export interface ProcessSample {
  at: number; // milliseconds
  rssMb: number;
  descriptors: number;
}

export const soak = underLoad(
  {
    name: "soak",
    what: "the load stays the same for 10 minutes: memory, file descriptors and local files of API and stream do not grow, nor does the number of the tables' files, which are joined each minute",
    perSecond: { full: 1_000, short: 300 },
    start: async (pipeline) => {
      const env = { NODE_OPTIONS: `--max-old-space-size=${HEAP_MB}` };
      await pipeline.startStream({ ...pipeline.rewritingEnv, ...env, ...EACH_MINUTE });
      await pipeline.startApi(env);
    },
  },
  async ({ pipeline, players, short, log, settled }) => {
    const [warmUpMs, runMs] = short ? [5_000, 15_000] : [60_000, 600_000];
    const processes = [pipeline.newest("api"), pipeline.newest("stream")];
    await sleep(warmUpMs);
    const samples = processes.map((): ProcessSample[] => []);
    const acceptedBefore = players.ledger.accepted.size;
    const localBefore = countLocalFiles(pipeline.home);
    const files: number[][] = [];
    for (let half = 0; half < 2; half++) {
      const counts: number[] = [];
      files.push(counts);
      const end = Date.now() + runMs / 2;
      for (let second = 0; Date.now() < end; second++) {
        processes.forEach((child, i) => samples[i]!.push(sampleOf(child)));
        if (second % 60 === 0) {
          counts.push(await countTableFiles(pipeline));
          log(
            `${samples[0]!.length} s: ${players.ledger.accepted.size} events, ${counts.at(-1)} files of tables`,
          );
        }
        await sleep(SAMPLE_MS);
      }
    }
    const accepted = players.ledger.accepted.size - acceptedBefore;
    const localGained = countLocalFiles(pipeline.home) - localBefore;
    const [first, second] = files.map((counts) => Math.max(...counts)) as [number, number];
    await settled();
    if (localGained > MAX_LOCAL_FILES_GAINED)
      throw new Error(`expected at most ${MAX_LOCAL_FILES_GAINED} local files more, got ${localGained}`);
    if (!short && second > MAX_FILES_RATIO * first)
      throw new Error(`expected as many files of tables as before, got ${first}, then ${second}`);
    const grown = processes.map(({ name }, i) => growthOf(name, samples[i]!, short));
    return {
      seconds: runMs / 1000,
      accepted_per_second: Math.round(accepted / (runMs / 1000)),
      local_files_gained: localGained,
      most_files_of_first_half: first,
      most_files_of_second_half: second,
      ...grown[0],
      ...grown[1],
    };
  },
);

/**
 * Figures of one process.
 * @throws Error if it has grown; in the short form, which is too short for a heap, not for its
 * memory
 */
function growthOf(name: string, samples: ProcessSample[], short: boolean): Figures {
  const { slope, gained, last } = trendOf(samples);
  const figures = {
    [`${name}_rss_mb`]: Math.round(last.rssMb),
    [`${name}_rss_mb_per_minute`]: Number(slope.toFixed(2)),
    [`${name}_descriptors`]: last.descriptors,
    [`${name}_descriptors_gained`]: gained,
  };
  if ((!short && slope > MAX_RSS_SLOPE_MB_PER_MINUTE) || gained > MAX_DESCRIPTORS_GAINED)
    throw new Error(
      `${name}: expected at most ${MAX_RSS_SLOPE_MB_PER_MINUTE} MB a minute and ` +
        `${MAX_DESCRIPTORS_GAINED} file descriptors more, got ${JSON.stringify(figures)}`,
    );
  return figures;
}

function sampleOf({ pid, rssBytes }: Child): ProcessSample {
  const descriptors = readdirSync(`/proc/${pid}/fd`).length;
  return { at: Date.now(), rssMb: rssBytes / 1e6, descriptors };
}

/**
 * The slope of memory by least squares, in MB a minute. `gained` is the median of descriptors in
 * the second half, less the median in the first half.
 */
export function trendOf(samples: ProcessSample[]): { slope: number; gained: number; last: ProcessSample } {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const minutes = samples.map(({ at }) => at / 60_000);
  const [meanMinute, meanMb] = [mean(minutes), mean(samples.map(({ rssMb }) => rssMb))];
  const slope =
    mean(samples.map(({ rssMb }, i) => (minutes[i]! - meanMinute) * (rssMb - meanMb))) /
    mean(minutes.map((minute) => (minute - meanMinute) ** 2));
  const half = samples.length >> 1;
  const median = (some: ProcessSample[]) =>
    some.map(({ descriptors }) => descriptors).sort((a, b) => a - b)[some.length >> 1]!;
  return {
    slope,
    gained: median(samples.slice(half)) - median(samples.slice(0, half)),
    last: samples.at(-1)!,
  };
}

/** Counts the files below a local folder. */
function countLocalFiles(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .length;
}

/** Counts the files that tables have, and those that swaps have replaced. */
async function countTableFiles({ hdfs, root }: Pipeline): Promise<number> {
  const folders = [tablesFolder(root), compactedTablesFolder(root)];
  const counts = await Promise.all(folders.map((folder) => countFiles(hdfs, folder)));
  return counts.reduce((sum, count) => sum + count, 0);
}

/** Counts the files below a folder of HDFS. */
async function countFiles(hdfs: WebHdfs, folder: string): Promise<number> {
  let files = 0;
  for await (const { name, type } of entriesOf(hdfs, folder))
    files += type === "FILE" ? 1 : await countFiles(hdfs, `${folder}/${name}`);
  return files;
}

/**
 * The drill `soak`: the same load for a long time; what grows with time and not with load is a leak.
 */
import { readdirSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { entriesOf } from "../audit/files.ts";
import type { WebHdfs } from "../webhdfs.ts";
import type { Drill, Figures } from "./drill.ts";
import { seeded } from "../testbed/seeded.ts";
import { startPlayers } from "../testbed/players.ts";
import { settle } from "../testbed/account.ts";
import { type Child, openPipeline } from "../testbed/pipeline.ts";

const SAMPLE_MS = 1_000;
const MAX_RSS_SLOPE_MB_PER_MINUTE = 3; // what a heap that has found its size may still do
const MAX_DESCRIPTORS_GAINED = 10; // connections come and go
const MAX_LOCAL_FILES_GAINED = 5; // of the processes' folder: spool, logs
const MAX_LANDED_RATIO = 1.2; // of HDFS files in the second half of the time, to those in the first

/** What a process holds at a moment. */
export interface Sample {
  at: number; // milliseconds
  rssMb: number;
  descriptors: number;
}

export const soak: Drill = {
  name: "soak",
  what: "the same load for 10 minutes: memory, file descriptors and files of API and stream do not grow, and files land at the same pace",
  async run({ short, seed, say }) {
    const [warmUpMs, runMs] = short ? [5_000, 15_000] : [60_000, 600_000];
    const perSecond = short ? 300 : 1_000;
    const pipeline = await openPipeline("soak");
    try {
      const processes = [await pipeline.startApi(), await pipeline.startStream()];
      const players = startPlayers({ url: () => pipeline.apiUrl, perSecond, random: seeded(seed) });
      await sleep(warmUpMs);
      const samples = processes.map((): Sample[] => []);
      const acceptedBefore = players.ledger.accepted.size;
      const localBefore = countLocalFiles(pipeline.home);
      const landed = [await countFiles(pipeline.hdfs, pipeline.hdfsRoot)];
      for (let half = 1; half <= 2; half++) {
        for (const end = Date.now() + runMs / 2; Date.now() < end; await sleep(SAMPLE_MS)) {
          processes.forEach((child, i) => samples[i]!.push(sampleOf(child)));
          if (samples[0]!.length % 60 === 0)
            say(`${samples[0]!.length} s: ${players.ledger.accepted.size} events`);
        }
        landed.push(await countFiles(pipeline.hdfs, pipeline.hdfsRoot));
      }
      const accepted = players.ledger.accepted.size - acceptedBefore;
      const localGained = countLocalFiles(pipeline.home) - localBefore;
      const [firstHalf, secondHalf] = [landed[1]! - landed[0]!, landed[2]! - landed[1]!];
      players.stop();
      const account = await settle(pipeline, await players.done);
      const figures: Figures = {
        seconds: runMs / 1000,
        accepted_per_second: Math.round(accepted / (runMs / 1000)),
        local_files_gained: localGained,
        hdfs_files_of_first_half: firstHalf,
        hdfs_files_of_second_half: secondHalf,
      };
      if (localGained > MAX_LOCAL_FILES_GAINED)
        throw new Error(`expected at most ${MAX_LOCAL_FILES_GAINED} local files more, got ${localGained}`);
      if (!short && secondHalf > MAX_LANDED_RATIO * firstHalf)
        throw new Error(`expected files to land at the same pace, got ${firstHalf}, then ${secondHalf}`);
      processes.forEach(({ name }, i) => {
        const { slope, gained, last } = trendOf(samples[i]!);
        figures[`${name}_rss_mb`] = Math.round(last.rssMb);
        figures[`${name}_rss_mb_per_minute`] = Number(slope.toFixed(2));
        figures[`${name}_descriptors`] = last.descriptors;
        figures[`${name}_descriptors_gained`] = gained;
        // A heap needs longer than the short form to find its size.
        if ((!short && slope > MAX_RSS_SLOPE_MB_PER_MINUTE) || gained > MAX_DESCRIPTORS_GAINED)
          throw new Error(
            `${name}: expected at most ${MAX_RSS_SLOPE_MB_PER_MINUTE} MB a minute and ${MAX_DESCRIPTORS_GAINED} file descriptors more, got ${JSON.stringify(figures)}`,
          );
      });
      return { ...figures, ...account };
    } finally {
      await pipeline.close();
    }
  },
};

function sampleOf({ pid, rssBytes }: Child): Sample {
  const descriptors = readdirSync(`/proc/${pid}/fd`).length;
  return { at: Date.now(), rssMb: rssBytes / 1e6, descriptors };
}

/** The slope of memory by least squares, in MB a minute, and by how many descriptors the second half's median is above the first's. */
export function trendOf(samples: Sample[]): { slope: number; gained: number; last: Sample } {
  const mean = (values: number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const minutes = samples.map(({ at }) => at / 60_000);
  const [meanMinute, meanMb] = [mean(minutes), mean(samples.map(({ rssMb }) => rssMb))];
  const slope =
    mean(samples.map(({ rssMb }, i) => (minutes[i]! - meanMinute) * (rssMb - meanMb))) /
    mean(minutes.map((minute) => (minute - meanMinute) ** 2));
  const half = samples.length >> 1;
  const median = (some: Sample[]) =>
    some.map(({ descriptors }) => descriptors).sort((a, b) => a - b)[some.length >> 1]!;
  return {
    slope,
    gained: median(samples.slice(half)) - median(samples.slice(0, half)),
    last: samples.at(-1)!,
  };
}

/** Counts the files below a folder of this machine. */
function countLocalFiles(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
    .length;
}

/** Counts the files below a folder of HDFS. */
async function countFiles(hdfs: WebHdfs, folder: string): Promise<number> {
  let files = 0;
  for await (const { name, type } of entriesOf(hdfs, folder))
    files += type === "FILE" ? 1 : await countFiles(hdfs, `${folder}/${name}`);
  return files;
}

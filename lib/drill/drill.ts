/**
 * A fault done on purpose to the real stack → a drill, and its figures.
 *
 * A drill that misses its goal throws. Its figures are printed, and stand in history/drills.md.
 */
import { type Account, settle } from "../testbed/account.ts";
import { openPipeline, type Pipeline } from "../testbed/pipeline.ts";
import { type Players, startPlayers } from "../testbed/players.ts";
import { seeded } from "../testbed/seeded.ts";

/** Named values that a drill measured, in the order of printing; units are in the names. */
export type Figures = Record<string, number | string>;

export interface DrillOptions {
  /** The form in `npm test`: seconds instead of minutes, and no goals of speed. */
  short: boolean;
  seed: number; // of all random numbers
  log: (line: string) => void; // progress
}

export interface Drill {
  name: string; // `npm run drill -- NAME`
  what: string; // one sentence, "fault: promise"
  /** @throws Error that names the missed goal, with the expected and the measured value */
  run: (options: DrillOptions) => Promise<Figures>;
}

export interface LoadOptions {
  name: string;
  what: string;
  perSecond: number | { full: number; short: number }; // events of players
  /** Starts the pipeline's processes; default: one stream and one API. */
  start?: (pipeline: Pipeline) => Promise<unknown>;
}

/** The pipeline and its players, for a fault that happens meanwhile. */
export interface UnderLoad {
  pipeline: Pipeline;
  players: Players;
  random: () => number;
  short: boolean;
  log: (line: string) => void;
  /** Stops the players and settles the account, for a fault that measures afterwards. */
  settled: () => Promise<Account>;
}

/** A drill on a new pipeline: `fault` happens while players play, then the account is checked. */
export function underLoad(
  { name, what, perSecond, start = startBoth }: LoadOptions,
  fault: (load: UnderLoad) => Promise<Figures>,
): Drill {
  async function run({ short, seed, log }: DrillOptions): Promise<Figures> {
    const random = seeded(seed);
    const pace = typeof perSecond === "number" ? perSecond : perSecond[short ? "short" : "full"];
    const pipeline = await openPipeline(name);
    try {
      await start(pipeline);
      const players = startPlayers({ url: () => pipeline.apiUrl, perSecond: pace, random });
      let account: Promise<Account> | undefined;
      const settled = () => {
        players.stop();
        account ??= players.done.then((ledger) => settle(pipeline, ledger));
        return account;
      };
      try {
        const figures = await fault({ pipeline, players, random, short, log, settled });
        const kept = await settled();
        const { retries, spooled, slowestMs } = players.ledger;
        return { ...figures, retries, spooled, slowest_answer_ms: slowestMs, ...kept };
      } finally {
        players.stop();
      }
    } finally {
      await pipeline.close();
    }
  }
  return { name, what, run };
}

async function startBoth(pipeline: Pipeline): Promise<void> {
  await pipeline.startStream();
  await pipeline.startApi();
}

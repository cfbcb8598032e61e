/**
 * A pipeline over time: how many of its events are accepted, landed and visible, and which services
 * were away.
 *
 * Each number is asked for by itself, because its service may be away: then the last number stands.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { findLastCommit } from "../land/commits.ts";
import { runStatement } from "../services/plain-trino.ts";
import { settings } from "../settings.ts";
import type { Ledger } from "../testbed/players.ts";
import type { Pipeline } from "../testbed/pipeline.ts";
import type { Away } from "../testbed/outages.ts";
import { until } from "../until.ts";

const SAMPLE_MS = 500;
const CAUGHT_UP_LIMIT_MS = 120_000; // from a service's return to all that was accepted by then being visible

/**
 * The unit of a number: events with the answer *accepted*, messages in files, rows that Trino shows.
 */
export type Stage = "accepted" | "landed" | "visible";

export interface ProgressSample {
  seconds: number; // since the watch began
  stage: Stage;
  events: number;
}

/** One outage, and the events meanwhile. */
export interface OutageRow {
  what: string;
  from_seconds: number; // since the watch began
  until_seconds: number; // when it was ready again
  accepted: number; // meanwhile
  landed: number; // meanwhile
  visible: number; // meanwhile
  caught_up_seconds: number; // from its return until everything accepted by then was visible
}

/** Begins to watch when it is made; `stop` ends it. */
export class Watch {
  readonly samples: ProgressSample[] = [];
  readonly outages: OutageRow[] = [];
  readonly #begun = Date.now();
  readonly #watching: Promise<unknown>;
  #stopped = false;

  constructor(pipeline: Pipeline, ledger: Ledger) {
    this.#watching = Promise.all([
      this.#sample("accepted", () => Promise.resolve(ledger.accepted.size)),
      this.#sample("landed", () => countLanded(pipeline)),
      this.#sample("visible", () => countVisible(pipeline)),
    ]);
  }

  /**
   * Has `fault` take something away and bring it back, and waits until the events have caught up.
   * @throws Error if they have not after 2 minutes
   */
  async during(what: string, fault: () => Promise<Away>): Promise<OutageRow> {
    await this.#untilVisible(1); // there is something to break
    const { killedAt, readyAt } = await fault();
    const [from, until] = [this.#seconds(killedAt), this.#seconds(readyAt)];
    const meanwhile = (stage: Stage) => this.#eventsAt(stage, until) - this.#eventsAt(stage, from);
    const row = {
      what,
      from_seconds: from,
      until_seconds: until,
      accepted: meanwhile("accepted"),
      landed: meanwhile("landed"),
      visible: meanwhile("visible"),
      caught_up_seconds: await this.#untilVisible(this.#eventsAt("accepted", until)),
    };
    this.outages.push(row);
    return row;
  }

  /** Ends the watch. */
  async stop(): Promise<void> {
    this.#stopped = true;
    await this.#watching;
  }

  async #sample(stage: Stage, count: () => Promise<number>): Promise<void> {
    for (; !this.#stopped; await sleep(SAMPLE_MS)) {
      const events = await count().catch(() => null); // the counting service may be away here
      if (events !== null) this.samples.push({ seconds: this.#seconds(Date.now()), stage, events });
    }
  }

  /** Resolves with the seconds that it took. */
  async #untilVisible(events: number): Promise<number> {
    const since = Date.now();
    const ask = () => {
      const visible = this.#eventsAt("visible", Infinity);
      if (visible >= events) return true;
      throw new Error(`${visible} events`);
    };
    const wait = { limitMs: CAUGHT_UP_LIMIT_MS, everyMs: SAMPLE_MS / 5 };
    await until(`${events} events are visible`, ask, wait);
    return Number(((Date.now() - since) / 1000).toFixed(1));
  }

  /** The last number that was known then. */
  #eventsAt(stage: Stage, seconds: number): number {
    return this.samples.findLast((one) => one.stage === stage && one.seconds <= seconds)?.events ?? 0;
  }

  #seconds(at: number): number {
    return Number(((at - this.#begun) / 1000).toFixed(1));
  }
}

/**
 * Kills the pipeline's newest stream, and starts another one after `ms`; resolves when that one
 * reads.
 */
export async function streamAway(pipeline: Pipeline, ms: number): Promise<Away> {
  const killedAt = Date.now();
  await pipeline.newest("stream").signal("SIGKILL");
  await sleep(ms);
  await pipeline.startStream();
  return { killedAt, readyAt: Date.now() };
}

/** How many messages of the topic the commits cover. */
async function countLanded({ hdfs, root, topic }: Pipeline): Promise<number> {
  const partitions = Array.from({ length: settings.topicPartitions }, (_, partition) => partition);
  const last = await Promise.all(
    partitions.map((partition) => findLastCommit(hdfs, { root, topic, partition })),
  );
  return last.reduce((sum, record) => sum + (record === null ? 0 : record.last + 1), 0);
}

async function countVisible({ schema }: Pipeline): Promise<number> {
  const [[rows] = []] = await runStatement(`SELECT count(*) FROM ${schema}.events`);
  return Number(rows);
}

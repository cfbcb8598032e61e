/**
 * A pipeline → its accepted, landed and visible events over time, and its outages.
 *
 * Each number comes from a service of its own. While this service is away, its last number counts.
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
const CAUGHT_UP_LIMIT_MS = 120_000; // from a service's return until all events accepted by then are visible

/** The unit of a number: events with a 200, messages in files, or rows that Trino shows. */
export type Stage = "accepted" | "landed" | "visible";

export interface ProgressSample {
  seconds: number; // since the watch began
  stage: Stage;
  events: number;
}

/** One outage, and the numbers of events meanwhile. */
export interface OutageRow {
  what: string;
  from_seconds: number; // since the watch began
  until_seconds: number; // when it was ready again
  accepted: number; // meanwhile
  landed: number; // meanwhile
  visible: number; // meanwhile
  caught_up_seconds: number; // from its return until everything accepted by then was visible
}

/** Watches from its construction until `stop`. */
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
   * Runs `fault`, which makes an outage, and waits until all events accepted by its end are
   * visible.
   * @throws Error if that takes more than 2 minutes
   */
  async during(what: string, fault: () => Promise<Away>): Promise<OutageRow> {
    await this.#untilVisible(1); // the pipeline works
    const { killedAt, readyAt } = await fault();
    const from = this.#seconds(killedAt);
    const until = this.#seconds(readyAt);
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
      const events = await count().catch(() => null); // the service that counts may be away
      if (events !== null) this.samples.push({ seconds: this.#seconds(Date.now()), stage, events });
    }
  }

  /** Waits until so many events are visible. Resolves with the seconds. */
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

  /** The last number of a stage that was known at a time. */
  #eventsAt(stage: Stage, seconds: number): number {
    return this.samples.findLast((one) => one.stage === stage && one.seconds <= seconds)?.events ?? 0;
  }

  #seconds(at: number): number {
    return Number(((at - this.#begun) / 1000).toFixed(1));
  }
}

/**
 * Kills the newest stream, and starts another one after `ms`. Resolves when the new stream reads.
 */
export async function streamAway(pipeline: Pipeline, ms: number): Promise<Away> {
  const killedAt = Date.now();
  await pipeline.newest("stream").signal("SIGKILL");
  await sleep(ms);
  await pipeline.startStream();
  return { killedAt, readyAt: Date.now() };
}

/** Counts the messages of the topic that commits cover. */
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

/**
 * The tables of events → whether a failed event is there already.
 *
 * An id alone proves nothing: its event may be another one, with other content. That is a conflict,
 * and no replay can send the failed event under this id.
 */
import { contentOf } from "../content.ts";
import { events } from "../events.ts";
import { Misfit } from "../misfit.ts";
import { identifier } from "../sql.ts";
import { query } from "../trino.ts";
import type { Assessment } from "./assess.ts";
import type { FailedEvent, FailedOptions } from "./failed.ts";

/** A failed event, assessed by the catalogue and by the tables. */
export interface Judged {
  failed: FailedEvent;
  now: Assessment;
  isThere: boolean; // it fits, and a table has it
}

/** The events of the tables, as far as somebody asked for them. */
export class KnownEvents {
  readonly #schema: string | undefined;
  readonly #contents = new Map<string, string>(); // by event_id

  constructor({ schema }: FailedOptions = {}) {
    this.#schema = schema;
  }

  /** Asks the tables for all events that fit, then judges each one. */
  async judge(assessed: readonly { failed: FailedEvent; now: Assessment }[]): Promise<Judged[]> {
    const ids = assessed.flatMap(({ now }) => (now.fits ? now.event_id : []));
    for (const { event_id, raw_event } of await this.#find(ids)) this.add(event_id, raw_event);
    return assessed.map(({ failed, now }) => this.judgeOne(failed, now));
  }

  /** Judges an event by the events that are known. */
  judgeOne(failed: FailedEvent, now: Assessment): Judged {
    const content = now.fits ? this.#contents.get(now.event_id) : undefined;
    if (!now.fits || content === undefined) return { failed, now, isThere: false };
    if (content === contentOf(now.raw)) return { failed, now, isThere: true };
    const { message: why } = new Misfit("event_id", "an id of this event alone", now.event_id);
    return { failed, now: { fits: false, why }, isThere: false };
  }

  /** Adds an event, which a table has or will have; the first event of an id counts. */
  add(event_id: string, raw: string): void {
    if (!this.#contents.has(event_id)) this.#contents.set(event_id, contentOf(raw));
  }

  /** The first row of each id in the tables. */
  async #find(ids: readonly string[]): Promise<{ event_id: string; raw_event: string }[]> {
    const unknown = [...new Set(ids)].filter((id) => !this.#contents.has(id));
    if (unknown.length === 0) return [];
    const selects = events.map(
      ({ table }) =>
        `SELECT event_id, raw_event, "timestamp", kafka_partition, kafka_offset FROM ${identifier(table)}`,
    );
    return query(
      `SELECT event_id, min_by(raw_event, ROW("timestamp", kafka_partition, kafka_offset)) AS raw_event
       FROM (${selects.join("\nUNION ALL ")})
       WHERE event_id IN (${unknown.map(() => "?").join(", ")})
       GROUP BY event_id`,
      { schema: this.#schema, parameters: unknown },
    );
  }
}

/**
 * The game's list → the tables that this stream may write, with its columns in their lists.
 *
 * A table whose files hold another type of a column is not written: Trino could read only a part of
 * its files. Its events become failed events that wait, until the table is rebuilt. The same holds
 * for a table that is being rebuilt, and for one whose columns are unknown because a file is
 * broken.
 */
import type { EventDefinition } from "../catalog.ts";
import { type EventRow, eventReader, type Position, type ReadEvent } from "../envelope.ts";
import { events } from "../events.ts";
import { rebuildFolder } from "../layout.ts";
import { Misfit } from "../misfit.ts";
import {
  addColumns,
  describeConflicts,
  describeRebuild,
  UnreadableTableError,
  wantedColumns,
} from "../stored-columns.ts";
import { forTerminal } from "../untrusted.ts";
import { WAITING } from "../waiting.ts";
import type { Hdfs } from "../webhdfs.ts";
import type { ParseMessage } from "./batch.ts";
import type { Log } from "./outage.ts";

const MAX_UNKNOWN = 100; // types; any program can write to the topic

/** The tables of a stream; made once, before the first message is read. */
export class TableClaim {
  readonly #hdfs: Hdfs;
  readonly #root: string;
  readonly #log: Log;
  readonly #readEvent: ReadEvent;
  readonly #catalogue: readonly EventDefinition[];
  readonly #unknown = new Set<string>(); // types that are told
  #reasons: ReadonlyMap<string, string> = new Map(); // by table that is not written
  #made: Promise<void> | null = null; // null: not tried, or the last try failed

  constructor(hdfs: Hdfs, root: string, log: Log, catalogue: readonly EventDefinition[] = events) {
    this.#hdfs = hdfs;
    this.#root = root;
    this.#log = log;
    this.#catalogue = catalogue;
    this.#readEvent = eventReader(catalogue);
  }

  /**
   * Adds the events' columns to the tables' lists.
   * @throws HdfsError when HDFS is away: call again
   */
  async make(): Promise<void> {
    this.#made ??= this.#make(); // the partitions of a stream ask at the same time
    try {
      await this.#made;
    } catch (error) {
      this.#made = null;
      throw error;
    }
  }

  async #make(): Promise<void> {
    const reasons = new Map<string, string>();
    for (const event of this.#catalogue) {
      const reason = await this.#claimTable(event);
      if (reason !== null) reasons.set(event.table, reason);
    }
    for (const reason of reasons.values())
      this.#log(`${reason}; until then its events wait in failed_events`);
    this.#reasons = reasons;
  }

  /** Returns the reason why the table cannot be written, or null. */
  async #claimTable(event: EventDefinition): Promise<string | null> {
    const { table } = event;
    if ((await this.#hdfs.status(rebuildFolder(this.#root, table))) !== null) return describeRebuild(table);
    try {
      const { conflicts } = await addColumns(this.#hdfs, this.#root, table, wantedColumns(event));
      return conflicts.length === 0 ? null : describeConflicts(table, conflicts);
    } catch (error) {
      if (error instanceof UnreadableTableError) return error.message;
      throw error;
    }
  }

  /** The tables that are not written, and why. */
  get reasons(): ReadonlyMap<string, string> {
    return this.#reasons;
  }

  /** Reads an event; an event of a table that is not written waits. */
  readonly parse: ParseMessage = (text, position) => {
    const row = this.#read(text, position);
    const reason = this.#reasons.get(row.event.table);
    return reason === undefined ? row : { reason: WAITING + reason, raw: text };
  };

  /** Reads an event; a type that only the API knows is told once. */
  #read(text: string, position: Position): EventRow {
    try {
      return this.#readEvent(text, position);
    } catch (error) {
      const isUnknown =
        error instanceof Misfit && error.field === "event_type" && error.message.startsWith(WAITING);
      if (isUnknown && this.#unknown.size < MAX_UNKNOWN && !this.#unknown.has(String(error.got))) {
        this.#unknown.add(String(error.got));
        this.#log(
          `${forTerminal(error.message.slice(WAITING.length))}; its events wait in failed_events for a stream that has this type`,
        );
      }
      throw error;
    }
  }
}

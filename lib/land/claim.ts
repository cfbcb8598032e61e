/**
 * The game's list → the tables that this stream may write, with its columns in their lists.
 *
 * A table whose files hold another type of a column is not written: Trino could read only a part of
 * its files. Its events become failed events that wait, until the table is rebuilt.
 */
import type { EventDefinition } from "../catalog.ts";
import { eventReader, type ReadEvent } from "../envelope.ts";
import { events } from "../events.ts";
import { addColumns, describeConflicts, wantedColumns } from "../stored-columns.ts";
import { WAITING } from "../waiting.ts";
import type { Hdfs } from "../webhdfs.ts";
import type { ParseMessage } from "./batch.ts";
import type { Log } from "./outage.ts";

/** The tables of a stream; made once, before the first message is read. */
export class TableClaim {
  readonly #hdfs: Hdfs;
  readonly #root: string;
  readonly #log: Log;
  readonly #readEvent: ReadEvent;
  readonly #catalogue: readonly EventDefinition[];
  #reasons: ReadonlyMap<string, string> | null = null; // by table with a conflict; null: not made

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
    if (this.#reasons !== null) return;
    const reasons = new Map<string, string>();
    for (const event of this.#catalogue) {
      const { table } = event;
      const { conflicts } = await addColumns(this.#hdfs, this.#root, table, wantedColumns(event));
      if (conflicts.length > 0) reasons.set(table, describeConflicts(table, conflicts));
    }
    for (const reason of reasons.values())
      this.#log(`${reason}; until then its events wait in failed_events`);
    this.#reasons = reasons;
  }

  /** Reads an event; an event of a table with a conflict waits. */
  readonly parse: ParseMessage = (text, position) => {
    const row = this.#readEvent(text, position);
    const reason = this.#reasons!.get(row.event.table);
    return reason === undefined ? row : { reason: WAITING + reason, raw: text };
  };
}

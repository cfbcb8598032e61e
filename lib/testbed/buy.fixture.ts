// A ground whose game has the event `buy` with any parameters, landed by commits as a stream does.
import { createTables } from "../ask/tables.ts";
import { columnsOf, defineEvents, type EventDefinition, type EventEntry } from "../catalog.ts";
import { eventReader } from "../envelope.ts";
import { type CommitRecord, openChain } from "../land/commits.ts";
import { ParquetFile } from "../land/parquet.ts";
import { addColumns, wantedColumns } from "../stored-columns.ts";
import { query, type Row } from "../trino.ts";
import type { TableState } from "../ask/metastore.ts";
import { Ground } from "./ground.ts";

export const DAY = "2026-01-31";
export const NOON = Date.parse(`${DAY}T12:00:00Z`);
const DAY_MS = 86_400_000;

export type Parameters = NonNullable<EventEntry["parameters"]>;
export type Game = readonly EventDefinition[];

/** A game with the event `buy`. */
export function gameOf(parameters: Parameters, ...others: EventEntry[]): Game {
  return defineEvents([{ type: "buy", parameters }, ...others]);
}

export class BuyGround extends Ground {
  sent = 0; // events

  get target() {
    return { schema: this.schema, hdfsRoot: this.root };
  }

  /** Makes the tables of a game, as `npm run tables` does. */
  async apply(game: Game): Promise<TableState> {
    return (await createTables(this.target, game)).find(({ table }) => table === "buy")!;
  }

  /** Lands events of `buy` with these parameters, in one commit of partition 0. */
  async land(game: Game, sent: readonly Record<string, string>[], day = 0): Promise<CommitRecord> {
    const event = game.find(({ type }) => type === "buy")!;
    const { conflicts } = await addColumns(this.hdfs, this.root, "buy", wantedColumns(event));
    if (conflicts.length > 0) throw new Error(`buy: expected no conflict, got ${JSON.stringify(conflicts)}`);
    const file = new ParquetFile(columnsOf(event));
    const read = eventReader(game);
    const timestamp = NOON + day * DAY_MS;
    for (const params of sent) {
      const text = JSON.stringify(envelopeOf(event, params, this.sent, timestamp));
      file.append(read(text, { timestamp, partition: 0, offset: this.sent++ }).values);
    }
    const chain = await openChain(this.hdfs, { root: this.root, topic: this.topic, partition: 0 });
    const name = new Date(timestamp).toISOString().slice(0, 10);
    const files = [{ table: "buy", day: name, rows: file.rows, data: file.finish() }];
    const record = await chain.commit({ last: this.sent - 1, last_timestamp: timestamp, files });
    await this.register("buy");
    return record;
  }

  async register(table: string): Promise<void> {
    await query(
      `CALL hive.system.sync_partition_metadata('${this.schema}', '${table}', 'ADD', false)`,
      this.target,
    );
  }

  /** The rows of a query, each as a list of values. */
  async rows(sql: string): Promise<unknown[][]> {
    return (await query<Row>(sql, { schema: this.schema })).map(Object.values);
  }
}

/** The n-th event of `buy`. */
export function envelopeOf(event: EventDefinition, params: object, n: number, time: number) {
  return {
    event_id: `id ${n}`,
    event_type: "buy",
    received_at: new Date(time).toISOString(),
    player: "ann",
    definition: event.version,
    params,
    headers: {},
    remote_addr: "::1",
  };
}

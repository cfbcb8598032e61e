/**
 * The Hive metastore: its tables and partitions, as structs of Thrift.
 *
 * Trino's SQL cannot change the columns of a table together with those of its partitions, nor keep
 * readers away from a table. The metastore can. That of a given Trino has an address only if
 * QUESTLOG_METASTORE has one, and no login: this client speaks plain Thrift.
 *
 * The metastore reads a definition in several statements. Beside a change it can answer without
 * some columns, or without all. So a definition counts when two answers in a row are equal.
 */
import { isDeepStrictEqual } from "node:util";
import { settings } from "./settings.ts";
import {
  callThrift,
  type Entries,
  type Items,
  stringField,
  type Struct,
  ThriftError,
  TYPE,
} from "./thrift.ts";

const CHANGE_LIMIT_MS = 60_000; // a table can have many partitions
const NO_SUCH_OBJECT = 2; // exception of get_table_req
const NO_SUCH_PARTITION = 2; // exception of get_partition
const ALL = -1;
const MAX_READS = 20;
const TRINO_VIEW = /^\/\* Presto View: (\S+) \*\/$/;

/** Field numbers of hive_metastore.thrift. */
export const TABLE = { storage: 7, keys: 8, parameters: 9, viewText: 10 } as const;
export const PARTITION = { values: 1, storage: 6, parameters: 7 } as const;
const STORAGE = { columns: 1, location: 2 } as const;
const COLUMN = { name: 1, type: 2 } as const;

/** A column in Hive's words. */
export interface HiveColumn {
  name: string;
  type: string; // e.g. "string", "decimal(10,2)"
}

export async function getDatabases(): Promise<string[]> {
  return ((await call("get_all_databases")) as Items).items as string[];
}

export async function getVersion(): Promise<string> {
  return (await call("getVersion")) as string;
}

/** A table or view with its partitions. */
export interface WholeTable {
  schema: string;
  table: Struct;
  partitions: Struct[];
}

/** All tables and views of all schemas. */
export async function allTables(): Promise<WholeTable[]> {
  const found = await Promise.all(
    (await getDatabases()).map(async (schema) => {
      const names = (await call("get_all_tables", new Map([[1, stringField(schema)]]))) as Items;
      return Promise.all((names.items as string[]).map((name) => wholeTable(schema, name)));
    }),
  );
  return found.flat();
}

/** The SQL of all views, as their engines wrote it. */
export function viewTexts(tables: readonly WholeTable[]): string[] {
  return tables.flatMap(({ table }) => {
    const text = table.get(TABLE.viewText)?.value;
    if (typeof text !== "string" || text === "") return [];
    const [, encoded] = TRINO_VIEW.exec(text) ?? [];
    if (encoded === undefined) return [text];
    const view = JSON.parse(Buffer.from(encoded, "base64").toString("utf8")) as { originalSql: string };
    return [view.originalSql];
  });
}

/** A table; null: it does not exist. */
export async function getTable(schema: string, table: string): Promise<Struct | null> {
  const request: Struct = new Map([[1, { type: TYPE.struct, value: named(schema, table) }]]);
  const found = await readWhole("get_table_req", request, NO_SUCH_OBJECT);
  return found === null ? null : ((found as Struct).get(1)!.value as Struct);
}

/** Replaces a table's definition. Its partitions stay. */
export async function alterTable(schema: string, table: string, to: Struct): Promise<void> {
  const sent = named(schema, table);
  sent.set(3, { type: TYPE.struct, value: to }).set(4, withoutStatistics());
  await call("alter_table_with_environment_context", sent);
}

export async function getPartitions(schema: string, table: string): Promise<Struct[]> {
  const sent = named(schema, table).set(3, { type: TYPE.i16, value: ALL });
  return ((await readWhole("get_partitions", sent)) as Items).items as Struct[];
}

/** A partition by the values of its keys; null: it does not exist. */
export async function getPartition(schema: string, table: string, values: string[]): Promise<Struct | null> {
  const sent = named(schema, table);
  sent.set(3, { type: TYPE.list, value: { of: TYPE.string, items: values } });
  return (await readWhole("get_partition", sent, NO_SUCH_PARTITION)) as Struct | null;
}

/** The folder of a partition's files, as the metastore has it: "hdfs://host:8020/folder". */
export function locationOf(partition: Struct): string {
  return (partition.get(PARTITION.storage)!.value as Struct).get(STORAGE.location)!.value as string;
}

export function setLocation(partition: Struct, location: string): void {
  (partition.get(PARTITION.storage)!.value as Struct).set(STORAGE.location, stringField(location));
}

/** Replaces the definitions of partitions, all in one transaction. */
export async function alterPartitions(schema: string, table: string, to: Struct[]): Promise<void> {
  if (to.length === 0) return;
  const sent = named(schema, table);
  sent.set(3, { type: TYPE.list, value: { of: TYPE.struct, items: to } }).set(4, withoutStatistics());
  await call("alter_partitions_with_environment_context", sent);
}

/** The columns of a table or partition, by its storage field. */
export function hiveColumns(of: Struct, storage: number): HiveColumn[] {
  return columnList(of, storage).items.map((column) => {
    const text = (field: number) => (column as Struct).get(field)!.value as string;
    return { name: text(COLUMN.name), type: text(COLUMN.type) };
  });
}

/** Gives a table or partition other columns. */
export function setHiveColumns(of: Struct, storage: number, columns: readonly HiveColumn[]): void {
  columnList(of, storage).items = columns.map(
    ({ name, type }): Struct =>
      new Map([
        [COLUMN.name, stringField(name)],
        [COLUMN.type, stringField(type)],
      ]),
  );
}

/** Sets a parameter of a table; null removes it. */
export function setParameter(table: Struct, name: string, value: string | null): void {
  const parameters = table.get(TABLE.parameters)!.value as Entries;
  parameters.entries = parameters.entries.filter(([key]) => key !== name);
  if (value !== null) parameters.entries.push([name, value]);
}

async function wholeTable(schema: string, name: string): Promise<WholeTable> {
  const table = await getTable(schema, name);
  if (table === null) throw new Error(`expected the table ${schema}.${name}, got none`);
  const keys = table.get(TABLE.keys)?.value as Items | undefined;
  const partitions = keys && keys.items.length > 0 ? await getPartitions(schema, name) : [];
  return { schema, table, partitions };
}

function columnList(of: Struct, storage: number): Items {
  return (of.get(storage)!.value as Struct).get(STORAGE.columns)!.value as Items;
}

/** Calls until two answers in a row are equal; null: it throws the exception `missing`. */
async function readWhole(method: string, sent: Struct, missing?: number) {
  const read = () =>
    call(method, sent).catch((error: unknown) => {
      if (error instanceof ThriftError && error.field === missing) return null;
      throw error;
    });
  let last = await read();
  for (let again = 0; again < MAX_READS; again++) {
    const found = await read();
    if (isDeepStrictEqual(found, last)) return found;
    last = found;
  }
  throw new Error(`${method}: expected two equal answers in a row, got ${MAX_READS} others; try again`);
}

async function call(method: string, sent?: Struct) {
  const { metastore } = settings;
  if (metastore === undefined)
    throw new Error("metastore: expected its address in QUESTLOG_METASTORE, as Trino is given, got none");
  return callThrift(metastore, method, {
    ...(sent && { arguments: sent, limitMs: CHANGE_LIMIT_MS }),
  });
}

function named(schema: string, table: string): Struct {
  return new Map([
    [1, stringField(schema)],
    [2, stringField(table)],
  ]);
}

/** The metastore would count the files of each folder. Nobody reads its counts. */
function withoutStatistics() {
  const properties: Entries = {
    keys: TYPE.string,
    values: TYPE.string,
    entries: [["DO_NOT_UPDATE_STATS", "true"]],
  };
  return { type: TYPE.struct, value: new Map([[1, { type: TYPE.map, value: properties }]]) as Struct };
}

/**
 * A table and its wanted columns → the same table with them, in place, while others read it.
 *
 * Trino reads a table's definition first, and that of its days later. If the table is dropped
 * between, it finds no day, and a query counts 0 rows. So the table is never dropped here.
 *
 * The days change first: an old table over new days still reads each of its columns by name.
 * Trino refuses to read a table with the parameter `object_not_readable`, and shows its text.
 */
import {
  alterPartitions,
  alterTable,
  getPartitions,
  getTable,
  type HiveColumn,
  hiveColumns,
  PARTITION,
  setHiveColumns,
  setParameter,
  TABLE,
} from "../hive-metastore.ts";
import type { StoredColumn, StoredType } from "../parquet-footer.ts";
import type { Hdfs } from "../webhdfs.ts";
import { followSwappedDays } from "./swapped-days.ts";

const CLOSED = "object_not_readable";

/** Gives a table and its days these columns. */
export async function alterColumns(
  hdfs: Hdfs,
  { root, schema, table }: { root: string; schema: string; table: string },
  columns: readonly StoredColumn[],
): Promise<void> {
  const wanted = columns.map(({ name, type }) => ({ name, type: hiveType(type) }));
  const definition = await definitionOf(schema, table);
  await alterDays(schema, table, wanted);
  setHiveColumns(definition, TABLE.storage, wanted);
  await alterTable(schema, table, definition);
  await alterDays(schema, table, wanted); // a day that a stream has just added has the old columns
  await followSwappedDays(hdfs, { root, schema, name: table, table });
}

/** From now on queries that begin to read the table fail with `reason`. Others read on. */
export async function closeTable(schema: string, table: string, reason: string): Promise<void> {
  await setClosed(schema, table, reason);
}

/** Queries can read the table again. */
export async function openTable(schema: string, table: string): Promise<void> {
  await setClosed(schema, table, null);
}

async function setClosed(schema: string, table: string, reason: string | null): Promise<void> {
  const definition = await definitionOf(schema, table);
  setParameter(definition, CLOSED, reason);
  await alterTable(schema, table, definition);
}

async function definitionOf(schema: string, table: string) {
  const definition = await getTable(schema, table);
  if (definition === null) throw new Error(`table ${schema}.${table}: expected a table, found none`);
  return definition;
}

async function alterDays(schema: string, table: string, wanted: readonly HiveColumn[]): Promise<void> {
  const isOther = (columns: HiveColumn[]) => JSON.stringify(columns) !== JSON.stringify(wanted);
  const days = await getPartitions(schema, table);
  const others = days.filter((day) => isOther(hiveColumns(day, PARTITION.storage)));
  for (const day of others) setHiveColumns(day, PARTITION.storage, wanted);
  await alterPartitions(schema, table, others);
}

/** A type of a file in Hive's words. */
function hiveType(type: StoredType): string {
  const words: Record<string, string> = { text: "string", integer: "int" };
  return words[type] ?? type.replace(", ", ",");
}

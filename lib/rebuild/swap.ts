/**
 * A plan → the new files in the place of the old ones, and the table made of them.
 *
 * Each step can be repeated, and finds the work that an interrupted swap has done. The table is
 * closed first, so no query begins to read it before it is opened again. Queries that began before
 * read the old files to their end. Only then the folders and the table's columns change.
 *
 * With a given Trino, whose metastore has no known address, the table is dropped and made again. A
 * query that has asked for the table just before, and asks for its days just after, counts 0 rows.
 */
import { posix } from "node:path";
import { alterColumns, closeTable, openTable } from "../ask/alter-table.ts";
import { qualified, showCreate } from "../ask/metastore.ts";
import { createTables, registerDaysOf } from "../ask/tables.ts";
import { failedEvents } from "../catalog.ts";
import { dayFolder, rebuildFolder, rebuildRecordPath, replacedFolder, tableFolder } from "../layout.ts";
import { inLanes } from "../lanes.ts";
import type { StoredColumn } from "../parquet-footer.ts";
import { settings } from "../settings.ts";
import { readColumns, writeColumns } from "../stored-columns.ts";
import { query } from "../trino.ts";
import { shortened } from "../untrusted.ts";
import { until } from "../until.ts";
import type { Hdfs } from "../webhdfs.ts";
import { filesIn, type RebuildWork, removeNewFiles, writeNewFiles } from "./new-files.ts";
import { replacedNames, swapBack, swappedFiles } from "./swapped-back.ts";
import { type PlannedFile, type RebuildPlan, type RebuildRecord, writeWhole } from "./plan.ts";

const POLL_MS = 200;

/**
 * Swaps, and returns the record of the rebuild.
 * @throws Error if a query still reads the old files after `maxWaitMs`; the table is then as it was
 * @throws Error with the remedy after any later failure: then the table is closed
 */
export async function swap(work: RebuildWork, plan: RebuildPlan): Promise<RebuildRecord> {
  const { hdfs, root, at } = work;
  const { table, id } = plan;
  const [folder, replaced] = [tableFolder(root, table), replacedFolder(root, id)];
  const isMovedOut = (await hdfs.status(replaced)) !== null;
  if (!isMovedOut) await keepReadersAway(work, plan);
  try {
    if (!isMovedOut) {
      await at("closed");
      await hdfs.makeFolder(posix.dirname(replaced));
      if (!(await hdfs.rename(folder, replaced)) && !(await hdfs.status(replaced)))
        throw new Error(`${folder}: expected to move it to ${replaced}, but RENAME answered false`);
    }
    await at("moved_out");
    return await moveIn(work, plan);
  } catch (error) {
    const problem = `${(error as Error).message}; no query can read the table until its rebuild ends`;
    throw new Error(`table ${table}: ${problem}; to finish it: npm run tables -- --rebuild ${table}`, {
      cause: error,
    });
  }
}

/** Puts the new files into the table's folder, and makes the table. */
async function moveIn(work: RebuildWork, plan: RebuildPlan): Promise<RebuildRecord> {
  const { hdfs, root, schema, catalogue, at } = work;
  const { table, id } = plan;
  const late = await addLateFiles(work, plan);
  await writeList(hdfs, root, plan);
  await at("listed");
  const folderOf = (name: string) => (day: string) => dayFolder(root, name, day);
  await moveAll(hdfs, `${rebuildFolder(root, table)}/failed`, folderOf(failedEvents.table));
  await at("failed_moved");
  await hdfs.makeFolder(tableFolder(root, table));
  await moveAll(hdfs, `${rebuildFolder(root, table)}/new`, folderOf(table));
  await at("moved_in");
  const files = [...plan.files, ...late];
  await swapBack(work, files);
  const record = { ...plan, files, ended_at: new Date().toISOString() };
  await writeWhole(hdfs, root, rebuildRecordPath(root, id), record);
  await at("recorded");
  await open(work, plan.columns);
  await at("opened");
  await hdfs.remove(rebuildFolder(root, table));
  await at("cleared");
  await createTables({ schema, hdfsRoot: root }, catalogue);
  await registerDaysOf(failedEvents.table, schema);
  return record;
}

/** Lets no query begin to read the table, and waits for the queries that began before. */
async function keepReadersAway(work: RebuildWork, { table }: RebuildPlan): Promise<void> {
  const { hdfs, root, schema, catalogue, maxWaitMs, log } = work;
  await close(work);
  const before = new Map((await runningQueries()).map((one) => [one.query_id, one]));
  const ask = async () => {
    const running = (await runningQueries()).find(({ query_id }) => before.has(query_id));
    if (running === undefined) return true;
    log(`table ${table}: waiting for query ${running.query_id}`);
    throw new Error(`query ${running.query_id} still runs: ${shortened(running.query.trim())}`);
  };
  try {
    await until("the queries that read the old files end", ask, { limitMs: maxWaitMs, everyMs: POLL_MS });
  } catch (error) {
    await open(work, null);
    await hdfs.remove(rebuildFolder(root, table));
    await createTables({ schema, hdfsRoot: root }, catalogue);
    const id = (await runningQueries()).find(({ query_id }) => before.has(query_id))?.query_id ?? "ID";
    const advice = `to end it: npm run query -- "CALL system.runtime.kill_query('${id}', '')"`;
    const problem = (error as Error).message;
    throw new Error(`table ${table} is as it was: ${problem}; ${advice}`, { cause: error });
  }
}

async function close({ schema, event: { table } }: RebuildWork): Promise<void> {
  if (!settings.metastore) await query(`DROP TABLE IF EXISTS ${qualified(table, schema)}`, { schema });
  else if (await isThere(schema, table))
    await closeTable(
      schema,
      table,
      `its rebuild is at work; to finish an interrupted one: npm run tables -- --rebuild ${table}`,
    );
}

/** Opens the table for queries, with these columns; null: with those that it has. */
async function open(
  { hdfs, root, schema, event: { table } }: RebuildWork,
  columns: readonly StoredColumn[] | null,
): Promise<void> {
  if (!settings.metastore || !(await isThere(schema, table))) return; // createTables makes it
  if (columns !== null) await alterColumns(hdfs, { root, schema, table }, columns);
  await openTable(schema, table);
}

async function isThere(schema: string, table: string): Promise<boolean> {
  return (await showCreate("TABLE", table, schema)) !== undefined;
}

interface RunningQuery {
  query_id: string;
  query: string;
}

/**
 * All statements that run in Trino and may read rows, without this one. Trino lists a statement of
 * a killed process for five more minutes.
 */
async function runningQueries(): Promise<RunningQuery[]> {
  return query<RunningQuery>(
    `SELECT query_id, query FROM system.runtime.queries
     WHERE state NOT IN ('FINISHED', 'FAILED') AND query NOT LIKE '%system.runtime.queries%'
       AND NOT regexp_like(query, '(?i)^\\s*(SHOW|DESC|DESCRIBE|CALL)\\s')`,
  );
}

/** Files that a late writer moved into the table after the plan was made. */
async function addLateFiles(work: RebuildWork, plan: RebuildPlan): Promise<PlannedFile[]> {
  const { hdfs, root } = work;
  const planned = new Set(plan.files.map(({ day, name }) => `${day}/${name}`));
  for (const name of await replacedNames(work)) planned.add(name);
  const late: PlannedFile[] = [];
  for (const file of [
    ...(await filesIn(hdfs, replacedFolder(root, plan.id))),
    ...(await swappedFiles(work)),
  ]) {
    const { day, name } = file;
    if (planned.has(`${day}/${name}`)) continue;
    planned.add(`${day}/${name}`);
    if (await hdfs.status(`${dayFolder(root, plan.table, day)}/${name}`)) continue; // already moved in
    await removeNewFiles(work, plan, file);
    late.push(await writeNewFiles(work, plan, file));
  }
  return late;
}

async function writeList(hdfs: Hdfs, root: string, { table, columns }: RebuildPlan): Promise<void> {
  for (;;) {
    const { number, columns: found } = await readColumns(hdfs, root, table);
    if (JSON.stringify(found) === JSON.stringify(columns)) return;
    if (await writeColumns(hdfs, root, table, number + 1, columns)) return;
  }
}

/** Moves each file of a folder with days. A file that is already in its place stays. */
async function moveAll(hdfs: Hdfs, from: string, dayFolderOf: (day: string) => string): Promise<void> {
  const files = await filesIn(hdfs, from);
  for (const day of new Set(files.map((file) => file.day))) await hdfs.makeFolder(dayFolderOf(day));
  await inLanes(files, async ({ day, name, path }) => {
    const target = `${dayFolderOf(day)}/${name}`;
    if ((await hdfs.rename(path, target)) || (await hdfs.status(target))) return;
    throw new Error(`${path}: expected to move it to ${target}, but RENAME answered false`);
  });
}

/**
 * Every name in HDFS below the root: folders and files, written and read.
 *
 *   tables/<table>/day=<day>/<topic>-<partition>-<first>.parquet    rows of one commit
 *   commits/<topic>/<partition>/<first>.json                        its commit record
 *   staging/<writer>/…                                              both, before the commit
 *   columns/<table>/<number>.json                                   the columns of its files
 *
 *   audits/<topic>/<partition>/<from>.json                          the record of an audit
 *   audit_packs/<topic>/<partition>/<from>.json                     copies of 100 such records
 *
 *   forget/plan.json, forget/decided, forget/new/…                  a removal of events at work
 *   removals/<topic>/<number>.json                                  its record, when it has ended
 *
 *   rebuild/<table>/…                                               a rebuild of a table at work
 *   rebuilds/<table>-<time>.json                                    its record, when it has ended
 *   replaced/<table>-<time>/…                                       the files that it replaced
 *
 *   compacted/<table>/day=<day>/<swap>/…                            a day's rows in new files
 *   compacted/<table>/finished.json                                 the finished days
 *   compactions/<day>/<table>/<number>.json                         the swap to that folder
 *   removed/<swap>.json                                             the rows that it left out
 *
 *   schemas/<schema>/                                               tables of users, made with SQL
 *
 * `first` is the first offset that a commit covers, and `from` that of an audit, with 20 digits:
 * names sort by offset.
 */

/** The partition that a chain of commits belongs to. */
export interface ChainKey {
  root: string; // HDFS folder
  topic: string;
  partition: number;
}

/** The position in the topic at which a commit begins. */
export interface CommitStart {
  topic: string;
  partition: number;
  first: number;
}

export function tablesFolder(root: string): string {
  return `${root}/tables`;
}

export function tableFolder(root: string, table: string): string {
  return `${tablesFolder(root)}/${table}`;
}

/** The folder of a schema that the project creates; Trino puts a user's own tables there. */
export function schemaFolder(root: string, schema: string): string {
  return `${root}/schemas/${schema}`;
}

/** @param day YYYY-MM-DD */
export function dayFolder(root: string, table: string, day: string): string {
  return `${tableFolder(root, table)}/day=${day}`;
}

/** The day in a folder's name, or null. */
export function parseDayName(name: string): string | null {
  return /^day=(.+)$/.exec(name)?.[1] ?? null;
}

/** The folder of the lists of a table's columns. */
export function columnsFolder(root: string, table: string): string {
  return `${root}/columns/${table}`;
}

export function columnsPath(root: string, table: string, number: number): string {
  return `${columnsFolder(root, table)}/${padded(number)}.json`;
}

/** The number in the name of a list of columns, or null. */
export function parseColumnsName(name: string): number | null {
  return parseCommitName(name);
}

/** A list of columns before it has its number. */
export function stagedColumns(root: string, id: string): string {
  return `${stagingFolder(root)}/columns-${id}.json`;
}

/** The folder of a table's rebuild. While it exists, only the rebuild makes or writes the table. */
export function rebuildFolder(root: string, table: string): string {
  return `${root}/rebuild/${table}`;
}

/** The folder of the records of all rebuilds. */
export function rebuildsFolder(root: string): string {
  return `${root}/rebuilds`;
}

/** The record of a rebuild that has ended. @param id table and time */
export function rebuildRecordPath(root: string, id: string): string {
  return `${rebuildsFolder(root)}/${id}.json`;
}

/** The files that a rebuild replaced. */
export function replacedFolder(root: string, id: string): string {
  return `${root}/replaced/${id}`;
}

/** A day of a table: a partition in the metastore. */
export interface TableDay {
  root: string; // HDFS folder
  table: string;
  day: string; // YYYY-MM-DD
}

/** The folder with a folder for each day of which a table was swapped. */
export function swappedDaysFolder(root: string): string {
  return `${root}/compactions`;
}

/** The folder with a folder for each table of which this day was swapped. */
export function swappedTablesFolder(root: string, day: string): string {
  return `${swappedDaysFolder(root)}/${day}`;
}

/** The folder of a day's swaps: their records and the marks of their progress. */
export function swapsFolder({ root, table, day }: TableDay): string {
  return `${swappedTablesFolder(root, day)}/${table}`;
}

export function swapPath(place: TableDay, number: number): string {
  return `${swapsFolder(place)}/${commitName(number)}`;
}

/** The mark of a swap's progress: an empty file. */
export function swapMarkPath(place: TableDay, number: number, mark: "done" | "cleared"): string {
  return `${swapsFolder(place)}/${padded(number)}.${mark}`;
}

/** The folder with a folder for each table that was swapped: the new files. */
export function compactedTablesFolder(root: string): string {
  return `${root}/compacted`;
}

/** The folder with a folder for each day of which this table was swapped. */
export function compactedDaysFolder(root: string, table: string): string {
  return `${compactedTablesFolder(root)}/${table}`;
}

/** The list of a table's days in which nothing is left to compact. */
export function finishedPath(root: string, table: string): string {
  return `${compactedDaysFolder(root, table)}/finished.json`;
}

/** The folder of a swap's new files. */
export function compactedFolder({ root, table, day }: TableDay, id: string): string {
  return `${compactedDaysFolder(root, table)}/day=${day}/${id}`;
}

/** The name of one of a swap's new files; ask/settled.ts recognizes a settled one. */
export function newFileName({
  id,
  number,
  isSettled,
}: {
  id: string;
  number: number;
  isSettled: boolean;
}): string {
  return `${isSettled ? "settled" : "swap"}-${id}-${number}.parquet`;
}

/** The list of the rows that a swap left out. */
export function removedPath(root: string, id: string): string {
  return `${root}/removed/${id}.json`;
}

/** A swap's record, or a late file's copy, before it has its name. */
export function stagedSwap(root: string, id: string): string {
  return `${stagingFolder(root)}/swap-${id}`;
}

/** The name of a commit's file, in each of its tables. */
export function fileName(start: CommitStart): string {
  return `${startName(start)}.parquet`;
}

/** The start of the commit that made a file, from the file's name; null for other names. */
export function parseFileName(name: string): CommitStart | null {
  return name.endsWith(".parquet") ? parseStart(name.slice(0, -".parquet".length)) : null;
}

/** The folder with a folder for each topic with commits. */
export function commitsFolder(root: string): string {
  return `${root}/commits`;
}

/** The folder with a chain for each partition of a topic. The partition is the chain's name. */
export function chainsFolder(root: string, topic: string): string {
  return `${commitsFolder(root)}/${topic}`;
}

/** The folder of a partition's commit records. */
export function chainFolder({ root, topic, partition }: ChainKey): string {
  return `${chainsFolder(root, topic)}/${partition}`;
}

export function commitPath(key: ChainKey, first: number): string {
  return `${chainFolder(key)}/${commitName(first)}`;
}

export function commitName(first: number): string {
  return `${padded(first)}.json`;
}

/** The offset in a record's name, or null. */
export function parseCommitName(name: string): number | null {
  const digits = /^(\d{20})\.json$/.exec(name)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** The folder of a partition's audit records: its ledger. */
export function auditFolder({ root, topic, partition }: ChainKey): string {
  return `${auditsFolder(root, topic)}/${partition}`;
}

/** The folder with a ledger for each partition of a topic. The partition is the ledger's name. */
function auditsFolder(root: string, topic: string): string {
  return `${root}/audits/${topic}`;
}

export function auditPath(key: ChainKey, from: number): string {
  return `${auditFolder(key)}/${commitName(from)}`;
}

/** The folder of copies of a ledger's records, 100 in a file. */
export function auditPacksFolder({ root, topic, partition }: ChainKey): string {
  return `${root}/audit_packs/${topic}/${partition}`;
}

/** An audit's record before it has its name. */
export function stagedAudit(root: string, id: string): string {
  return `${stagingFolder(root)}/audit-${id}.json`;
}

/** The folder of a removal at work. */
export function forgetFolder(root: string): string {
  return `${root}/forget`;
}

/** The plan of a removal at work. It holds the positions of the removed rows, and no name. */
export function forgetPlanPath(root: string): string {
  return `${forgetFolder(root)}/plan.json`;
}

/** The mark of a plan: from now on the removal goes on after any interruption. */
export function forgetDecidedPath(root: string): string {
  return `${forgetFolder(root)}/decided`;
}

/** The folder of the records of all removals from a topic. */
export function removalsFolder(root: string, topic: string): string {
  return `${root}/removals/${topic}`;
}

/** @param number of the record, from 0 */
export function removalPath(root: string, topic: string, number: number): string {
  return `${removalsFolder(root, topic)}/${commitName(number)}`;
}

/** The folder with a folder for each attempt to commit a batch. */
export function stagingFolder(root: string): string {
  return `${root}/staging`;
}

/** The folder of one attempt. */
export function attemptFolder(root: string, writer: string): string {
  return `${stagingFolder(root)}/${writer}`;
}

export function stagedFile(
  root: string,
  writer: string,
  { table, day }: { table: string; day: string },
): string {
  return `${attemptFolder(root, writer)}/${table}-${day}.parquet`;
}

export function stagedRecord(root: string, writer: string): string {
  return `${attemptFolder(root, writer)}/commit.json`;
}

/** The name of an attempt's writer. @param id a UUID of this attempt */
export function writerName(start: CommitStart, id: string): string {
  return `${startName(start)}-${id}`;
}

/** The prefix of all writers of a partition. Writers of another topic can have the same prefix. */
export function writerPrefix({ topic, partition }: ChainKey): string {
  return `${topic}-${partition}-`;
}

/** The start of a writer's commit, or null. */
export function parseWriterName(name: string): CommitStart | null {
  const start = /^(.+)-[0-9a-f-]{36}$/.exec(name)?.[1];
  return start === undefined ? null : parseStart(start);
}

function startName({ topic, partition, first }: CommitStart): string {
  return `${topic}-${partition}-${padded(first)}`;
}

function parseStart(name: string): CommitStart | null {
  const [, topic, partition, first] = /^(.+)-(\d+)-(\d{20})$/.exec(name) ?? [];
  return topic === undefined ? null : { topic, partition: Number(partition), first: Number(first) };
}

function padded(offset: number): string {
  return String(offset).padStart(20, "0");
}

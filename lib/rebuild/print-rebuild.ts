/** Differences and rebuilds → lines for people. */
import { join } from "node:path";
import type { TableState } from "../ask/metastore.ts";
import { listFiles } from "../audit/files.ts";
import { UsageError } from "../command.ts";
import { events } from "../events.ts";
import { rebuildRecordPath, replacedFolder } from "../layout.ts";
import { withLock } from "../lock.ts";
import { otherCatalogue } from "../services/catalogue.ts";
import { services } from "../services/services.ts";
import { settings } from "../settings.ts";
import { forTerminal } from "../untrusted.ts";
import { describeDifference, findDifferences } from "./drift.ts";
import { withoutStream } from "./pause-stream.ts";
import type { RebuildRecord } from "./plan.ts";
import { previewRebuild, rebuildTable } from "./rebuild.ts";
import type { Changes } from "./rewrite.ts";

const PROGRESS_MS = 2_000; // a line at most so often, and none before

/** Prints each difference, and resolves with the exit code: 1 if there is one. */
export async function printDifferences(): Promise<number> {
  const tell = progress(console.error);
  const found = await findDifferences({}, events, (read, all, table) =>
    tell(`table ${table}: ${read} of ${all} files read`),
  );
  for (const one of found) console.log(describeDifference(one));
  if (found.length === 0) console.log("no difference between lib/game.ts, files, tables and views");
  else console.error(`${found.length} ${found.length === 1 ? "difference" : "differences"}`);
  return found.length === 0 ? 0 : 1;
}

/** Prints the rows and files of each table that cannot follow the catalogue. */
export async function printConcerned(states: readonly TableState[]): Promise<void> {
  for (const { table, problem } of states) {
    if (problem === null) continue;
    const files = await listFiles({ table });
    const rows = files.reduce((sum, file) => sum + file.rows, 0);
    console.error(`table ${table}: ${rows} rows in ${files.length} files are concerned; nothing was changed`);
  }
}

/** Prints the changes that a rebuild would make. */
export async function printPreview(table: string): Promise<void> {
  refuseUnknown(table);
  const changes = await previewRebuild(table, { log: progress(console.error) });
  for (const line of describeChanges(table, changes)) console.log(forTerminal(line));
}

/** Rebuilds a table while no stream writes, and prints the result. */
export async function printRebuild(table: string, signal: AbortSignal): Promise<void> {
  refuseUnknown(table);
  const say = (line: string): void => console.error(line);
  const rebuild = () => rebuildTable(table, { log: progress(say), signal });
  const lock = join(settings.home, "rebuild.lock");
  const record = await withLock(lock, say, () => withoutStream(say, rebuild), signal);
  for (const line of describeRecord(record)) console.log(line);
  const difference = await otherCatalogue(services.find(({ name }) => name === "api")!);
  if (difference !== null) say(`api ${difference}; npm run up restarts it`);
}

/** The changes as lines, for `--dry-run`. */
export function describeChanges(table: string, changes: Changes): string[] {
  const { rows, kept, unfit, firstUnfit, columns } = changes;
  const type = events.find((event) => event.table === table)?.type ?? table;
  const sorted = firstUnfit.toSorted((a, b) => (a.place < b.place ? -1 : 1));
  return [
    `table ${table}: ${rows} rows; nothing is changed by --dry-run`,
    ...[...columns].map(
      ([name, { rows, example }]) => `column ${name}: ${rows} rows get another value, e.g. ${example}`,
    ),
    ...(columns.size === 0 ? ["no row that fits gets another value"] : []),
    `${unfit} rows do not fit any longer, and would go to failed_events${unfit > 0 ? ":" : ""}`,
    ...sorted.map(({ place, reason }) => `  ${place}: ${reason}`),
    ...(unfit > sorted.length && sorted.length > 0 ? [`  and ${unfit - sorted.length} more`] : []),
    `event ${type}: ${rows} rows now, ${kept} rows after the rebuild`,
  ];
}

/** A rebuild as lines. */
export function describeRecord({ id, table, files }: RebuildRecord): string[] {
  const sum = (column: "rows" | "kept" | "unfit"): number =>
    files.reduce((total, file) => total + file[column], 0);
  const root = settings.hdfsRoot;
  const old = replacedFolder(root, id);
  const address = `${settings.webhdfsUrl}/webhdfs/v1${old}?op=DELETE&recursive=true&user.name=${settings.hdfsUser}`;
  return [
    `table ${table} rebuilt: ${sum("rows")} rows before = ${sum("kept")} after + ${sum("unfit")} newly failed`,
    ...(sum("unfit") > 0 ? ["npm run failed lists the failed rows with their reasons"] : []),
    `record: ${rebuildRecordPath(root, id)}`,
    `the old files are in ${old}; to delete them: curl -X DELETE "${address}"`,
  ];
}

/** Makes the function that says a line of progress, at most one every two seconds. */
export function progress(say: (line: string) => void): (line: string) => void {
  let saidAt = performance.now();
  return (line) => {
    if (performance.now() - saidAt < PROGRESS_MS) return;
    saidAt = performance.now();
    say(line);
  };
}

/** @throws UsageError before anything is stopped or read */
function refuseUnknown(table: string): void {
  const names = events.map((event) => event.table);
  if (names.includes(table)) return;
  throw new UsageError(`--rebuild: expected a table of lib/game.ts (${names.join(", ")}), got "${table}"`);
}

/**
 * A run ↔ the record of the events that it counted: `report.json` beside `report.html`.
 *
 * `npm run trace` takes the record as proof, so the record must belong to the page. For that the
 * page contains the SHA-256 of the record's text. A record is refused if it was edited or cut, or
 * if another run wrote it.
 */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { basename } from "node:path";
import { COUNTED_MIME, type Counted } from "../ask/counted.ts";
import { settings } from "../settings.ts";
import { writeWhole } from "../whole-file.ts";
import type { RunFacts } from "./html.ts";
import { isError, isStream } from "./outputs.ts";
import type { Run } from "./run.ts";

/** The events that a report counted, and the time and state of its end. */
export interface ReportRecord {
  status: Run["status"]; // only "ok" proves anything
  started_at: string;
  ended_at: string; // the run did not count messages of a later time
  hdfs_root: string;
  counted: CellCount[]; // by cells with status "ok"
}

export interface CellCount extends Counted {
  notebook: string;
  cell: number; // number among the notebook's code cells, from 1
}

/** Thrown when a report has no record, or its record proves nothing. */
export class RecordError extends Error {
  override name = "RecordError";
}

/** The file of a report's record: report.html → report.json. */
export function recordPath(htmlPath: string): string {
  return htmlPath.replace(/\.html$/, "") + ".json";
}

/**
 * Writes the record of `run` beside the page at `htmlPath`; returns facts that the page must
 * contain.
 */
export async function writeRecord(
  run: Run,
  htmlPath: string,
  hdfsRoot = settings.hdfsRoot,
): Promise<RunFacts> {
  const path = recordPath(htmlPath);
  const text = `${JSON.stringify(recordOf(run, hdfsRoot), null, 1)}\n`;
  await writeWhole(path, text);
  return {
    title: "Counted events",
    rows: [
      ["Record", basename(path)],
      ["SHA-256", digestOf(text)],
    ],
  };
}

/** The record of a run: the counts of each cell that ran. */
export function recordOf(
  { status, startedAt, seconds, steps }: Run,
  hdfsRoot = settings.hdfsRoot,
): ReportRecord {
  const counted = steps.flatMap(({ notebook, cells }) =>
    cells
      .filter((cell) => cell.status === "ok")
      .flatMap(({ number, cell }) =>
        cell.outputs
          .filter((output) => !isStream(output) && !isError(output))
          .flatMap(({ data }) => (data[COUNTED_MIME] ?? []) as unknown as Counted[])
          .map((one) => ({ notebook: notebook.name, cell: number, ...one })),
      ),
  );
  return {
    status,
    started_at: startedAt.toISOString(),
    ended_at: new Date(startedAt.getTime() + seconds * 1000).toISOString(),
    hdfs_root: hdfsRoot,
    counted,
  };
}

/**
 * Reads the record of the report at `htmlPath`.
 * @throws RecordError if there is no record, or if it does not belong to the page.
 */
export async function readRecord(htmlPath: string): Promise<ReportRecord> {
  const path = recordPath(htmlPath);
  const [page, text] = await Promise.all([readText(htmlPath), readText(path)]);
  const pageName = basename(htmlPath);
  const name = basename(path);
  if (text === null) throw new RecordError(`there is no ${name}`);
  if (page === null) throw new RecordError(`there is no ${pageName} that ${name} belongs to`);
  if (!page.includes(digestOf(text))) {
    throw new RecordError(`${name} is not the record of ${pageName}: its SHA-256 is not in that page`);
  }
  return JSON.parse(text) as ReportRecord; // as writeRecord wrote it
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

async function readText(path: string): Promise<string | null> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
}

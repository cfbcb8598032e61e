/**
 * A table → the same rows in new files, read again through today's catalogue, swapped in one go.
 *
 * Queries read the old rows, then for a moment they fail, then they read the new rows. No row is
 * lost: the new files and failed_events have each row of the old files, which is proven by
 * positions and ids before anything changes. The old files stay in another folder.
 *
 * No stream may write meanwhile: see pause-stream.ts. A rebuild that was interrupted at any step is
 * finished by the next one.
 */
import type { Target } from "../ask/metastore.ts";
import type { EventDefinition } from "../catalog.ts";
import { events } from "../events.ts";
import { settings } from "../settings.ts";
import { WebHdfs } from "../webhdfs.ts";
import { prepare, preview, type RebuildStep, type RebuildWork } from "./new-files.ts";
import { readPlan, type RebuildRecord } from "./plan.ts";
import type { Changes } from "./rewrite.ts";
import { swap } from "./swap.ts";

export interface RebuildOptions {
  target?: Target;
  catalogue?: readonly EventDefinition[];
  topic?: string; // of files whose names name no topic
  log?: (line: string) => void; // progress
  signal?: AbortSignal; // ends the rebuild before the swap; then nothing has changed
  at?: (step: RebuildStep) => Promise<void> | void; // called after each step
  maxWaitMs?: number; // for queries that read the old files
}

const MAX_WAIT_MS = 60_000;

/**
 * Rebuilds a table of the catalogue, or finishes its interrupted rebuild.
 * @throws Error before the swap if a row cannot be proven; the table is then as it was
 */
export async function rebuildTable(table: string, options: RebuildOptions = {}): Promise<RebuildRecord> {
  return withWork(table, options, async (work) => {
    const { hdfs, root, event, log } = work;
    const plan = await readPlan(hdfs, root, table);
    if (plan !== null) {
      log(`table ${table}: finishing the rebuild of ${plan.started_at}`);
      const record = await swap(work, plan);
      if (plan.definition === event.version) return record;
      log(`table ${table}: lib/game.ts has changed since that rebuild began; rebuilding again`);
    }
    return swap(work, await prepare(work));
  });
}

/** The differences that a rebuild would make; changes nothing. */
export async function previewRebuild(table: string, options: RebuildOptions = {}): Promise<Changes> {
  return withWork(table, options, preview);
}

async function withWork<T>(
  table: string,
  options: RebuildOptions,
  run: (work: RebuildWork) => Promise<T>,
): Promise<T> {
  const { target = {}, catalogue = events, topic = settings.topic, log = () => {}, at = () => {} } = options;
  const { schema = settings.schema, hdfsRoot: root = settings.hdfsRoot } = target;
  const event = catalogue.find((one) => one.table === table);
  if (event === undefined) {
    const names = catalogue.map((one) => one.table).join(", ");
    throw new Error(`expected a table of lib/game.ts (${names}), got ${table}`);
  }
  const { signal, maxWaitMs = MAX_WAIT_MS } = options;
  const hdfs = new WebHdfs();
  try {
    return await run({ hdfs, root, schema, event, catalogue, topic, log, signal, at, maxWaitMs });
  } finally {
    hdfs.close();
  }
}

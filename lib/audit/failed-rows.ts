/**
 * HDFS → the messages of each event type that landed in `failed_events`, because they did not fit.
 *
 * hyparquet reads the files, so that the count shares no code with their writer.
 */
import { failedEvents } from "../catalog.ts";
import { peek } from "../envelope.ts";
import { events } from "../events.ts";
import { settings } from "../settings.ts";
import { findFiles, type HdfsTarget, withHdfs } from "./files.ts";
import { readRows } from "./read-back.ts";

/** Counts the rows of a topic's messages by the event type that each message names. */
export async function countFailed({
  topic = settings.topic,
  ...target
}: HdfsTarget & { topic?: string } = {}): Promise<Record<string, number>> {
  const counts = Object.fromEntries(events.map(({ type }) => [type, 0]));
  return withHdfs(target, async (hdfs, root) => {
    for (const { path } of await findFiles(hdfs, root, failedEvents.table)) {
      for (const row of await readRows(hdfs, path)) {
        const type = row.topic === topic ? peek(row.raw_event as string | null).event_type : null;
        if (type !== null && Object.hasOwn(counts, type)) counts[type]!++;
      }
    }
    return counts;
  });
}

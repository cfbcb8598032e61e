/**
 * Failed events → those that are open, the newest first.
 *
 * An event that a replay sent, or that its client sent again, is in a table: it is replayed, and no
 * longer open. Only the tables know that, so pages are read until enough events are open.
 */
import { assess } from "./assess.ts";
import { type FailedEvent, type FailedOptions, newestFailed } from "./failed.ts";
import { KnownEvents } from "./known.ts";

export interface ListedEvent extends FailedEvent {
  state: "open" | "replayed";
}

export interface ListOptions extends FailedOptions {
  limit?: number;
  all?: boolean; // replayed events too
  failedTopic?: string;
}

/** The newest failed events that are open, newest first; with `all`, the replayed ones too. */
export async function listFailed({ limit = 20, all = false, schema, failedTopic }: ListOptions = {}): Promise<
  ListedEvent[]
> {
  const listed: ListedEvent[] = [];
  for await (const page of newestFailed({ schema, all })) {
    const assessed = page.map((failed) => ({ failed, now: assess(failed, { failedTopic }) }));
    for (const { failed, isThere } of await new KnownEvents({ schema }).judge(assessed)) {
      if (all || !isThere) listed.push({ ...failed, state: isThere ? "replayed" : "open" });
      if (listed.length === limit) return listed;
    }
  }
  return listed;
}

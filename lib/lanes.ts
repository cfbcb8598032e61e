/**
 * Items → work on each of them, at most some at a time.
 *
 * A failure ends its lane, and the other lanes go on. So a server that is away is not asked for
 * each item, and nothing is at work any more when the failure is thrown.
 */

const LANES = 8; // requests to one server

/** Runs `work` on each item. @param lanes items at a time */
export async function inLanes<T>(
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
  lanes = LANES,
): Promise<void> {
  let begun = 0;
  const lane = async (): Promise<void> => {
    while (begun < items.length) await work(items[begun++]!);
  };
  const ended = await Promise.allSettled(Array.from({ length: lanes }, lane));
  const failed = ended.find((result) => result.status === "rejected");
  if (failed) throw failed.reason;
}

/** Like `inLanes`, with the results in the order of the items. */
export async function mapInLanes<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Map<number, R>();
  await inLanes([...items.entries()], async ([i, item]) => results.set(i, await work(item)));
  return items.map((_, i) => results.get(i)!);
}

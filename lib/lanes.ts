/**
 * Items → work on each of them, at most some at a time.
 *
 * A failure ends its lane, and the other lanes go on. So a server that is away is not asked for
 * each item, and nothing is at work any more when the failure is thrown.
 */

const LANES = 8; // requests to one server
const LARGE_BYTES = 8 << 20; // of a file whose rows are in memory

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
export async function mapInLanes<T, R>(
  items: readonly T[],
  work: (item: T) => Promise<R>,
  lanes?: number,
): Promise<R[]> {
  const results = new Map<number, R>();
  await inLanes([...items.entries()], async ([i, item]) => results.set(i, await work(item)), lanes);
  return items.map((_, i) => results.get(i)!);
}

/**
 * Like `mapInLanes` for files. The large ones come last, one after another, so that no two of them
 * are in memory; so do their results.
 */
export async function mapBySize<T, R>(
  files: readonly T[],
  bytesOf: (file: T) => number,
  work: (file: T) => Promise<R>,
  lanes?: number,
): Promise<R[]> {
  const isLarge = (file: T) => bytesOf(file) >= LARGE_BYTES;
  const results = await mapInLanes(
    files.filter((file) => !isLarge(file)),
    work,
    lanes,
  );
  for (const file of files.filter(isLarge)) results.push(await work(file));
  return results;
}

/**
 * Ledgers and Trino's counts by type and day → the sentences in which the two differ.
 *
 * The count sees all rows before the ledgers' ends. So it also finds copies that were put into
 * another day, and rows of a partition that the topic does not have.
 *
 * A rebuild of a table moves messages between the table and failed_events, and loses none. So the
 * types of rebuilt tables are compared by their sum with failed_events. Rows that were removed
 * after their audit are subtracted: removals.ts.
 */
import { endOf, type Ledger } from "./ledger.ts";
import { type RemovalRecord, removedOf, restOf } from "./removals.ts";
import { REFUSED, type TypeDay } from "./tally.ts";
import type { Witnesses } from "./witnesses.ts";

/** Compares the sums on some days, or on all. */
export async function compareSums(
  ledgers: readonly Ledger[],
  days: readonly string[] | "all",
  witnesses: Pick<Witnesses, "counts" | "rebuiltTypes">,
  removals: readonly RemovalRecord[] = [],
): Promise<string[]> {
  if (days !== "all" && days.length === 0) return [];
  const ends = new Map(ledgers.map((ledger) => [ledger.key.partition, endOf(ledger)]));
  const rebuilt = await witnesses.rebuiltTypes();
  const group = [...rebuilt, ...(rebuilt.length > 0 ? [REFUSED] : [])];
  const grouped = ({ type, ...one }: TypeDay): TypeDay => {
    return { ...one, type: group.includes(type) ? group.join(" + ") : type };
  };
  const shown = sumsOf((await witnesses.counts(ends, days)).map(grouped));
  const audited = sumsOf(
    ledgers
      .flatMap(({ records }) => records.flatMap((one) => restOf(one, removedOf(removals, one)).counts))
      .filter(({ day }) => days === "all" || days.includes(day))
      .map(grouped),
  );
  return [...new Set([...audited.keys(), ...shown.keys()])].sort().flatMap((key) => {
    const [said, got] = [audited.get(key) ?? 0, shown.get(key) ?? 0];
    return said === got ? [] : [`${key}: the ledger has ${said} messages, Trino shows ${got} rows`];
  });
}

/** "slay_a_dragon on 2026-01-31" → messages */
function sumsOf(counts: readonly TypeDay[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { type, day, messages } of counts) {
    const key = `${type} on ${day}`;
    sums.set(key, (sums.get(key) ?? 0) + messages);
  }
  return sums;
}

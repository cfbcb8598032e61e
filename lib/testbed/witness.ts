/** The progress of landing, seen from outside: commits by their files in HDFS, rows by queries. */
import { registerDays, tables } from "../ask/tables.ts";
import { countTopic } from "../topic.ts";
import { chainFolder } from "../layout.ts";
import { untilLanded } from "../audit/landed.ts";
import { runStatement } from "../services/plain-trino.ts";
import { settings } from "../settings.ts";
import { until } from "../until.ts";
import { startRepeating } from "./repeating.ts";
import type { Pipeline } from "./pipeline.ts";

const POLL_MS = 100;
const QUERY_PAUSE_MS = 250;

/** Counts the commits of each partition of the pipeline's topic. */
export async function countCommits({ hdfs, root, topic }: Pipeline): Promise<number[]> {
  const partitions = Array.from({ length: settings.topicPartitions }, (_, partition) => partition);
  return Promise.all(
    partitions.map(async (partition) => {
      const { entries, more } = await hdfs.list(chainFolder({ root, topic, partition }));
      return entries.length + more;
    }),
  );
}

/**
 * Waits until one partition, or every one, has `commits` more commits than `before`. Resolves with
 * the milliseconds that it waited.
 * @throws Error if that takes longer than `limitMs`
 */
export async function untilCommitted(
  pipeline: Pipeline,
  {
    before,
    partitions,
    commits = 1,
    limitMs,
  }: { before: number[]; partitions: "one" | "every"; commits?: number; limitMs: number },
): Promise<number> {
  const since = Date.now();
  const ask = async () => {
    const now = await countCommits(pipeline);
    const grown = now.filter((count, partition) => count >= before[partition]! + commits).length;
    if (grown >= (partitions === "one" ? 1 : now.length)) return Date.now() - since;
    const log = pipeline.children.at(-1)!.log.slice(-5).join("\n");
    throw new Error(`[${now.join()}] after [${before.join()}]\n${log}`);
  };
  const what = `${commits} more commits in ${partitions} partition`;
  return until(what, ask, { limitMs, everyMs: POLL_MS });
}

/**
 * Starts a stream, and waits until all messages of the topic are visible. Resolves with their
 * number.
 */
export async function landAll(pipeline: Pipeline): Promise<number> {
  const { topic, root, schema } = pipeline;
  const { total, partitions } = await countTopic({ topic });
  await pipeline.startStream();
  await untilLanded(partitions, { topic, root });
  await registerDays({ schema });
  return total;
}

/** Counts the rows that Trino shows, and reads the text of each row. */
export async function countRows({ schema }: Pipeline): Promise<{ rows: number; chars: number }> {
  const selects = tables.map(({ table }) => `SELECT raw_event FROM ${schema}.${table}`);
  const found = await runStatement(
    `SELECT count(*), coalesce(sum(length(raw_event)), 0) FROM (${selects.join(" UNION ALL ")})`,
  );
  const [rows, chars] = found[0] as [number, number];
  return { rows, chars };
}

/** A witness that reads all tables again and again. */
export interface Reader {
  /** @throws Error if a query failed, or showed less than the one before it */
  stop: () => Promise<{ queries: number; slowest_query_ms: number }>;
}

/** Starts a witness. A row that was visible once has to stay visible and readable. */
export function startReader(pipeline: Pipeline): Reader {
  let before = { rows: 0, chars: 0 };
  let slowest_query_ms = 0;
  const repeating = startRepeating(async () => {
    const since = Date.now();
    const now = await countRows(pipeline);
    if (now.rows < before.rows || now.chars < before.chars)
      throw new Error(`expected ${before.rows} rows or more in Trino, got ${now.rows}`);
    before = now;
    slowest_query_ms = Math.max(slowest_query_ms, Date.now() - since);
  }, QUERY_PAUSE_MS);
  return { stop: async () => ({ queries: await repeating.stop(), slowest_query_ms }) };
}

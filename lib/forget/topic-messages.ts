/**
 * Players, or a day → the messages of topics that name them, or are older; and their deletion.
 *
 * Kafka can only delete the beginning of a partition. So all messages up to the last one that is
 * found are deleted, also those of other players or later days: the tables have these.
 */
import { withAdmin } from "../kafka.ts";
import { settings } from "../settings.ts";
import { readTopic } from "../topic.ts";
import { namesPlayer } from "./names-player.ts";

/** The messages of a partition that name a player. */
export interface FoundMessages {
  topic: string;
  partition: number;
  messages: number;
  last: number; // offset
}

/** The end of a partition that is safe to delete, exclusive. */
export interface DeletedBelow {
  topic: string;
  partition: number;
  offset: number; // the topic's new begin
}

/** Reads the topic from its low mark to its end. */
export async function findMessages(topic: string, players: readonly string[]): Promise<FoundMessages[]> {
  const found = new Map<number, FoundMessages>();
  await readTopic({
    topic,
    onMessage: ({ partition, offset, key, value }) => {
      if (!(key !== null && players.includes(key)) && !namesPlayer(value, players)) return;
      const of = found.get(partition) ?? { topic, partition, messages: 0, last: 0 };
      found.set(partition, { ...of, messages: of.messages + 1, last: offset });
    },
  });
  return [...found.values()];
}

/** The messages of a partition with an old day. */
export interface OldMessages extends FoundMessages {
  newer: number; // messages of later days in front of the last old one
}

/** Finds the messages of days before `before`. @param before YYYY-MM-DD */
export async function findOldMessages(topic: string, before: string): Promise<OldMessages[]> {
  const end = Date.parse(before);
  const found = new Map<number, OldMessages>();
  const newer = new Map<number, number>();
  await readTopic({
    topic,
    onMessage: ({ partition, offset, timestamp }) => {
      const later = newer.get(partition) ?? 0;
      if (timestamp >= end) newer.set(partition, later + 1);
      else {
        const messages = (found.get(partition)?.messages ?? 0) + 1;
        found.set(partition, { topic, partition, messages, last: offset, newer: later });
      }
    },
  });
  return [...found.values()];
}

/** Deletes the messages below the offsets. @throws Error with Kafka's reason */
export async function deleteMessages(below: readonly DeletedBelow[]): Promise<void> {
  await withAdmin(settings.kafkaBrokers, async (admin) => {
    for (const topic of new Set(below.map((one) => one.topic))) {
      const lows = new Map(
        (await admin.fetchTopicOffsets(topic)).map(({ partition, low }) => [partition, Number(low)]),
      );
      const partitions = below
        .filter((one) => one.topic === topic && one.offset > (lows.get(one.partition) ?? 0))
        .map(({ partition, offset }) => ({ partition, offset: String(offset) }));
      if (partitions.length > 0) await admin.deleteTopicRecords({ topic, partitions });
    }
  });
}

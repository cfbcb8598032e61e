/** A topic → its partitions, replicas and limits, and their meaning for events. */
import { type Admin, ConfigResourceTypes, withAdmin } from "./kafka.ts";
import { settings } from "./settings.ts";

export interface TopicFacts {
  partitions: number;
  replicas: number; // of the partition with the fewest
  inSync: number; // those of them that have all messages; of the partition with the fewest
  minInSync: number | undefined; // undefined: the user may not read the topic's configuration
  maxMessageBytes: number | undefined;
}

/** Null: the topic does not exist. */
export async function topicFacts(admin: Admin, topic: string): Promise<TopicFacts | null> {
  if (!(await admin.listTopics()).includes(topic)) return null;
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  const partitions = topics[0]!.partitions;
  const limits = await topicConfig(admin, topic);
  return {
    partitions: partitions.length,
    replicas: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    inSync: Math.min(...partitions.map(({ isr }) => isr.length)),
    minInSync: limits.get("min.insync.replicas"),
    maxMessageBytes: limits.get("max.message.bytes"),
  };
}

async function topicConfig(admin: Admin, topic: string): Promise<Map<string, number>> {
  const names = ["min.insync.replicas", "max.message.bytes"];
  const asked = { type: ConfigResourceTypes.TOPIC, name: topic, configNames: names };
  try {
    const { resources } = await admin.describeConfigs({ resources: [asked], includeSynonyms: false });
    return new Map(
      resources[0]!.configEntries.map(({ configName, configValue }) => [configName, Number(configValue)]),
    );
  } catch (error) {
    if ((error as { type?: string }).type === "TOPIC_AUTHORIZATION_FAILED") return new Map();
    throw error;
  }
}

/** The reason why the topic can store no event; null: it can. */
export function topicProblem(
  topic: string,
  { replicas, inSync, minInSync = 1 }: Pick<TopicFacts, "replicas" | "inSync" | "minInSync">,
): string | null {
  if (minInSync > replicas)
    return `topic ${topic}: expected min.insync.replicas of at most ${replicas}, as the topic has replicas, got ${minInSync}: Kafka refuses each event`;
  if (minInSync > inSync)
    return `topic ${topic}: expected ${minInSync} in-sync replicas (min.insync.replicas), got ${inSync}: Kafka refuses events until a broker is back`;
  return null;
}

/**
 * The problems of the events' topic and the failed topic, for a start. A topic that does not exist
 * has none, and a Kafka that does not answer is told by its users.
 */
export async function topicObstacles(): Promise<string[]> {
  const { kafkaBrokers, topic, failedTopic } = settings;
  const problems = withAdmin(kafkaBrokers, async (admin) => {
    const found = [];
    for (const name of [topic, failedTopic]) {
      const facts = await topicFacts(admin, name);
      const problem = facts && topicProblem(name, facts);
      if (problem) found.push(problem);
    }
    return found;
  });
  return problems.catch(() => []);
}

/** A danger for stored events; null: no danger. */
export function topicWarning(topic: string, { replicas, minInSync = 1 }: TopicFacts): string | null {
  if (replicas === 1) return `topic ${topic} has 1 replica: a broker's lost disk loses events`;
  if (minInSync === 1)
    return `topic ${topic} has min.insync.replicas=1: a broker's lost disk can lose acknowledged events`;
  return null;
}

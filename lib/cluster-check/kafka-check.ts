/**
 * Kafka's settings → findings: login, topics, and the rights to write and to read them.
 *
 * Nothing is stored in a topic of events. A topic that exists gets a message that is one byte too
 * large for it: Kafka checks the right to write before the size. A topic that does not exist is
 * tried with another name, which is deleted.
 */
import { randomBytes } from "node:crypto";
import { setTimeout as sleep } from "node:timers/promises";
import { type Admin, type Consumer, kafkaClient, kafkaReason, PATIENT, withAdmin } from "../kafka.ts";
import { askKafkaRelease } from "../services/kafka-release.ts";
import { settings } from "../settings.ts";
import { type TopicFacts, topicFacts, topicProblem, topicWarning } from "../topic-facts.ts";
import { type Finding, Findings } from "./finding.ts";

const PROBE = "questlog_check_"; // of the names of topics
const READER = "questlog_reader_"; // of the names of groups, as in topic.ts
const MAX_PROBE_BYTES = 32 << 20;
const READ_LIMIT_MS = 20_000;
const LOADING_PAUSE_MS = 300;

export async function checkKafka(): Promise<Finding[]> {
  const findings = new Findings("kafka");
  const { kafkaBrokers: brokers, topic, failedTopic, consumerGroup, failedConsumerGroup } = settings;
  const topics = [
    { name: topic, group: consumerGroup },
    { name: failedTopic, group: failedConsumerGroup },
  ];
  const isHere = await findings.ask("connection and login", connect, loginRemedy());
  for (const { name, group } of topics) {
    if (!isHere) {
      findings.skip(`topic ${name}`, "without a connection");
      continue;
    }
    const patience = { retries: PATIENT };
    await withAdmin(brokers, (admin) => checkTopic(findings, admin, name, group), patience).catch(
      (error: Error) => findings.ask(`topic ${name}`, () => Promise.reject(error), acl("Describe", name)),
    );
  }
  return findings.list;
}

async function connect(): Promise<string> {
  const { tls, login } = settings.kafkaAccess;
  const { kafkaBrokers: brokers } = settings;
  const cluster = await withAdmin(brokers, (admin) => admin.describeCluster(), { retries: 1 });
  if (cluster.controller === null) throw new Error("the cluster has no controller");
  const count = cluster.brokers.length;
  const way = [tls ? "TLS" : "no TLS", login ? login.mechanism : "no login"].join(", ");
  const release = await askKafkaRelease(brokers[0]!).catch(() => "of an unknown release");
  return `${count} broker${count === 1 ? "" : "s"}, Kafka ${release}, ${way}`;
}

async function checkTopic(findings: Findings, admin: Admin, topic: string, group: string): Promise<void> {
  const facts = await topicFacts(admin, topic);
  if (facts === null) {
    await checkNewTopic(findings, admin, topic);
  } else {
    const kept = () => {
      const problem = topicProblem(topic, facts);
      if (problem !== null) throw new Error(problem);
      return describe(topic, facts);
    };
    const lower = `kafka-configs.sh --alter --topic ${topic} --add-config min.insync.replicas=NUMBER`;
    await findings.ask(`topic ${topic}`, kept, lower);
    await findings.ask(`write to ${topic}`, () => refusedTooLarge(topic, facts), acl("Write", topic));
    await findings.ask(`read from ${topic}`, () => readOnce(admin, topic), acl("Read", topic, `${READER}*`));
  }
  const offsets = async () => {
    await admin.fetchOffsets({ groupId: group, topics: facts === null ? [] : [topic] });
    return "its offsets can be read";
  };
  await findings.ask(`group ${group}`, offsets, acl("Read", topic, group));
}

function describe(topic: string, facts: TopicFacts): string {
  const { partitions, replicas, minInSync } = facts;
  const known = `${partitions} partitions, ${replicas} replicas, min.insync.replicas ${minInSync ?? "unknown"}`;
  const warning = topicWarning(topic, facts);
  return warning === null ? known : `${known}; ${warning}`;
}

/** Makes a topic as the product would, writes and reads it, and deletes it. */
async function checkNewTopic(findings: Findings, admin: Admin, topic: string): Promise<void> {
  const probe = `${PROBE}${randomBytes(6).toString("hex")}`;
  const create = async () => {
    await admin.createTopics({
      topics: [{ topic: probe, numPartitions: settings.topicPartitions }],
      waitForLeaders: true,
    });
    const facts = await topicFacts(admin, probe);
    const problem = facts && topicProblem(probe, facts);
    if (problem) throw new Error(problem);
    return `a new topic: ${facts ? describe(probe, facts) : "created"}`;
  };
  const own = `kafka-topics.sh --create --topic ${topic} --partitions ${settings.topicPartitions}`;
  const isThere = await findings.ask(`create ${topic}`, create, `${own}; or ${acl("Create", topic)}`);
  if (!isThere) return;
  try {
    const write = async () => {
      await withProducer((producer) => producer.send({ topic: probe, messages: [{ value: "check" }] }));
      return "in a new topic, which is deleted";
    };
    const isWritten = await findings.ask(`write to ${topic}`, write, acl("Write", topic));
    if (isWritten) {
      const remedy = acl("Read", topic, `${READER}*`);
      await findings.ask(`read from ${topic}`, () => readOnce(admin, probe), remedy);
    } else findings.skip(`read from ${topic}`, "without a message");
  } finally {
    const remove = async () => {
      await admin.deleteTopics({ topics: [probe] });
      return "";
    };
    await remove().catch((error: unknown) =>
      findings.miss(`delete ${probe}`, kafkaReason(error), `kafka-topics.sh --delete --topic ${probe}`),
    );
  }
}

async function withProducer<T>(
  work: (producer: ReturnType<ReturnType<typeof kafkaClient>["producer"]>) => Promise<T>,
): Promise<T> {
  const kafka = kafkaClient(settings.kafkaBrokers, { retries: 1, requestTimeoutMs: 10_000 });
  const producer = kafka.producer({ idempotent: true, allowAutoTopicCreation: false });
  try {
    await producer.connect();
    return await work(producer);
  } catch (error) {
    throw new Error(kafkaReason(error), { cause: error });
  } finally {
    await producer.disconnect();
  }
}

/** Sends a message that Kafka refuses for its size, if the user may write. */
async function refusedTooLarge(topic: string, { maxMessageBytes }: TopicFacts): Promise<string> {
  if (maxMessageBytes === undefined || maxMessageBytes > MAX_PROBE_BYTES)
    return "not tried: the topic's max.message.bytes is unknown or above 32 MiB";
  const value = Buffer.alloc(maxMessageBytes + 1);
  const send = () => withProducer((producer) => producer.send({ topic, acks: -1, messages: [{ value }] }));
  try {
    await send();
  } catch (error) {
    const { type, message } = rootOf(error);
    if (type === "MESSAGE_TOO_LARGE") return "a message that is too large was refused for its size";
    throw new Error(message, { cause: error });
  }
  throw new Error(`expected Kafka to refuse a message of ${value.length} bytes, but it stored it`);
}

function rootOf(error: unknown): Error & { type?: string } {
  let inner = error as Error & { type?: string };
  while (inner.cause instanceof Error) inner = inner.cause;
  return inner;
}

/** Joins a new group, fetches once, and deletes the group. The first group of all takes seconds. */
async function readOnce(admin: Admin, topic: string): Promise<string> {
  const end = performance.now() + READ_LIMIT_MS;
  for (;;) {
    try {
      await joinAndFetch(admin, topic);
      return "joined a group, and fetched";
    } catch (error) {
      const { type, message } = rootOf(error);
      const isLoading = type === "GROUP_LOAD_IN_PROGRESS" || type === "GROUP_COORDINATOR_NOT_AVAILABLE";
      if (!isLoading || performance.now() > end) throw new Error(message, { cause: error });
      await sleep(LOADING_PAUSE_MS);
    }
  }
}

async function joinAndFetch(admin: Admin, topic: string): Promise<void> {
  const groupId = `${READER}${randomBytes(6).toString("hex")}`;
  const consumer = kafkaClient(settings.kafkaBrokers, { retries: PATIENT }).consumer({
    groupId,
    maxWaitTimeInMs: 100,
    allowAutoTopicCreation: false,
    retry: { restartOnFailure: () => Promise.resolve(false) },
  });
  try {
    await consumer.connect();
    await consumer.subscribe({ topics: [topic] });
    await fetchedOnce(consumer);
  } finally {
    await consumer.disconnect();
    await admin.deleteGroups([groupId]).catch(() => {}); // Kafka deletes an empty group by itself
  }
}

function fetchedOnce(consumer: Consumer): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(
      () => reject(new Error(`no answer to a fetch in ${READ_LIMIT_MS / 1000} s`)),
      READ_LIMIT_MS,
    );
    const end = (action: () => void) => {
      clearTimeout(timer);
      action();
    };
    consumer.on(consumer.events.FETCH, () => end(resolve));
    consumer.on(consumer.events.CRASH, ({ payload }) => end(() => reject(payload.error)));
    consumer
      .run({ autoCommit: false, eachBatch: () => Promise.resolve() })
      .catch((error: Error) => end(() => reject(error)));
  });
}

/** The command that gives a right on a topic, and on a group. */
function acl(operation: string, topic: string, group?: string): string {
  const { login } = settings.kafkaAccess;
  const user = login && "user" in login ? login.user : "USER";
  const rights = [`--operation ${operation} --topic ${topic}`];
  if (group !== undefined) {
    const isPrefix = group.endsWith("*");
    const name = isPrefix ? group.slice(0, -1) : group;
    rights.push(`--operation Read --group ${name}${isPrefix ? " --resource-pattern-type prefixed" : ""}`);
  }
  return rights.map((right) => `kafka-acls.sh --add --allow-principal User:${user} ${right}`).join("; ");
}

function loginRemedy(): string {
  const { tls, login } = settings.kafkaAccess;
  const added = [
    tls?.ca === undefined
      ? "QUESTLOG_KAFKA_CA_FILE, if the CA is your own"
      : "that QUESTLOG_KAFKA_CA_FILE has the CA of the brokers' certificates",
    ...(tls ? [] : ["QUESTLOG_KAFKA_TLS=on, if the listener has TLS"]),
    ...(login
      ? ["the user and password or token"]
      : ["QUESTLOG_KAFKA_SASL, if the listener asks for a login"]),
  ];
  return `check QUESTLOG_KAFKA_BROKERS; ${added.join("; ")}`;
}

/**
 * Brokers → kafkajs client, mended, and set so that an absent Kafka is noticed in seconds.
 *
 * From its first answer on, each connection of kafkajs 2.2.4 looks every millisecond for requests
 * that wait for their turn (tulios/kafkajs, issue 1704): 900 wake-ups a second of a stream that has
 * nothing to do, and on Node 24 a warning of a negative time-out. Here it looks only while a
 * request waits; a request that has to wait starts the looking by itself.
 *
 * kafkajs logs every attempt as a line of JSON; that is off. The callers tell an operator what
 * matters, one line for each change of state.
 */
import kafkajs, { type Admin, Kafka, logLevel } from "kafkajs";
import { createRequire } from "node:module";

export { Partitioners } from "kafkajs";
export type { Admin, Consumer, EachBatchPayload, Kafka, Message, Producer } from "kafkajs";
export const { ConfigResourceTypes } = kafkajs; // Node does not find this name in the CommonJS module

/** How patient a client is. */
export interface Patience {
  clientId?: string;
  retries?: number;
  connectionTimeoutMs?: number;
  requestTimeoutMs?: number;
}

/** Retries (about 3 s) that outlast a broker which is up and has yet to choose its leaders. */
export const PATIENT = 8;

/**
 * Makes a client. By default a request takes 3 s at most. With 3 retries the client gives up within
 * about half a second when no broker listens.
 */
export function kafkaClient(
  brokers: readonly string[],
  { clientId = "questlog", retries = 3, connectionTimeoutMs = 1000, requestTimeoutMs = 3000 }: Patience = {},
): Kafka {
  return new Kafka({
    clientId,
    brokers: [...brokers],
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    retry: { retries, initialRetryTime: 50, maxRetryTime: 500 },
    logLevel: logLevel.NOTHING,
  });
}

/**
 * Runs `work` with an admin client, which is disconnected afterwards.
 * @throws Error that names the brokers and the reason when Kafka does not answer as it should
 */
export async function withAdmin<T>(
  brokers: readonly string[],
  work: (admin: Admin) => Promise<T>,
  patience: Patience = { retries: PATIENT },
): Promise<T> {
  const admin = kafkaClient(brokers, patience).admin();
  try {
    await admin.connect();
    return await work(admin);
  } catch (error) {
    if (!(error instanceof Error) || !error.name.startsWith("KafkaJS")) throw error;
    throw new Error(`Kafka at ${brokers.join(",")}: ${kafkaReason(error)}`, { cause: error });
  } finally {
    await admin.disconnect();
  }
}

/** The reason why Kafka failed, in one line: the innermost cause that kafkajs wrapped. */
export function kafkaReason(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  return inner instanceof Error ? inner.message : String(inner);
}

interface RequestQueue {
  pending: unknown[];
  scheduleCheckPendingRequests: () => void;
}

const queuePath = "kafkajs/src/network/requestQueue/index.js";
const { prototype } = createRequire(import.meta.url)(queuePath) as { prototype: RequestQueue };
const schedule = prototype.scheduleCheckPendingRequests;
prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
  if (this.pending.length > 0) schedule.call(this);
};

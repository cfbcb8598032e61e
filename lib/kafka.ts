/**
 * Brokers → kafkajs client, set so that an absent Kafka is noticed in seconds.
 *
 * kafkajs logs every attempt as a line of JSON; that is off. What an operator must know
 * is said by the callers, one line a change of state.
 */
import { Kafka, logLevel } from "./kafkajs.ts";

/**
 * A client whose single request takes 3 s at most. With its 3 retries it gives up within about half a
 * second when nobody listens; 8 (about 3 s) outlast a broker that is up and has yet to choose its leaders.
 */
export function kafkaClient(brokers: string[], retries = 3): Kafka {
  return new Kafka({
    clientId: "questlog",
    brokers,
    connectionTimeout: 1000,
    requestTimeout: 3000,
    retry: { retries, initialRetryTime: 50, maxRetryTime: 500 },
    logLevel: logLevel.NOTHING,
  });
}

/** What is wrong with Kafka, in one line: the innermost cause that kafkajs wrapped. */
export function kafkaReason(error: unknown): string {
  let inner = error;
  while (inner instanceof Error && inner.cause instanceof Error) inner = inner.cause;
  return inner instanceof Error ? inner.message : String(inner);
}

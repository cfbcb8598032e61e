/**
 * Brokers → kafkajs client with a fault mended, which notices an absent Kafka within seconds.
 *
 * From its first answer on, each connection of kafkajs 2.2.4 checks every millisecond for waiting
 * requests (tulios/kafkajs, issue 1704). That costs an idle stream 900 wake-ups a second, and on
 * Node 24 it warns of a negative time-out. Here a connection checks only while a request waits; a
 * request that has to wait starts the checks by itself.
 *
 * kafkajs would log every attempt as a line of JSON; that is off. The callers log one line for each
 * change of state.
 */
import "./kafka-codecs.ts"; // before kafkajs
import kafkajs, { type Admin, Kafka, logLevel } from "kafkajs";
import { createRequire } from "node:module";
import { connect } from "node:net";

export { Partitioners } from "kafkajs";
export type { Admin, Consumer, EachBatchPayload, Kafka, Message, Producer } from "kafkajs";
export const { ConfigResourceTypes } = kafkajs; // Node does not find it by its name in CommonJS

/** The number of retries and the time limits of a client. */
export interface Patience {
  clientId?: string;
  retries?: number;
  connectionTimeoutMs?: number;
  requestTimeoutMs?: number;
}

const KEEP_ALIVE_MS = 60_000; // as kafkajs's own sockets

/** Retries for about 3 s, so that a broker that has just started can choose its leaders. */
export const PATIENT = 8;

/**
 * Makes a client. By default a request takes 3 s at most. With 3 retries the client gives up after
 * about half a second if no broker listens.
 */
export function kafkaClient(
  brokers: readonly string[],
  { clientId = "questlog", retries = 3, connectionTimeoutMs = 1000, requestTimeoutMs = 3000 }: Patience = {},
): Kafka {
  return new Kafka({
    clientId,
    brokers: brokers.map(hideColons),
    socketFactory: ({ host, port, onConnect }) =>
      connect({ host: showColons(host), port }, onConnect).setKeepAlive(true, KEEP_ALIVE_MS),
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    retry: { retries, initialRetryTime: 50, maxRetryTime: 500 },
    logLevel: logLevel.NOTHING,
  });
}

/** kafkajs ends a host at its first ":". So "[::1]:9092" gets to the socket as "[__1]". */
function hideColons(broker: string): string {
  return broker.replace(/^\[.*\]/, (address) => address.replaceAll(":", "_"));
}

function showColons(host: string): string {
  return /^\[.*\]$/.test(host) ? host.slice(1, -1).replaceAll("_", ":") : host;
}

/**
 * Runs `work` with an admin client, and disconnects the client afterwards.
 * @throws Error with the brokers and the reason if Kafka fails or does not answer
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

/** The reason of a failure in one line: the innermost cause that kafkajs wrapped. */
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

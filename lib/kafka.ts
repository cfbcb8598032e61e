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
import "./kafka-encoding.ts"; // before kafkajs, like the next one
import "./kafka-codecs.ts";
import type { KafkaAccess, KafkaLogin, Tls } from "./cluster-settings.ts";
import kafkajs, {
  type Admin,
  type ISocketFactory,
  Kafka,
  logLevel,
  type Mechanism,
  type SASLOptions,
} from "kafkajs";
import { createRequire } from "node:module";
import { connect, isIP, type Socket } from "node:net";
import type { Secret } from "./secret.ts";
import { settings } from "./settings.ts";
import { connect as connectTls } from "node:tls";

export { Partitioners } from "kafkajs";
export type { Admin, Consumer, EachBatchPayload, Kafka, Message, Producer } from "kafkajs";
export const { ConfigResourceTypes } = kafkajs; // Node does not find it by its name in CommonJS

/** The number of retries and the time limits of a client. */
export interface Patience {
  clientId?: string;
  retries?: number;
  connectionTimeoutMs?: number;
  requestTimeoutMs?: number;
  access?: KafkaAccess; // default: the settings
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
  {
    clientId = "questlog",
    retries = 3,
    requestTimeoutMs = 3000,
    access: { tls, login } = settings.kafkaAccess,
    connectionTimeoutMs = tls ? 3000 : 1000, // with TLS, its handshake is a part
  }: Patience = {},
): Kafka {
  return new Kafka({
    clientId,
    brokers: brokers.map(hideColons),
    ssl: tls !== undefined,
    ...(login && { sasl: saslOf(login) }),
    socketFactory: socketsOf(tls),
    connectionTimeout: connectionTimeoutMs,
    requestTimeout: requestTimeoutMs,
    retry: { retries, initialRetryTime: 50, maxRetryTime: 500 },
    logLevel: logLevel.NOTHING,
  });
}

function socketsOf(tls: Tls | undefined): ISocketFactory {
  return ({ host, port, onConnect }) =>
    connectBroker({ host: showColons(host), port }, tls, onConnect).setKeepAlive(true, KEEP_ALIVE_MS);
}

/** A connection to a broker, with TLS or without; `onConnect` is called when it is usable. */
export function connectBroker(
  { host, port }: { host: string; port: number },
  tls: Tls | undefined,
  onConnect: () => void,
): Socket {
  if (tls === undefined) return connect({ host, port }, onConnect);
  return connectTls({ host, port, ...tls, ...(!isIP(host) && { servername: host }) }, onConnect);
}

/** kafkajs reads the properties at each login. So the secrets are read anew, by getters. */
function saslOf(login: KafkaLogin): SASLOptions | Mechanism {
  const { mechanism } = login;
  if (mechanism === "oauthbearer") return bearerLogin(login.token);
  return {
    mechanism,
    username: login.user,
    get password() {
      return login.password.read();
    },
  } as SASLOptions;
}

/**
 * kafkajs takes a refused token for a login: the broker answers with its reason, as JSON, and only
 * then ends the connection.
 */
function bearerLogin(token: Secret): Mechanism {
  const authenticate = async (saslAuthenticate: Parameters<Provider>[0]["saslAuthenticate"]) => {
    const message = Buffer.from(`n,,\u0001auth=Bearer ${token.read()}\u0001\u0001`);
    const size = Buffer.alloc(4);
    size.writeInt32BE(message.length);
    const request = { encode: () => Buffer.concat([size, message]) };
    const response = { decode: (bytes: Buffer) => bytes.subarray(4), parse: (bytes: Buffer) => bytes };
    const reason = (await saslAuthenticate({ request, response }))?.toString("utf8") ?? "";
    if (reason !== "")
      throw new kafkajs.KafkaJSNonRetriableError(`SASL OAUTHBEARER authentication failed: ${reason}`);
  };
  return {
    mechanism: "oauthbearer",
    authenticationProvider: ({ saslAuthenticate }) => ({
      authenticate: () => authenticate(saslAuthenticate),
    }),
  };
}

type Provider = Mechanism["authenticationProvider"];

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

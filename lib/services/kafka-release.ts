/**
 * A Kafka broker → its release, such as "4.1".
 *
 * No answer of a broker contains its version. But each release has another newest
 * `metadata.version`, and the answer to ApiVersions contains that number from version 3 on. kafkajs
 * asks for version 2 at most, so this module sends the request itself. A broker answers it before
 * any login. No answer contains the third number of a version (4.1.0).
 */
import { once } from "node:events";
import type { Tls } from "../cluster-settings.ts";
import { connectBroker } from "../kafka.ts";
import { settings } from "../settings.ts";

const ANSWER_LIMIT_MS = 5_000;
const API_VERSIONS = 18;
const FEATURE = "metadata.version";
const SUPPORTED_FEATURES = 0; // a tag of the answer

/** Newest `metadata.version` → release, from 3.7 on. Kafka never uses a number twice. */
const RELEASES: Record<number, string> = {
  19: "3.7",
  20: "3.8",
  21: "3.9",
  25: "4.0",
  27: "4.1",
  29: "4.2",
  30: "4.3",
};

/** Asks the broker at `address` ("localhost:9092"). */
export async function askKafkaRelease(
  address: string,
  tls: Tls | undefined = settings.kafkaAccess.tls,
): Promise<string> {
  const level = newestMetadataVersion(await askApiVersions(address, tls));
  return RELEASES[level] ?? `unknown (metadata.version ${level})`;
}

async function askApiVersions(address: string, tls: Tls | undefined): Promise<Buffer> {
  const { hostname, port } = new URL(`tcp://${address}`); // an IPv6 host is in brackets
  const place = { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) };
  const socket = connectBroker(place, tls, () => socket.emit("usable"));
  try {
    socket.setTimeout(ANSWER_LIMIT_MS, () =>
      socket.destroy(
        new Error(`ApiVersions: expected an answer within ${ANSWER_LIMIT_MS / 1000} s, got none`),
      ),
    );
    await once(socket, "usable");
    socket.write(apiVersionsRequest());
    let reply = Buffer.alloc(0);
    for await (const chunk of socket) {
      reply = Buffer.concat([reply, chunk as Buffer]);
      if (reply.length >= 4 && reply.length >= 4 + reply.readUInt32BE(0)) return reply.subarray(4);
    }
    throw new Error("ApiVersions: expected an answer, got the end of the connection");
  } finally {
    socket.destroy();
  }
}

/**
 * A request of version 3: a header with key, version, correlation id, no client id and no tags;
 * then the client's name and version.
 */
function apiVersionsRequest(): Buffer {
  const header = Buffer.alloc(11);
  header.writeInt16BE(API_VERSIONS, 0);
  header.writeInt16BE(3, 2);
  header.writeInt16BE(-1, 8);
  const text = (value: string) => Buffer.concat([Buffer.from([value.length + 1]), Buffer.from(value)]);
  const request = Buffer.concat([header, text("questlog"), text("1"), Buffer.from([0])]);
  const size = Buffer.alloc(4);
  size.writeUInt32BE(request.length);
  return Buffer.concat([size, request]);
}

/**
 * Parses the answer: correlation id, error, array of APIs, throttle time, tags with the features.
 */
function newestMetadataVersion(answer: Buffer): number {
  let at = 4;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 35; shift += 7) {
      const byte = answer.readUInt8(at++);
      value |= (byte & 0x7f) << shift;
      if (byte < 0x80) break;
    }
    return value;
  };
  const error = answer.readInt16BE(at);
  if (error !== 0) throw new Error(`ApiVersions: expected error code 0, got ${error}`);
  at += 2;
  for (let apis = varint() - 1; apis > 0; apis--) {
    at += 6; // key, oldest and newest version
    skipTags();
  }
  at += 4; // throttle time
  for (let tags = varint(); tags > 0; tags--) {
    const tag = varint();
    const end = varint() + at;
    if (tag === SUPPORTED_FEATURES) {
      for (let features = varint() - 1; features > 0; features--) {
        const length = varint() - 1;
        const name = answer.toString("utf8", at, at + length);
        const newest = answer.readInt16BE(at + length + 2);
        at += length + 4;
        skipTags();
        if (name === FEATURE) return newest;
      }
    }
    at = end;
  }
  throw new Error(`ApiVersions: expected the feature ${FEATURE}, got other features only`);

  function skipTags(): void {
    for (let tags = varint(); tags > 0; tags--) {
      varint();
      const length = varint();
      at += length;
    }
  }
}

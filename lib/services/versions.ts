/**
 * A service → the version in its own answer.
 *
 * Only the running service knows its version: an older checkout may have started the stack, or the
 * stack may belong to another project.
 */
import { settings } from "../settings.ts";
import { askKafkaRelease } from "./kafka-release.ts";
import { trinoLogin } from "../trino-login.ts";
import { WebHdfs } from "../webhdfs.ts";
import { ANSWER_LIMIT_MS, getJson } from "./get-json.ts";
import { getVersion } from "../hive-metastore.ts";

/** Kafka: its release without the third number. */
export async function askKafkaVersion(): Promise<string> {
  return askKafkaRelease(settings.kafkaBrokers[0]!);
}

export async function askNamenodeVersion(): Promise<string> {
  return (await nameNodeInfo()).SoftwareVersion;
}

/**
 * DataNodes: their versions as the NameNode reports them; different versions are joined by "and".
 */
export async function askDatanodeVersion(): Promise<string> {
  const nodes = JSON.parse((await nameNodeInfo()).LiveNodes) as Record<string, { version: string }>;
  const versions = new Set(Object.values(nodes).map(({ version }) => version));
  if (versions.size === 0) throw new Error("the NameNode has no live DataNode");
  return [...versions].sort().join(" and ");
}

export async function askMetastoreVersion(): Promise<string> {
  return getVersion();
}

export async function askTrinoVersion(): Promise<string> {
  const info = await getJson<{ nodeVersion: { version: string } }>(`${settings.trinoUrl}/v1/info`, {
    headers: trinoLogin(),
    ca: settings.trinoAccess.ca,
  });
  return info.nodeVersion.version;
}

export async function askApiVersion(): Promise<string> {
  return ownVersion(settings.apiUrl);
}

export async function askStreamVersion(): Promise<string> {
  return ownVersion(settings.streamUrl);
}

/** Whether `answered` is the version `pinned`; Kafka's answer lacks the third number. */
export function isPinned(answered: string, pinned: string): boolean {
  return answered === pinned || pinned.startsWith(`${answered}.`);
}

async function ownVersion(url: string): Promise<string> {
  const { version } = await getJson<{ version?: string }>(`${url}/health`);
  if (version === undefined) throw new Error("/health: expected a version, got none");
  return version;
}

async function nameNodeInfo(): Promise<{ SoftwareVersion: string; LiveNodes: string }> {
  const hdfs = new WebHdfs({ attempts: 1, limitMs: ANSWER_LIMIT_MS });
  try {
    const info = await hdfs.bean("NameNodeInfo");
    if (typeof info.SoftwareVersion !== "string")
      throw new Error("the NameNode does not report its state yet");
    return info as { SoftwareVersion: string; LiveNodes: string };
  } finally {
    hdfs.close();
  }
}

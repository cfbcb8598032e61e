/**
 * Settings of Kafka and HDFS → the options of Java's Kafka client, and the access of webhdfs.py.
 *
 * Secrets go to Spark's driver on its stdin, never as arguments. They are read once, at the start.
 */
import type { HdfsAccess, KafkaAccess } from "../cluster-settings.ts";
import { SettingError } from "../setting-values.ts";
import type { Settings } from "../settings.ts";

const LOGIN_MODULES = {
  plain: "org.apache.kafka.common.security.plain.PlainLoginModule",
  "scram-sha-256": "org.apache.kafka.common.security.scram.ScramLoginModule",
  "scram-sha-512": "org.apache.kafka.common.security.scram.ScramLoginModule",
};

/** @throws SettingError for a login that the engine spark does not have */
export function kafkaOptions(
  brokers: readonly string[],
  { tls, login }: KafkaAccess,
): Record<string, string> {
  const protocol = `${login ? "SASL_" : ""}${tls ? "SSL" : "PLAINTEXT"}`;
  return {
    "bootstrap.servers": brokers.join(","),
    "security.protocol": protocol,
    ...(tls?.ca !== undefined && { "ssl.truststore.type": "PEM", "ssl.truststore.certificates": tls.ca }),
    ...(tls?.cert !== undefined && {
      "ssl.keystore.type": "PEM",
      "ssl.keystore.certificate.chain": tls.cert,
      "ssl.keystore.key": tls.key!,
    }),
    ...(login && loginOptions(login)),
  };
}

function loginOptions(login: NonNullable<KafkaAccess["login"]>): Record<string, string> {
  if (login.mechanism === "oauthbearer")
    throw new SettingError(
      "QUESTLOG_KAFKA_SASL: expected plain or scram for the engine spark, got oauthbearer",
    );
  const { mechanism, user, password } = login;
  const quoted = (text: string) => `"${text.replace(/["\\]/g, "\\$&")}"`;
  return {
    "sasl.mechanism": mechanism.toUpperCase(),
    "sasl.jaas.config": `${LOGIN_MODULES[mechanism]} required username=${quoted(user)} password=${quoted(password.read())};`,
  };
}

/** @throws SettingError for a login that the engine spark does not have */
export function hdfsOptions({
  webhdfsUrls: urls,
  hdfsUser: user,
  datanodeHost,
  hdfsAccess,
}: Pick<Settings, "webhdfsUrls" | "hdfsUser" | "datanodeHost" | "hdfsAccess">) {
  const { ca, password, token, kerberos }: HdfsAccess = hdfsAccess;
  if (kerberos)
    throw new SettingError(
      "QUESTLOG_WEBHDFS_KERBEROS: expected off for the engine spark: give it a delegation token (QUESTLOG_WEBHDFS_TOKEN_FILE)",
    );
  return {
    urls,
    user,
    datanode_host: datanodeHost ?? null,
    ca: ca ?? null,
    password: password?.read() ?? null,
    token: token?.read() ?? null,
  };
}

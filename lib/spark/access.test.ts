// Options for Java's Kafka client and for Python's WebHDFS; the servers' side is tested elsewhere.
import assert from "node:assert/strict";
import { Secret } from "../secret.ts";
import { hdfsOptions, kafkaOptions } from "./access.ts";

const tls = { ca: "CA", cert: "CERT", key: "KEY" };
const noTls = { tls: undefined, login: undefined };

describe("kafkaOptions(brokers, access)", () => {
  it("is a plain connection without a login and TLS", () => {
    assert.deepEqual(kafkaOptions(["a:1", "b:2"], noTls), {
      "bootstrap.servers": "a:1,b:2",
      "security.protocol": "PLAINTEXT",
    });
  });

  it("passes own CA, client certificate and login, with the password in quotes of Java", () => {
    const login = { mechanism: "scram-sha-512" as const, user: "ana", password: Secret.of('a"b\\c') };
    const options = kafkaOptions(["a:1"], { tls, login });
    assert.equal(options["security.protocol"], "SASL_SSL");
    assert.equal(options["ssl.truststore.certificates"], "CA");
    assert.equal(options["ssl.keystore.certificate.chain"], "CERT");
    assert.equal(options["ssl.keystore.key"], "KEY");
    assert.equal(options["sasl.mechanism"], "SCRAM-SHA-512");
    assert.equal(
      options["sasl.jaas.config"],
      'org.apache.kafka.common.security.scram.ScramLoginModule required username="ana" password="a\\"b\\\\c";',
    );
  });

  it("refuses oauthbearer in one sentence", () => {
    const login = { mechanism: "oauthbearer" as const, token: Secret.of("t") };
    assert.throws(
      () => kafkaOptions(["a:1"], { ...noTls, login }),
      /^SettingError: QUESTLOG_KAFKA_SASL: expected plain or scram/,
    );
  });
});

describe("hdfsOptions(settings)", () => {
  const access = { ca: undefined, password: undefined, token: undefined, kerberos: false };
  const given = { webhdfsUrls: ["https://a:1"], hdfsUser: "ana", datanodeHost: undefined };

  it("passes CA, password and token", () => {
    const hdfsAccess = { ...access, ca: "CA", password: Secret.of("p"), token: Secret.of("t") };
    assert.deepEqual(hdfsOptions({ ...given, hdfsAccess }), {
      urls: ["https://a:1"],
      user: "ana",
      datanode_host: null,
      ca: "CA",
      password: "p",
      token: "t",
    });
  });

  it("refuses Kerberos, and names the way with a token", () => {
    const hdfsAccess = { ...access, kerberos: true };
    assert.throws(
      () => hdfsOptions({ ...given, hdfsAccess }),
      /give it a delegation token \(QUESTLOG_WEBHDFS_TOKEN_FILE\)/,
    );
  });
});

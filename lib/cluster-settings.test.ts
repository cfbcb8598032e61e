import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { inspect } from "node:util";
import { readSettings } from "./settings.ts";

const GIVEN = {
  QUESTLOG_KAFKA_BROKERS: "kafka:9093",
  QUESTLOG_WEBHDFS_URL: "https://a:9871,https://b:9871/",
  QUESTLOG_TRINO_URL: "https://trino:8443",
};
const PASSWORD = "pass-c4nary";

describe("readSettings(env): a given cluster", () => {
  const folder = join(tmpdir(), `questlog-${randomUUID()}`);
  const file = (name: string, text: string): string => {
    writeFileSync(join(folder, name), text);
    return join(folder, name);
  };
  before(() => mkdirSync(folder));
  after(() => rmSync(folder, { recursive: true }));

  it("has no TLS and no login by default", () => {
    const { kafkaAccess, hdfsAccess, hdfsUser, trinoAccess, catalog, metastore } = readSettings({});
    assert.deepEqual(kafkaAccess, { tls: undefined, login: undefined });
    assert.deepEqual(Object.values(hdfsAccess), [undefined, undefined, undefined, false]);
    assert.deepEqual([hdfsUser, trinoAccess.user, catalog], ["questlog", "questlog", "hive"]);
    assert.deepEqual(metastore, { host: "127.0.0.1", port: 9083 });
    assert.equal(readSettings(GIVEN).metastore, undefined, "that of a given Trino has no known address");
  });

  it("reads several NameNodes, and a metastore's address", () => {
    const { webhdfsUrls, webhdfsUrl, metastore } = readSettings({
      ...GIVEN,
      QUESTLOG_METASTORE: "[::1]:9083",
    });
    assert.deepEqual(webhdfsUrls, ["https://a:9871", "https://b:9871"]);
    assert.equal(webhdfsUrl, "https://a:9871");
    assert.deepEqual(metastore, { host: "::1", port: 9083 });
  });

  it("reads a secret's file at each use", () => {
    const path = file("renewed", "first\n");
    const { trinoAccess } = readSettings({ ...GIVEN, QUESTLOG_TRINO_TOKEN_FILE: path });
    assert.equal(trinoAccess.token?.read(), "first");
    file("renewed", "second");
    assert.equal(trinoAccess.token?.read(), "second");
    file("renewed", " \n");
    assert.throws(() => trinoAccess.token?.read(), /^Error: QUESTLOG_TRINO_TOKEN_FILE: expected a file with/);
  });

  it("shows no secret, however the settings are printed", () => {
    const settings = readSettings({
      ...GIVEN,
      QUESTLOG_KAFKA_SASL: "plain",
      QUESTLOG_KAFKA_USER: "ann",
      QUESTLOG_KAFKA_PASSWORD: PASSWORD,
      QUESTLOG_WEBHDFS_TOKEN: PASSWORD,
      QUESTLOG_TRINO_PASSWORD: PASSWORD,
    });
    const { login } = settings.kafkaAccess;
    assert.equal(login && "password" in login && login.password.read(), PASSWORD);
    const { password } = settings.trinoAccess;
    for (const text of [
      JSON.stringify(settings),
      inspect(settings, { depth: 9, showHidden: true }),
      String(password),
    ])
      assert.ok(!text.includes(PASSWORD), text);
  });

  it("turns TLS on by a CA's file, and names the roles of the catalog and of others", () => {
    const ca = "-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n";
    const { kafkaAccess, trinoAccess } = readSettings({
      ...GIVEN,
      QUESTLOG_KAFKA_CA_FILE: file("ca.pem", ca),
      QUESTLOG_TRINO_CATALOG: "lake",
      QUESTLOG_TRINO_ROLE: "writer, system=ALL",
    });
    assert.deepEqual(kafkaAccess.tls, { ca, cert: undefined, key: undefined });
    assert.equal(trinoAccess.roles, "lake=ROLE{writer},system=ALL");
  });

  // Each wrong value is one sentence, which begins with the setting's name.
  const login = { QUESTLOG_KAFKA_SASL: "plain", QUESTLOG_KAFKA_USER: "ann" };
  const refusals: [problem: string, env: NodeJS.ProcessEnv, message: RegExp][] = [
    ...["KAFKA_TLS", "KAFKA_SASL", "KAFKA_USER", "KAFKA_PASSWORD", "KAFKA_TOKEN_FILE"].map(
      (name) =>
        [
          `${name} without brokers`,
          { [`QUESTLOG_${name}`]: "on" },
          /expected QUESTLOG_KAFKA_BROKERS too/,
        ] as [string, NodeJS.ProcessEnv, RegExp],
    ),
    ["a DataNode's host without HDFS", { QUESTLOG_DATANODE_HOST: "x" }, /expected QUESTLOG_WEBHDFS_URL too/],
    ["an HDFS user without HDFS", { QUESTLOG_HDFS_USER: "ann" }, /expected QUESTLOG_WEBHDFS_URL too/],
    ["a catalog without Trino", { QUESTLOG_TRINO_CATALOG: "lake" }, /expected QUESTLOG_TRINO_URL too/],
    ["a metastore without Trino", { QUESTLOG_METASTORE: "m:9083" }, /expected QUESTLOG_TRINO_URL too/],
    ["two metastores", { ...GIVEN, QUESTLOG_METASTORE: "m:1,n:1" }, /expected one HOST:PORT, got "m:1,n:1"/],
    [
      "another switch",
      { ...GIVEN, QUESTLOG_KAFKA_TLS: "yes" },
      /^QUESTLOG_KAFKA_TLS: expected on or off, got/,
    ],
    [
      "another mechanism",
      { ...GIVEN, QUESTLOG_KAFKA_SASL: "gssapi" },
      /expected one of plain, .*got "gssapi"/,
    ],
    ["a user alone", { ...GIVEN, QUESTLOG_KAFKA_USER: "ann" }, /^QUESTLOG_KAFKA_SASL: expected one of plain/],
    ["a mechanism without a password", { ...GIVEN, ...login }, /expected QUESTLOG_KAFKA_USER and .*_FILE$/],
    [
      "a token of a mechanism with a password",
      { ...GIVEN, ...login, QUESTLOG_KAFKA_PASSWORD: PASSWORD, QUESTLOG_KAFKA_TOKEN: PASSWORD },
      /^QUESTLOG_KAFKA_SASL=plain: expected/,
    ],
    [
      "oauthbearer without a token",
      { ...GIVEN, QUESTLOG_KAFKA_SASL: "oauthbearer" },
      /expected .*TOKEN_FILE$/,
    ],
    [
      "a certificate's missing file",
      { ...GIVEN, QUESTLOG_KAFKA_CA_FILE: "/no.pem" },
      /got "\/no.pem" \(ENOENT\)/,
    ],
    [
      "a file that is no PEM",
      { ...GIVEN, QUESTLOG_TRINO_CA_FILE: "package.json" },
      /expected a PEM file with a c/,
    ],
    [
      "a secret in two places",
      { ...GIVEN, ...login, QUESTLOG_KAFKA_PASSWORD: PASSWORD, QUESTLOG_KAFKA_PASSWORD_FILE: "f" },
      /^QUESTLOG_KAFKA_PASSWORD: expected it or QUESTLOG_KAFKA_PASSWORD_FILE, got both$/,
    ],
    ["a secret's missing file", { ...GIVEN, QUESTLOG_TRINO_PASSWORD_FILE: "/no" }, /got "\/no" \(ENOENT\)/],
    ["a secret's folder", { ...GIVEN, QUESTLOG_TRINO_PASSWORD_FILE: "lib" }, /\(EISDIR\)/],
    [
      "a secret of several lines",
      { ...GIVEN, QUESTLOG_TRINO_PASSWORD_FILE: "package.json" },
      /one line, got sev/,
    ],
    [
      "two logins of Trino",
      { ...GIVEN, QUESTLOG_TRINO_PASSWORD: PASSWORD, QUESTLOG_TRINO_TOKEN: PASSWORD },
      /^QUESTLOG_TRINO_PASSWORD: expected it or QUESTLOG_TRINO_TOKEN, got both$/,
    ],
    [
      "two logins of HDFS",
      { ...GIVEN, QUESTLOG_WEBHDFS_TOKEN: PASSWORD, QUESTLOG_WEBHDFS_KERBEROS: "on" },
      /expected one of password, token and Kerberos/,
    ],
    [
      "a password that would go to Trino in the clear",
      { QUESTLOG_TRINO_URL: "http://trino:8080", QUESTLOG_TRINO_PASSWORD: PASSWORD },
      /^QUESTLOG_TRINO_PASSWORD: expected https in QUESTLOG_TRINO_URL/,
    ],
    [
      "a password that would go to one NameNode in the clear",
      { QUESTLOG_WEBHDFS_URL: "https://a:1,http://b:1", QUESTLOG_WEBHDFS_PASSWORD: PASSWORD },
      /^QUESTLOG_WEBHDFS_PASSWORD: expected https in QUESTLOG_WEBHDFS_URL/,
    ],
    [
      "a password in a URL",
      { QUESTLOG_TRINO_URL: `https://ann:${PASSWORD}@trino` },
      /^QUESTLOG_TRINO_URL: expected a URL without a user and password/,
    ],
    ["a role with spaces", { ...GIVEN, QUESTLOG_TRINO_ROLE: "a b" }, /expected ROLE, or CATALOG=ROLE.*"a b"/],
    ["a user with a colon", { ...GIVEN, QUESTLOG_TRINO_USER: "a:b" }, /got "a:b"/],
  ];
  for (const [problem, env, expected] of refusals)
    it(`refuses ${problem}`, () => {
      assert.throws(
        () => readSettings(env),
        ({ message }: Error) =>
          expected.test(message) && !message.includes(PASSWORD) && !message.includes("\n"),
      );
    });
});

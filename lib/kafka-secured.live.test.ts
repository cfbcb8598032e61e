import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import type { KafkaAccess, KafkaLogin } from "./cluster-settings.ts";
import { ConfigResourceTypes, withAdmin } from "./kafka.ts";
import { Secret } from "./secret.ts";
import { askKafkaRelease } from "./services/kafka-release.ts";
import { settings } from "./settings.ts";
import { Child } from "./testbed/child.ts";
import { freePort } from "./testbed/free-port.ts";
import { SecuredBroker, unsignedToken } from "./testbed/secured-broker.ts";
import { until } from "./until.ts";

describe("a broker with TLS, logins and rights", function () {
  this.timeout(180_000);
  const broker = new SecuredBroker(join(settings.home, `secured-${randomUUID().slice(0, 8)}`));
  before(() => broker.start());
  after(() => broker.stop());

  const connect = (address: string, access: KafkaAccess) =>
    withAdmin([address], (admin) => admin.describeCluster(), { access, retries: 0 });
  const withCa = () => ({ ca: broker.pem("ca"), cert: undefined, key: undefined });
  const loginBy = (mechanism: string, password = broker.password): KafkaLogin =>
    mechanism === "oauthbearer"
      ? { mechanism, token: Secret.of(password === "wrong" ? "a.b.c" : unsignedToken(broker.user, 3600)) }
      : { mechanism: mechanism as "plain", user: broker.user, password: Secret.of(password) };

  for (const mechanism of ["plain", "scram-sha-256", "scram-sha-512", "oauthbearer"]) {
    it(`takes a login by ${mechanism}`, async () => {
      const cluster = await connect(broker.login, { tls: withCa(), login: loginBy(mechanism) });
      assert.equal(cluster.brokers.length, 1);
    });

    it(`refuses a wrong one by ${mechanism}, with the broker's reason and without the secret`, async () => {
      const access = { tls: withCa(), login: loginBy(mechanism, "wrong") };
      await assert.rejects(connect(broker.login, access), ({ message }: Error) => {
        return (
          /^Kafka at 127\.0\.0\.1:\d+: .*(uthentication|token|invalid)/i.test(message) &&
          !message.includes("wrong")
        );
      });
    });
  }

  it("reads a token's file again at each login", async () => {
    const file = join(broker.home, "token");
    writeFileSync(file, unsignedToken(broker.user, -3600));
    const login: KafkaLogin = {
      mechanism: "oauthbearer",
      token: Secret.inFile("QUESTLOG_KAFKA_TOKEN_FILE", file),
    };
    await assert.rejects(connect(broker.login, { tls: withCa(), login }));
    writeFileSync(file, unsignedToken(broker.user, 3600));
    await connect(broker.login, { tls: withCa(), login });
  });

  it("takes a client's certificate, and nobody without one", async () => {
    const pem = broker.pem("server");
    await connect(broker.cert, { tls: { ...withCa(), cert: pem, key: pem }, login: undefined });
    await assert.rejects(connect(broker.cert, { tls: withCa(), login: undefined }));
  });

  it("is refused if its authority is unknown", async () => {
    const tls = { ca: undefined, cert: undefined, key: undefined };
    await assert.rejects(connect(broker.login, { tls, login: loginBy("plain") }), /certificate/);
  });

  it("tells its release through TLS, before a login and behind a client's certificate", async () => {
    assert.match(await askKafkaRelease(broker.login, withCa()), /^4\.\d$/);
    const pem = broker.pem("server");
    assert.match(await askKafkaRelease(broker.cert, { ...withCa(), cert: pem, key: pem }), /^4\.\d$/);
  });

  const topic = "secured";
  const access = { tls: undefined, login: undefined };
  const given = () => ({
    QUESTLOG_KAFKA_BROKERS: broker.login,
    QUESTLOG_KAFKA_CA_FILE: broker.key("ca"),
    QUESTLOG_KAFKA_SASL: "scram-sha-512",
    QUESTLOG_KAFKA_USER: broker.user,
    QUESTLOG_KAFKA_PASSWORD_FILE: broker.key("password"),
    QUESTLOG_TOPIC: topic,
    QUESTLOG_FAILED_TOPIC: `${topic}_failed`,
  });

  it("is told with the missing rights, and is ready when the user has them", async () => {
    const env = { ...process.env, ...given() };
    const check = async () => {
      const options = { env, cwd: settings.root, quiet: true, nothrow: true };
      const { stdout } = await $(options)`${process.execPath} scripts/check.ts --cluster --json`;
      const { findings } = JSON.parse(stdout) as {
        findings: { service: string; need: string; state: string; detail: string; remedy: string }[];
      };
      return findings.filter(({ service }) => service === "kafka");
    };
    const without = await check();
    const create = without.find(({ need }) => need === `create ${topic}`);
    assert.equal(create?.state, "missing", JSON.stringify(without));
    assert.match(
      create.remedy,
      /kafka-acls\.sh --add --allow-principal User:ann --operation Create --topic secured/,
    );
    await withAdmin(
      [broker.admin],
      async (admin) => {
        const topics = [topic, `${topic}_failed`].map((one) => ({ topic: one, numPartitions: 3 }));
        await admin.createTopics({ topics });
        const given = {
          principal: `User:${broker.user}`,
          host: "*",
          permissionType: 3,
          resourcePatternType: 4,
        };
        const rights = [
          { resourceType: 2, resourceName: topic, operation: 2 }, // topic, all
          { resourceType: 3, resourceName: "questlog_", operation: 2 }, // group, all
        ];
        await admin.createAcls({ acl: rights.map((right) => ({ ...given, ...right })) });
      },
      { access },
    );
    const withRights = await check();
    assert.deepEqual(
      withRights.filter(({ state }) => state !== "works"),
      [],
    );
    assert.match(withRights[0]!.detail, /^1 broker, Kafka 4\.\d, TLS, scram-sha-512$/);
  });

  it("is told at the start of API and stream if its topic demands more replicas than it has", async () => {
    const configEntries = [{ name: "min.insync.replicas", value: "2" }];
    await withAdmin(
      [broker.admin],
      (admin) =>
        admin.alterConfigs({
          validateOnly: false,
          resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configEntries }],
        }),
      { access },
    );
    const problem =
      "topic secured: expected min.insync.replicas of at most 1, as the topic has replicas, got 2: Kafka refuses each event";
    for (const name of ["api", "stream"]) {
      const [api, stream] = await Promise.all([freePort(), freePort()]);
      const home = join(broker.home, name);
      const child = new Child(name, {
        env: {
          ...given(),
          QUESTLOG_HOME: home,
          QUESTLOG_HISTORY: join(home, "history"),
          QUESTLOG_API_PORT: String(api),
          QUESTLOG_STREAM_PORT: String(stream),
        },
      });
      child.ready().catch(() => {}); // without HDFS the stream is not
      try {
        const isTold = () => child.output.includes(problem) || undefined;
        await until(`${name} tells the problem`, isTold, { limitMs: 30_000 });
      } catch (error) {
        throw new Error(`${(error as Error).message}\n${child.output}`, { cause: error });
      } finally {
        await child.signal("SIGTERM");
      }
    }
  });
});

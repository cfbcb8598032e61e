/**
 * One broker that asks for a login, by each way that Kafka knows but Kerberos.
 *
 * Listeners: LOGIN has TLS and all SASL mechanisms, CERT has TLS and asks for a client certificate,
 * ADMIN has neither, and its users have all rights. Other users have the rights that ACLs give.
 */
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { startProcess, stopProcess } from "../services/process.ts";
import { HOST } from "../settings.ts";
import { withAdmin } from "../kafka.ts";
import { until } from "../until.ts";
import { freePort } from "./free-port.ts";
import { KEY_FILES, makeKeys } from "./cluster-keys.ts";
import { javaCommand, propertiesText, runJava } from "./java-program.ts";

const USER = "ann";
const NAME = "broker";
// Characters that SCRAM, Java's logins, properties, shells or files of settings read otherwise.
const OTHERWISE_READ = "=3D '$x${y}\\u0041;#%{}&<>é日";
const READY_LIMIT_MS = 120_000;
const SECURITY = "org.apache.kafka.common.security";
const PLAIN_ACCESS = { tls: undefined, login: undefined };

export class SecuredBroker {
  readonly home: string;
  readonly user = USER;
  password = "";
  login = ""; // addresses of the listeners
  cert = "";
  admin = "";

  constructor(home: string) {
    this.home = home;
  }

  /** The path of one of the keys. */
  key(name: keyof typeof KEY_FILES): string {
    return join(this.home, "keys", KEY_FILES[name]);
  }

  pem(name: keyof typeof KEY_FILES): string {
    return readFileSync(this.key(name), "utf8");
  }

  /** Resolves when the broker answers on its listener ADMIN. */
  async start(): Promise<void> {
    mkdirSync(this.home, { recursive: true });
    this.password = await makeKeys(join(this.home, "keys"), USER, OTHERWISE_READ);
    const [login, cert, admin, controller] = await Promise.all([
      freePort(),
      freePort(),
      freePort(),
      freePort(),
    ]);
    [this.login, this.cert, this.admin] = [`${HOST}:${login}`, `${HOST}:${cert}`, `${HOST}:${admin}`];
    const conf = join(this.home, "server.properties");
    writeFileSync(conf, propertiesText(this.#config(`${HOST}:${controller}`)));
    const java = { home: this.home, set: "kafka", heapMb: 160 } as const;
    const users = ["SCRAM-SHA-256", "SCRAM-SHA-512"].flatMap((mechanism) => [
      "--add-scram",
      `${mechanism}=[name=${USER},password=${this.password}]`,
    ]);
    const id = "cXVlc3Rsb2ctc2VjdXJlZA"; // any 16 bytes in base64
    const args = ["format", "--standalone", "-t", id, "-c", conf, ...users];
    await runJava({ ...java, name: "format", main: "kafka.tools.StorageTool", args });
    const command = await javaCommand({ ...java, name: NAME, main: "kafka.Kafka", args: [conf] });
    await startProcess(this.home, NAME, command);
    const ask = () => withAdmin([this.admin], (one) => one.listTopics(), { access: PLAIN_ACCESS });
    await until("the broker answers", ask, { limitMs: READY_LIMIT_MS, everyMs: 250 });
  }

  async stop(): Promise<void> {
    await stopProcess(this.home, NAME, { graceMs: 0 });
    rmSync(this.home, { recursive: true, force: true });
  }

  #config(controller: string): Record<string, string | number | boolean> {
    const listeners = `LOGIN://${this.login},CERT://${this.cert},ADMIN://${this.admin}`;
    const quoted = this.password.replace(/[\\"]/g, "\\$&");
    const pair = `user_${USER}="${quoted}"`;
    return {
      "process.roles": "broker,controller",
      "node.id": 1,
      "controller.quorum.bootstrap.servers": controller,
      listeners: `${listeners},CONTROLLER://${controller}`,
      "advertised.listeners": listeners,
      "listener.security.protocol.map": "LOGIN:SASL_SSL,CERT:SSL,ADMIN:PLAINTEXT,CONTROLLER:PLAINTEXT",
      "inter.broker.listener.name": "ADMIN",
      "controller.listener.names": "CONTROLLER",
      "authorizer.class.name": "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
      "super.users": "User:ANONYMOUS",
      "sasl.enabled.mechanisms": "PLAIN,SCRAM-SHA-256,SCRAM-SHA-512,OAUTHBEARER",
      "listener.name.login.plain.sasl.jaas.config": `${SECURITY}.plain.PlainLoginModule required ${pair};`,
      "listener.name.login.scram-sha-256.sasl.jaas.config": `${SECURITY}.scram.ScramLoginModule required;`,
      "listener.name.login.scram-sha-512.sasl.jaas.config": `${SECURITY}.scram.ScramLoginModule required;`,
      "listener.name.login.oauthbearer.sasl.jaas.config": `${SECURITY}.oauthbearer.OAuthBearerLoginModule required;`,
      "ssl.keystore.type": "PEM",
      "ssl.keystore.location": this.key("server"),
      "ssl.truststore.type": "PEM",
      "ssl.truststore.location": this.key("ca"),
      "listener.name.cert.ssl.client.auth": "required",
      "log.dirs": join(this.home, "data"),
      "auto.create.topics.enable": false,
      "default.replication.factor": 1,
      "offsets.topic.replication.factor": 1,
      "offsets.topic.num.partitions": 1,
      "transaction.state.log.replication.factor": 1,
      "transaction.state.log.min.isr": 1,
      "group.initial.rebalance.delay.ms": 0,
      "log.cleaner.dedupe.buffer.size": 4_194_304,
    };
  }
}

/** A token of OAUTHBEARER without a signature: a broker of tests takes it. */
export function unsignedToken(subject: string, lifeSeconds: number): string {
  const now = Math.floor(Date.now() / 1000);
  const part = (value: object) => Buffer.from(JSON.stringify(value)).toString("base64url");
  return `${part({ alg: "none" })}.${part({ sub: subject, iat: now, exp: now + lifeSeconds })}.`;
}

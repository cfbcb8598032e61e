/**
 * Environment → access to a given cluster: TLS, users, passwords, tokens, roles.
 *
 * A setting here needs the endpoint that it belongs to: our own servers have no passwords. A secret
 * is in X, or in the file that X_FILE names. Its object is read at each login.
 */
import { readText, Secret } from "./secret.ts";
import { pathOf, type Variables } from "./setting-values.ts";

/** TLS of one service. Undefined CA: those that Node trusts. */
export interface Tls {
  ca: string | undefined; // PEM
  cert: string | undefined; // PEM, of the client
  key: string | undefined; // PEM, of the client
}

export const SASL_MECHANISMS = ["plain", "scram-sha-256", "scram-sha-512", "oauthbearer"] as const;

export type KafkaLogin =
  | { mechanism: "plain" | "scram-sha-256" | "scram-sha-512"; user: string; password: Secret }
  | { mechanism: "oauthbearer"; token: Secret };

export interface KafkaAccess {
  tls: Tls | undefined;
  login: KafkaLogin | undefined;
}

export interface HdfsAccess {
  ca: string | undefined; // PEM
  password: Secret | undefined; // basic auth
  token: Secret | undefined; // delegation token
  kerberos: boolean; // SPNEGO
}

export interface TrinoAccess {
  user: string;
  ca: string | undefined; // PEM
  password: Secret | undefined;
  token: Secret | undefined; // JWT
  roles: string | undefined; // value of X-Trino-Role
}

/** The address of a Hive metastore. */
export interface MetastoreAddress {
  host: string;
  port: number;
}

const NAME = /^[^\s,:@/\\'"]+$/;
const USER_NAME = "a name without spaces, commas, colons, quotes, @ and slashes";

/** Reads the settings of one service, whose endpoint is the setting `endpoint`. */
class ServiceVariables {
  readonly #variables: Variables;
  readonly #root: string;
  readonly #endpoint: string;

  constructor(variables: Variables, root: string, endpoint: string) {
    this.#variables = variables;
    this.#root = root;
    this.#endpoint = endpoint;
  }

  /** @throws Error if the setting has a value and its endpoint has none */
  text(name: string): string | undefined {
    const text = this.#variables.text(name);
    if (text !== undefined && this.#variables.text(this.#endpoint) === undefined)
      throw new Error(`${name}: expected ${this.#endpoint} too: it is for a cluster that is given`);
    return text;
  }

  matching(name: string, fallback: string, pattern: RegExp, expected: string): string {
    const text = this.text(name) ?? fallback;
    if (pattern.test(text)) return text;
    throw new Error(`${name}: expected ${expected}, got "${text}"`);
  }

  isOn(name: string): boolean {
    const text = this.text(name);
    if (text === undefined || text === "off") return false;
    if (text === "on") return true;
    throw new Error(`${name}: expected on or off, got "${text}"`);
  }

  /** The text of the file that a setting names, in PEM. */
  pem(name: string, kind: "CERTIFICATE" | "PRIVATE KEY"): string | undefined {
    const file = this.text(name);
    if (file === undefined) return undefined;
    const text = readText(name, pathOf(this.#root, file));
    if (new RegExp(`-----BEGIN (\\w+ )*${kind}-----`).test(text)) return text;
    throw new Error(`${name}: expected a PEM file with a ${kind.toLowerCase()}, got "${file}"`);
  }

  /** @throws Error if the secret has two places, or its file cannot be read */
  secret(name: string): Secret | undefined {
    const [text, file] = [this.text(name), this.text(`${name}_FILE`)];
    if (text !== undefined && file !== undefined)
      throw new Error(`${name}: expected it or ${name}_FILE, got both`);
    if (text !== undefined) return Secret.of(text);
    if (file === undefined) return undefined;
    const secret = Secret.inFile(`${name}_FILE`, pathOf(this.#root, file));
    secret.read(); // refuses a missing file
    return secret;
  }
}

export function readKafkaAccess(variables: Variables, root: string): KafkaAccess {
  const own = new ServiceVariables(variables, root, "QUESTLOG_KAFKA_BROKERS");
  const tls = {
    ca: own.pem("QUESTLOG_KAFKA_CA_FILE", "CERTIFICATE"),
    cert: own.pem("QUESTLOG_KAFKA_CERT_FILE", "CERTIFICATE"),
    key: own.pem("QUESTLOG_KAFKA_KEY_FILE", "PRIVATE KEY"),
  };
  if ((tls.cert === undefined) !== (tls.key === undefined))
    throw new Error("QUESTLOG_KAFKA_CERT_FILE: expected it together with QUESTLOG_KAFKA_KEY_FILE, got one");
  const hasTls = own.isOn("QUESTLOG_KAFKA_TLS") || tls.ca !== undefined || tls.cert !== undefined;
  return { tls: hasTls ? tls : undefined, login: readKafkaLogin(own) };
}

function readKafkaLogin(own: ServiceVariables): KafkaLogin | undefined {
  const SASL = "QUESTLOG_KAFKA_SASL";
  const mechanism = own.text(SASL);
  const user = own.text("QUESTLOG_KAFKA_USER");
  const password = own.secret("QUESTLOG_KAFKA_PASSWORD");
  const token = own.secret("QUESTLOG_KAFKA_TOKEN");
  if (mechanism === undefined) {
    if (user !== undefined || password !== undefined || token !== undefined)
      throw new Error(
        `${SASL}: expected one of ${SASL_MECHANISMS.join(", ")} with a user or token, got none`,
      );
    return undefined;
  }
  switch (mechanism) {
    case "plain":
    case "scram-sha-256":
    case "scram-sha-512":
      if (user === undefined || password === undefined || token !== undefined)
        throw new Error(
          `${SASL}=${mechanism}: expected QUESTLOG_KAFKA_USER and QUESTLOG_KAFKA_PASSWORD_FILE`,
        );
      return { mechanism, user, password };
    case "oauthbearer":
      if (token === undefined || password !== undefined)
        throw new Error(`${SASL}=${mechanism}: expected QUESTLOG_KAFKA_TOKEN_FILE`);
      return { mechanism, token };
    default:
      throw new Error(`${SASL}: expected one of ${SASL_MECHANISMS.join(", ")}, got "${mechanism}"`);
  }
}

export function readHdfsAccess(
  variables: Variables,
  root: string,
  urls: readonly string[],
): HdfsAccess & { user: string } {
  const own = new ServiceVariables(variables, root, "QUESTLOG_WEBHDFS_URL");
  const access = {
    user: own.matching("QUESTLOG_HDFS_USER", "questlog", NAME, USER_NAME),
    ca: own.pem("QUESTLOG_WEBHDFS_CA_FILE", "CERTIFICATE"),
    password: own.secret("QUESTLOG_WEBHDFS_PASSWORD"),
    token: own.secret("QUESTLOG_WEBHDFS_TOKEN"),
    kerberos: own.isOn("QUESTLOG_WEBHDFS_KERBEROS"),
  };
  const ways = [access.password, access.token, access.kerberos || undefined];
  if (ways.filter((way) => way !== undefined).length > 1)
    throw new Error(
      "QUESTLOG_WEBHDFS_PASSWORD: expected one of password, token and Kerberos (QUESTLOG_WEBHDFS_…), got several",
    );
  if (access.password) requireHttps("QUESTLOG_WEBHDFS_PASSWORD", "QUESTLOG_WEBHDFS_URL", urls);
  return access;
}

export function readTrinoAccess(
  variables: Variables,
  root: string,
  { url, catalog }: { url: string; catalog: string },
): TrinoAccess {
  const own = new ServiceVariables(variables, root, "QUESTLOG_TRINO_URL");
  const access = {
    user: own.matching("QUESTLOG_TRINO_USER", "questlog", /^[^\s:]+$/, "a name without spaces and colons"),
    ca: own.pem("QUESTLOG_TRINO_CA_FILE", "CERTIFICATE"),
    password: own.secret("QUESTLOG_TRINO_PASSWORD"),
    token: own.secret("QUESTLOG_TRINO_TOKEN"),
    roles: readRoles(own, catalog),
  };
  if (access.password && access.token)
    throw new Error("QUESTLOG_TRINO_PASSWORD: expected it or QUESTLOG_TRINO_TOKEN, got both");
  for (const [name, secret] of [
    ["QUESTLOG_TRINO_PASSWORD", access.password],
    ["QUESTLOG_TRINO_TOKEN", access.token],
  ] as const)
    if (secret) requireHttps(name, "QUESTLOG_TRINO_URL", [url]);
  return access;
}

/** The catalog of a given Trino; our own has one. */
export function readCatalog(variables: Variables, root: string): string {
  const own = new ServiceVariables(variables, root, "QUESTLOG_TRINO_URL");
  return own.matching("QUESTLOG_TRINO_CATALOG", "hive", /^[a-z0-9_-]+$/, "a name of a-z, 0-9, _ and -");
}

/** The metastore of a given Trino; undefined without the setting. */
export function readMetastore(variables: Variables, root: string): MetastoreAddress | undefined {
  const own = new ServiceVariables(variables, root, "QUESTLOG_TRINO_URL");
  const text = own.text("QUESTLOG_METASTORE");
  if (text === undefined) return undefined;
  const [address, ...others] = variables.brokers("QUESTLOG_METASTORE", text);
  if (others.length > 0) throw new Error(`QUESTLOG_METASTORE: expected one HOST:PORT, got "${text}"`);
  const { hostname, port } = new URL(`tcp://${address}`);
  return { host: hostname.replace(/^\[|\]$/g, ""), port: Number(port) };
}

/** `admin` → `hive=ROLE{admin}`. A role of another catalog has its name and "=" before it. */
function readRoles(own: ServiceVariables, catalog: string): string | undefined {
  const text = own.text("QUESTLOG_TRINO_ROLE");
  if (text === undefined) return undefined;
  const roles = text.split(",").map((one) => /^(?:([\w-]+)=)?([\w-]+)$/.exec(one.trim()));
  if (roles.some((role) => role === null))
    throw new Error(
      `QUESTLOG_TRINO_ROLE: expected ROLE, or CATALOG=ROLE, several with commas, got "${text}"`,
    );
  const special = new Set(["ALL", "NONE"]);
  return roles
    .map((role) => {
      const [, of = catalog, name = ""] = role!;
      return `${of}=${special.has(name) ? name : `ROLE{${name}}`}`;
    })
    .join(",");
}

function requireHttps(name: string, endpoint: string, urls: readonly string[]): void {
  if (urls.every((url) => url.startsWith("https:"))) return;
  throw new Error(`${name}: expected https in ${endpoint}: without it others on the way can read the secret`);
}

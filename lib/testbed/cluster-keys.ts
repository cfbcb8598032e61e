/**
 * A folder → the keys of a cluster in it: an authority of its own, one certificate for all servers
 * on 127.0.0.1, and the password of the user `questlog`. All of them are for tests only.
 *
 * The servers of Java read three forms: Kafka and Trino PEM, Hadoop PKCS #12.
 */
import { pbkdf2Sync, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import { HOST } from "../settings.ts";
import { runTool } from "../services/tools.ts";

/** The files of the keys, in one folder. */
export const KEY_FILES = {
  ca: "ca.pem", // the authority's certificate, for clients
  server: "server.pem", // key and certificate
  store: "server.p12", // the same for Hadoop, by the password in `password`
  password: "password", // of the user `questlog`
  users: "users.pbkdf2", // the password file of Trino
} as const;

const DAYS = "30"; // of the certificates
const ROUNDS = 1000; // Trino demands at least so many

/** Makes all keys anew in `folder`; resolves with the password, which has `begin` in front. */
export async function makeKeys(folder: string, user: string, begin = ""): Promise<string> {
  mkdirSync(folder, { recursive: true });
  const password = begin + randomBytes(18).toString("hex");
  writeFileSync(join(folder, KEY_FILES.password), `${password}\n`, { mode: 0o600 });
  writeFileSync(join(folder, KEY_FILES.users), `${user}:${hashOf(password)}\n`);
  const openssl = (...args: string[]) => runTool(`openssl ${args[0]}`, $({ cwd: folder })`openssl ${args}`);
  const make = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", DAYS];
  const authority = ["-subj", "/CN=Questlog test authority", "-keyout", "ca.key", "-out", KEY_FILES.ca];
  await openssl(...make, ...authority);
  const extensions = [
    `subjectAltName=IP:${HOST},DNS:localhost`,
    "basicConstraints=critical,CA:false",
    "extendedKeyUsage=serverAuth,clientAuth",
  ];
  const signed = ["-subj", `/CN=${HOST}`, "-CA", KEY_FILES.ca, "-CAkey", "ca.key"];
  const added = extensions.flatMap((extension) => ["-addext", extension]);
  await openssl(...make, ...signed, ...added, "-keyout", "server.key", "-out", "server.crt");
  const pem = ["server.key", "server.crt"].map((file) => readFileSync(join(folder, file), "utf8"));
  writeFileSync(join(folder, KEY_FILES.server), pem.join(""));
  const pair = ["-name", "server", "-inkey", "server.key", "-in", "server.crt"];
  await openssl(
    "pkcs12",
    "-export",
    ...pair,
    "-passout",
    `file:${KEY_FILES.password}`,
    "-out",
    KEY_FILES.store,
  );
  return password;
}

/** A password in the form "rounds:salt:hash" of Trino's password file. */
function hashOf(password: string): string {
  const salt = randomBytes(16);
  const hash = pbkdf2Sync(password, salt, ROUNDS, 32, "sha1");
  return `${ROUNDS}:${salt.toString("hex")}:${hash.toString("hex")}`;
}

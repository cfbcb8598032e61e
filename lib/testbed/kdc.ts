/**
 * A folder → a Kerberos realm of its own: MIT's KDC on a free port of 127.0.0.1, with principals
 * and their keys.
 *
 * It needs Debian's krb5-kdc, krb5-admin-server and krb5-user. No file outside of the folder is
 * read or written: the programs find theirs by environment variables.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $, which } from "zx";
import { startProcess, stopProcess } from "../services/process.ts";
import { runTool } from "../services/tools.ts";
import { HOST } from "../settings.ts";
import { until } from "../until.ts";
import { freePort } from "./free-port.ts";

export const REALM = "QUESTLOG.TEST";

const NAME = "kdc";
const READY_LIMIT_MS = 20_000;
const PROGRAMS = {
  krb5kdc: "krb5-kdc",
  kdb5_util: "krb5-kdc",
  "kadmin.local": "krb5-admin-server",
  kinit: "krb5-user",
  "krb5-config": "libkrb5-dev", // for the package of Node
};
const PATH = `${process.env.PATH}:/usr/sbin`; // Debian's place of servers

/** The Debian packages that this machine lacks for a KDC and its client in Node. */
export async function missingKdcPackages(): Promise<string[]> {
  const found = await Promise.all(
    Object.entries(PROGRAMS).map(async ([program, name]) =>
      (await which(program, { nothrow: true, path: PATH })) === null ? name : null,
    ),
  );
  return [...new Set(found.filter((name) => name !== null))];
}

export class Kdc {
  readonly home: string;

  constructor(home: string) {
    this.home = home;
  }

  /** The realm's configuration; Java reads it too. */
  get config(): string {
    return join(this.home, "krb5.conf");
  }

  /** The environment of a program that uses the tickets of the cache `name`. */
  environment(name: string): Record<string, string> {
    return {
      KRB5_CONFIG: this.config,
      KRB5_KDC_PROFILE: join(this.home, "kdc.conf"),
      KRB5CCNAME: `FILE:${join(this.home, `tickets-${name}`)}`,
    };
  }

  /** Resolves when the KDC gives tickets. The first principal has to be one of a user. */
  async start(principals: readonly string[]): Promise<void> {
    mkdirSync(this.home, { recursive: true });
    const port = await freePort();
    this.#configure(port);
    await this.#run("kdb5_util", ["create", "-s", "-P", "of this realm of tests"]);
    for (const principal of principals) {
      await this.#run("kadmin.local", ["-q", `addprinc -randkey ${principal}`]);
      await this.#run("kadmin.local", ["-q", `ktadd -k "${this.keytab(principal)}" ${principal}`]);
    }
    const env = { ...process.env, ...this.environment("none"), PATH };
    await startProcess(this.home, NAME, { file: "krb5kdc", args: ["-n"], cwd: this.home, env });
    const first = principals[0]!;
    await until("the KDC gives a ticket", () => this.login(first, "first").then(() => true), {
      limitMs: READY_LIMIT_MS,
    });
  }

  /** The file with a principal's key. */
  keytab(principal: string): string {
    return join(this.home, `${principal.replaceAll("/", "-")}.keytab`);
  }

  /** Puts a ticket of a principal into the cache `name`. */
  async login(principal: string, name: string, lifeSeconds = 3600): Promise<void> {
    const args = ["-l", `${lifeSeconds}s`, "-k", "-t", this.keytab(principal), principal];
    await this.#run("kinit", args, name);
  }

  async stop(): Promise<void> {
    await stopProcess(this.home, NAME, { graceMs: 2_000 });
  }

  async #run(program: string, args: string[], tickets = "none"): Promise<void> {
    const env = { ...process.env, ...this.environment(tickets), PATH };
    await runTool(program, $({ env, cwd: this.home })`${program} ${args}`);
  }

  #configure(port: number): void {
    const client = `[libdefaults]
  default_realm = ${REALM}
  dns_lookup_kdc = false
  dns_canonicalize_hostname = false
  rdns = false
  udp_preference_limit = 1
[realms]
  ${REALM} = {
    kdc = ${HOST}:${port}
  }
`;
    const server = `[kdcdefaults]
  kdc_listen = ""
  kdc_tcp_listen = ${HOST}:${port}
[realms]
  ${REALM} = {
    database_name = ${join(this.home, "principal")}
    key_stash_file = ${join(this.home, "stash")}
    acl_file = ${join(this.home, "acl")}
    supported_enctypes = aes256-cts:normal aes128-cts:normal
  }
[logging]
  kdc = STDERR
`;
    writeFileSync(this.config, client);
    writeFileSync(join(this.home, "kdc.conf"), server);
    writeFileSync(join(this.home, "acl"), "");
  }
}

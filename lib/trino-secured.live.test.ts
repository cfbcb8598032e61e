import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { $ } from "zx";
import type { Finding } from "./cluster-check/finding.ts";
import { settings } from "./settings.ts";
import { SecuredTrino } from "./testbed/secured-trino.ts";

// A Trino and an HDFS play a cluster of others. Nothing answers at the address of Kafka.
describe("a Trino with logins, roles and a catalog that forbids writes", function () {
  this.timeout(180_000);
  const id = randomUUID().slice(0, 8);
  const schema = `game_${id}`;
  const home = join(settings.home, `secured-trino-${id}`);
  const empty = join(settings.home, `no-stack-${id}`); // of a product that starts nothing
  const trino = new SecuredTrino(home, "ann");
  const tokenFile = join(home, "token");
  const nobody = "127.0.0.1:9";
  before(async () => {
    await trino.start();
    await trino.run("CREATE ROLE writer IN lake");
    await trino.run("GRANT writer TO USER ann IN lake");
    await trino.run(
      `CREATE SCHEMA lake.${schema} AUTHORIZATION ROLE writer WITH (location = 'hdfs:///${schema}')`,
    );
  });
  beforeEach(() => writeFileSync(tokenFile, trino.token("ann"), { mode: 0o600 }));
  after(async () => {
    await trino.stop();
    rmSync(empty, { recursive: true, force: true });
  });

  const run = (script: string, args: string[], env: NodeJS.ProcessEnv) => {
    const given = {
      QUESTLOG_KAFKA_BROKERS: nobody,
      QUESTLOG_WEBHDFS_URL: trino.webhdfsUrl,
      QUESTLOG_TRINO_URL: trino.url,
      QUESTLOG_TRINO_CA_FILE: trino.key("ca"),
      QUESTLOG_TRINO_USER: "ann",
      QUESTLOG_TRINO_CATALOG: "lake",
      QUESTLOG_SCHEMA: schema,
      QUESTLOG_HDFS_ROOT: `/${schema}`,
      QUESTLOG_HOME: empty,
    };
    const options = { cwd: settings.root, quiet: true, nothrow: true };
    return $({
      ...options,
      env: { ...process.env, ...given, ...env },
    })`${process.execPath} scripts/${script}.ts ${args}`;
  };
  const byToken = { QUESTLOG_TRINO_TOKEN_FILE: tokenFile };
  const withRole = { ...byToken, QUESTLOG_TRINO_ROLE: "writer" };

  /** The check's findings about Trino that do not work. */
  async function missing(env: NodeJS.ProcessEnv): Promise<Finding[]> {
    const { stdout, stderr } = await run("check", ["--cluster", "--json"], env);
    assert.ok(stdout.startsWith("{"), stdout + stderr);
    const { findings } = JSON.parse(stdout) as { findings: Finding[] };
    const found = findings.filter(({ service }) => service === "trino");
    assert.ok(found.length > 0, stdout);
    return found.filter(({ state }) => state !== "works");
  }

  it("has all that the tables need for a user with a JWT and a role", async () => {
    assert.deepEqual(await missing(withRole), []);
  });

  it("names the role's setting if the user uses no role", async () => {
    const [first] = await missing({ ...byToken, QUESTLOG_TRINO_ROLE: "NONE" });
    assert.equal(first?.need, "create an external table");
    assert.match(first.detail, /Access Denied: Cannot create table/);
    assert.match(first.remedy, /QUESTLOG_TRINO_ROLE/);
  });

  it("is told before anything starts if its catalog forbids writes", async () => {
    const { exitCode, stderr } = await run("up", [], { ...byToken, QUESTLOG_TRINO_CATALOG: "frozen" });
    assert.equal(exitCode, 1, stderr);
    const text = stderr.replace(/\s+/g, " ");
    assert.match(text, /^ ?trino missing create an external table PERMISSION_DENIED: /);
    assert.match(text, /→ .*hive\.security=read-only forbids all writes up: the given cluster lacks this/);
    assert.ok(!existsSync(join(empty, "run")), "no process of ours has started");
  });

  it("forbids a new schema with the same words", async () => {
    const env = { QUESTLOG_TRINO_CATALOG: "frozen", QUESTLOG_SCHEMA: `other_${id}` };
    const [first] = await missing({ ...byToken, ...env });
    assert.equal(first?.need, `create the schema other_${id}`);
    assert.match(first.remedy, /hive\.security=read-only forbids all writes/);
  });

  const passwordFile = () => ({ QUESTLOG_TRINO_PASSWORD_FILE: trino.key("password") });
  const logins: [way: string, env: () => NodeJS.ProcessEnv, problem: RegExp | null][] = [
    ["a JWT", () => byToken, null],
    ["a password and a role", () => ({ ...passwordFile(), QUESTLOG_TRINO_ROLE: "writer" }), null],
    [
      "a JWT that has expired",
      () => {
        writeFileSync(tokenFile, trino.token("ann", -60));
        return byToken;
      },
      /HTTP_401: .*JWT expired .*QUESTLOG_TRINO_TOKEN_FILE log in/,
    ],
    [
      "a JWT of another user",
      () => ({ ...byToken, QUESTLOG_TRINO_USER: "eve" }),
      /Access Denied: User ann cannot impersonate user eve/,
    ],
    [
      "a wrong password",
      () => ({ QUESTLOG_TRINO_PASSWORD: "wrong-c4nary" }),
      /HTTP_401: .*Invalid credentials; .*QUESTLOG_TRINO_PASSWORD_FILE/,
    ],
    [
      "a role that the user does not have",
      () => ({ ...byToken, QUESTLOG_TRINO_ROLE: "nobody" }),
      /Access Denied: Cannot set role nobody/,
    ],
  ];
  for (const [way, env, problem] of logins) {
    it(`${problem === null ? "takes" : "refuses, with the reason and without the secret,"} ${way}`, async () => {
      const { exitCode, stdout, stderr } = await run("query", ["SELECT 41 + 1 AS n"], env());
      assert.equal(exitCode, problem === null ? 0 : 1, stdout + stderr);
      assert.match(stdout + stderr, problem ?? /42/);
      for (const secret of ["c4nary", readFileSync(tokenFile, "utf8"), trino.password])
        assert.ok(!(stdout + stderr).includes(secret), way);
      assert.doesNotMatch(stderr, /\n +at \S+ \(/);
    });
  }
});

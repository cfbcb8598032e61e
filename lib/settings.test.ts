import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { checkParent } from "./setting-values.ts";
import { readSettings } from "./settings.ts";

const TOPIC_NAME = "1 to 249 letters, digits, dots, _ and -";
const FOLDER = "an absolute path without a slash at its end";

describe("readSettings(env)", () => {
  it("has its defaults in an empty environment", () => {
    const { writeKeysFile, rateLimit, recentEvents, retention, retentionSecret } = readSettings({});
    assert.deepEqual(
      [writeKeysFile, rateLimit, recentEvents, retention, retentionSecret],
      [undefined, 0, 0, "", undefined],
    );
  });

  it("reads counts within their limits, and a file from the checkout's root", () => {
    const { root, writeKeysFile, rateLimit, recentEvents } = readSettings({
      QUESTLOG_WRITE_KEYS: "keys",
      QUESTLOG_RATE_LIMIT: "600",
      QUESTLOG_RECENT: "10000",
    });
    assert.deepEqual([writeKeysFile, rateLimit, recentEvents], [join(root, "keys"), 600, 10_000]);
  });

  for (const [variable, value, expected] of [
    ["QUESTLOG_RATE_LIMIT", "many", "a whole number from 0 to 1000000"],
    ["QUESTLOG_RATE_LIMIT", "-1", "a whole number from 0 to 1000000"],
    ["QUESTLOG_RECENT", "10001", "a whole number from 0 to 10000"],
    ["QUESTLOG_API_PORT", "x", "a port from 1 to 65535"],
    ...[
      "kafka",
      "kafka:",
      "kafka:0",
      "kafka:65536",
      "::1:9092",
      "[::x]:9092",
      "http://kafka:9092",
      "a:1,,b:2",
      ",",
    ].map(
      (value) => ["QUESTLOG_KAFKA_BROKERS", value, "HOST:PORT, or several with commas between them"] as const,
    ),
    ...["localhost", "0.0.0.0:5000", "[::1]", "fe80::1%eth0", "256.1.1.1", "*"].map(
      (value) => ["QUESTLOG_LISTEN", value, "an IP address such as 127.0.0.1 or 0.0.0.0"] as const,
    ),
    ...["nginx", "10.0.0.0/33", "::/129", "0.0.0.0/0", "::/0", "10.0.0.0/8/8", "10.0.0.0/255.0.0.0"].map(
      (value) => ["QUESTLOG_TRUSTED_PROXIES", value, "ADDRESS or ADDRESS/BITS"] as const,
    ),
    ...["10.0.0.1,,10.0.0.2", ",", "loopback", "true", "1", "10.0.0.1:80", "fe80::1%eth0", "10.0.0.0/"].map(
      (value) => ["QUESTLOG_TRUSTED_PROXIES", value, "ADDRESS or ADDRESS/BITS"] as const,
    ),
    ...["datanode:9864", "http://datanode", "a b", "::1", "256.1.1.1"].map(
      (value) => ["QUESTLOG_DATANODE_HOST", value, "a host without a port, such as datanode"] as const,
    ),
    ["QUESTLOG_TRINO_URL", "localhost:8080", "a URL such as http://127.0.0.1:8080"],
    ["QUESTLOG_TOPIC", "game events", TOPIC_NAME],
    ["QUESTLOG_TOPIC", "..", TOPIC_NAME],
    ["QUESTLOG_FAILED_TOPIC", "x".repeat(250), TOPIC_NAME],
    ["QUESTLOG_FAILED_TOPIC", "game_events", "another topic than QUESTLOG_TOPIC"],
    ["QUESTLOG_SCHEMA", "Shop", "a name of a-z, 0-9 and _"],
    ["QUESTLOG_HDFS_ROOT", "questlog", FOLDER],
    ["QUESTLOG_HDFS_ROOT", "/questlog/", FOLDER],
    ["QUESTLOG_HDFS_ROOT", "/a/../b", FOLDER],
    ["QUESTLOG_API_PORT", "8080", "another port than QUESTLOG_TRINO_PORT"],
    ["QUESTLOG_TRINO_PORT", "5000", "another port than QUESTLOG_API_PORT"],
    ["QUESTLOG_RETENTION", "player", "player=keep|drop|truncate|hash"],
    ["QUESTLOG_KILL_AT", "staged", "POINT or POINT:N, with POINT one of files_staged"],
  ] as const) {
    it(`refuses ${variable}="${value}"`, () => {
      assert.throws(
        () => readSettings({ [variable]: value }),
        ({ message }: Error) =>
          message.startsWith(`${variable}: expected ${expected}`) && message.includes(`got "${value}"`),
      );
    });
  }

  it("refuses a hash without a secret of 16 characters", () => {
    for (const secret of [{}, { QUESTLOG_RETENTION_SECRET: "fifteen letters" }])
      assert.throws(() => readSettings({ QUESTLOG_RETENTION: "player=hash", ...secret }), {
        message: /^QUESTLOG_RETENTION_SECRET: expected at least 16 characters/,
      });
  });

  it("takes an empty variable for one that is not set", () => {
    const names =
      "LISTEN TRUSTED_PROXIES DATANODE_HOST KAFKA_BROKERS WEBHDFS_URL TRINO_URL API_PORT HOME OUT CACHE HISTORY RECENT CORS RETENTION KILL_AT";
    for (const value of ["", " "]) {
      const settings = names.split(" ").map((name) => [`QUESTLOG_${name}`, value]);
      const env = { ...Object.fromEntries(settings), XDG_CACHE_HOME: "", JAVA_HOME: "" } as NodeJS.ProcessEnv;
      assert.deepEqual({ ...readSettings(env), javaHome: undefined }, readSettings({}));
    }
  });

  it("refuses an empty file of write keys, without which everybody may send", () => {
    assert.throws(() => readSettings({ QUESTLOG_WRITE_KEYS: " " }), {
      message: 'QUESTLOG_WRITE_KEYS: expected a value, got " "; unset it for the default',
    });
  });

  it("reads ~ at the begin of a path as the user's home", () => {
    const names = ["HOME", "OUT", "CACHE", "HISTORY", "WRITE_KEYS"];
    const env = Object.fromEntries(names.map((name) => [`QUESTLOG_${name}`, "~/a ~/b"]));
    const { home, out, cache, historyFile, writeKeysFile } = readSettings(env);
    for (const path of [home, out, cache, historyFile, writeKeysFile])
      assert.equal(path, join(homedir(), "a ~", "b"));
  });

  it("reads a relative folder from the checkout", () => {
    const env = { QUESTLOG_HOME: "h", QUESTLOG_OUT: "o", QUESTLOG_CACHE: "c", QUESTLOG_HISTORY: "f" };
    const { root, home, out, cache, historyFile } = readSettings(env);
    assert.deepEqual(
      [home, out, cache, historyFile],
      ["h", "o", "c", "f"].map((name) => join(root, name)),
    );
  });

  for (const name of ["it's", "100%", "a\nb"])
    it(`refuses the home ${JSON.stringify(name)}, unless HDFS is given`, () => {
      const env = { QUESTLOG_HOME: `/data/${name}` };
      assert.throws(() => readSettings(env), {
        message: `QUESTLOG_HOME: expected a folder without ' and % and control characters, which HDFS cannot use, got "/data/${name}"`,
      });
      assert.equal(readSettings({ ...env, QUESTLOG_WEBHDFS_URL: "http://hdfs:9870" }).home, `/data/${name}`);
    });

  for (const name of ["a:b", "🙂", "a\nb"])
    it(`refuses the cache ${JSON.stringify(name)}, unless all services are given`, () => {
      const env = { QUESTLOG_CACHE: `/data/${name}` };
      assert.throws(() => readSettings(env), {
        message: `QUESTLOG_CACHE: expected a folder without : and emoji and control characters, which Java cannot use, got "/data/${name}"`,
      });
      const urls = { QUESTLOG_WEBHDFS_URL: "http://h:1", QUESTLOG_TRINO_URL: "http://t:1" };
      const given = { ...env, ...urls, QUESTLOG_KAFKA_BROKERS: "k:1" };
      assert.equal(readSettings(given).cache, `/data/${name}`);
    });

  for (const name of [
    "a b (c) [d] {e}",
    "&<>;,$\\#!?*=^`id`",
    "${user.name}",
    "Ü",
    '"',
    "-a",
    "x".repeat(200),
  ])
    it(`accepts the home and the cache ${JSON.stringify(name)}`, () => {
      const { home, cache } = readSettings({ QUESTLOG_HOME: `/${name}`, QUESTLOG_CACHE: `/${name}` });
      assert.deepEqual([home, cache], [`/${name}`, `/${name}`]);
    });

  for (const [text, brokers] of [
    ["[::1]:19092", ["[::1]:19092"]],
    ["a:1, b-c.example:2", ["a:1", "b-c.example:2"]],
    ["a:1,", ["a:1"]],
  ] as const)
    it(`reads the brokers "${text}"`, () => {
      assert.deepEqual(readSettings({ QUESTLOG_KAFKA_BROKERS: text }).kafkaBrokers, brokers);
    });

  for (const [listen, url] of [
    ["0.0.0.0", "http://127.0.0.1:5000"],
    ["::", "http://127.0.0.1:5000"],
    ["192.0.2.1", "http://192.0.2.1:5000"],
    ["::1", "http://[::1]:5000"],
  ] as const)
    it(`asks the API at ${url} if it listens on ${listen}`, () => {
      assert.equal(readSettings({ QUESTLOG_LISTEN: listen }).apiUrl, url);
    });

  it("reads trusted proxies: addresses and networks, with spaces and a comma at the end", () => {
    const text = "10.0.0.7, 192.168.0.0/16,fd00::/8, ::1,";
    const { trustedProxies } = readSettings({ QUESTLOG_TRUSTED_PROXIES: text });
    assert.deepEqual(trustedProxies, ["10.0.0.7", "192.168.0.0/16", "fd00::/8", "::1"]);
  });

  for (const [variable, advice] of [
    ["QUESTLOG_APIPORT", "did you mean QUESTLOG_API_PORT?"],
    ["QUESTLOG_RETENSION", "did you mean QUESTLOG_RETENTION?"],
    ["QUESTLOG_COLOUR_SCHEME", "docs/settings.md lists the settings"],
  ] as const) {
    it(`refuses ${variable}, which is no setting`, () => {
      assert.throws(() => readSettings({ [variable]: "1" }), {
        message: `${variable}: no such setting; ${advice}`,
      });
    });
  }

  it("refuses a history that is a folder", () => {
    const folder = import.meta.dirname;
    assert.throws(() => readSettings({ QUESTLOG_HISTORY: folder }), {
      message: `QUESTLOG_HISTORY: expected a file, got the folder "${folder}"`,
    });
  });

  it("accepts the tests' own variables, and equal ports of a service that is given", () => {
    readSettings({ QUESTLOG_FULL: "1", QUESTLOG_CHROMIUM: "/usr/bin/chromium", QUESTLOG_STREAM_PORT: "0" });
    readSettings({ QUESTLOG_API_PORT: "8080", QUESTLOG_TRINO_URL: "http://trino:8080" });
  });
});

describe("checkParent(name, folder)", () => {
  it("refuses a folder that cannot be made", () => {
    assert.throws(() => checkParent("QUESTLOG_HOME", "/dev/null/home/data"), {
      message:
        'QUESTLOG_HOME: expected a folder that can be made and written, got "/dev/null/home/data" (ENOTDIR)',
    });
  });

  it("makes no folder", () => {
    const folder = join(tmpdir(), randomUUID());
    checkParent("QUESTLOG_HOME", join(folder, "data"));
    assert.equal(existsSync(folder), false);
  });
});

import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadEnvFile, withPlace } from "./env-file.ts";

describe("loadEnvFile(env, root)", () => {
  let root: string;
  beforeEach(() => (root = mkdtempSync(join(tmpdir(), "questlog env "))));
  afterEach(() => rmSync(root, { recursive: true }));

  function load(text: string, env: NodeJS.ProcessEnv = {}) {
    writeFileSync(join(root, "questlog.env"), text);
    const file = loadEnvFile(env, root);
    return { env, file };
  }

  const VALUES: [line: string, value: string][] = [
    ["QUESTLOG_HOME=a", "a"],
    ["  export QUESTLOG_HOME = a b  ", "a b"],
    ['QUESTLOG_HOME="a # b"', "a # b"],
    ["QUESTLOG_HOME='$HOME'", "$HOME"],
    ["QUESTLOG_HOME=a # a comment", "a"],
    ["QUESTLOG_HOME=", ""],
    ["QUESTLOG_HOME= # a comment", ""],
    ["QUESTLOG_HOME=# a comment", ""],
    ["QUESTLOG_HOME='a#b'", "a#b"],
    ["QUESTLOG_HOME=`a#b` # a#b", "a#b"],
    ["QUESTLOG_HOME=a # b#c", "a"],
    ["QUESTLOG_HOME =  'a#b'", "a#b"],
    ["QUESTLOG_HOME=pa$$w\\rd$HOME", "pa$$w\\rd$HOME"],
    ["\uFEFFQUESTLOG_HOME=a\r\n# more\r\n\r\n", "a"],
  ];
  for (const [line, value] of VALUES) {
    it(`reads ${JSON.stringify(line)} as ${JSON.stringify(value)}`, () => {
      assert.deepEqual(load(line).env, { QUESTLOG_HOME: value });
    });
  }

  it("leaves a variable that the environment has", () => {
    const { env, file } = load("QUESTLOG_API_PORT=x\nQUESTLOG_TOPIC=t\nJAVA_HOME=/j", {
      QUESTLOG_API_PORT: "1",
    });
    assert.deepEqual(env, { QUESTLOG_API_PORT: "1", QUESTLOG_TOPIC: "t", JAVA_HOME: "/j" });
    assert.equal(
      withPlace("QUESTLOG_TOPIC: expected", file),
      "questlog.env, line 2: QUESTLOG_TOPIC: expected",
    );
    assert.equal(withPlace("QUESTLOG_API_PORT: expected", file), "QUESTLOG_API_PORT: expected");
  });

  const REFUSED: [text: string, message: RegExp][] = [
    ["# a\nQUESTLOG_HOME a", /^questlog\.env, line 2: expected NAME=VALUE, or a comment after #$/],
    ["QUESTLOG_HOME: a", /^questlog\.env, line 1: expected NAME=VALUE/],
    ["HOME=/x", /^questlog\.env, line 1: HOME: no such setting; docs\/settings\.md lists the settings$/],
    [
      'QUESTLOG_HOME="a\nb"',
      /^questlog\.env, line 1: QUESTLOG_HOME: expected the end of the quotes in this line$/,
    ],
    ["QUESTLOG_HOME=a\n\nQUESTLOG_HOME=a", /line 3: expected QUESTLOG_HOME once, got it in line 1 too$/],
    ["QUESTLOG_KAFKA_PASSWORD=c8#i9", /PASSWORD: expected quotes around a value with #, which begins a/],
    ["QUESTLOG_KAFKA_PASSWORD = #i9", /PASSWORD: expected quotes around a value with #/],
    ["QUESTLOG_ENV=a", /^questlog\.env, line 1: expected QUESTLOG_ENV in the environment only$/],
  ];
  for (const [text, message] of REFUSED) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => load(text), { message }));
  }

  it("reads the file of QUESTLOG_ENV instead, which must be there", () => {
    writeFileSync(join(root, "second.env"), "QUESTLOG_TOPIC=second");
    assert.equal(load("QUESTLOG_TOPIC=first", { QUESTLOG_ENV: "second.env" }).env.QUESTLOG_TOPIC, "second");
    const message = /^QUESTLOG_ENV: expected a file that can be read, got ".*none\.env" \(ENOENT\)$/;
    assert.throws(() => loadEnvFile({ QUESTLOG_ENV: "none.env" }, root), { message });
  });

  it("takes an empty variable for one that is not set", () => {
    assert.equal(load("QUESTLOG_TOPIC=first", { QUESTLOG_ENV: "" }).env.QUESTLOG_TOPIC, "first");
    assert.equal(load("QUESTLOG_TOPIC=first", { QUESTLOG_TOPIC: " " }).env.QUESTLOG_TOPIC, "first");
  });

  it("needs no questlog.env", () => {
    assert.equal(loadEnvFile({}, root).lines.size, 0);
  });
});

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findWriteKey, keyOf, newWriteKey, readWriteKeys } from "./write-keys.ts";

const hash = (key: string) => createHash("sha256").update(key).digest("hex");

describe("readWriteKeys(file), findWriteKey(keys, text)", () => {
  let folder: string;
  let file: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "questlog-keys-"));
    file = join(folder, "keys");
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  function keysOf(...lines: string[]) {
    writeFileSync(file, lines.join("\n"));
    return readWriteKeys(file);
  }

  it("reads names and limits, and finds each by its key alone", () => {
    const keys = keysOf(
      "# who may send",
      "",
      `ann ${hash("a")}`,
      `bob  ${hash("b").toUpperCase()} 60 # slow`,
    );
    assert.deepEqual(
      ["a", "b", "c", "", hash("a")].map((text) => findWriteKey(keys, text)?.name ?? null),
      ["ann", "bob", null, null, null],
    );
    assert.deepEqual(
      keys.map(({ limit }) => limit),
      [null, 60],
    );
  });

  it("finds a new key by its line, which does not contain the key", () => {
    const [ann, bob] = [newWriteKey("ann", null), newWriteKey("bob", 60)];
    const keys = keysOf(ann.line, bob.line);
    assert.equal(findWriteKey(keys, ann.key)?.name, "ann");
    assert.deepEqual([findWriteKey(keys, bob.key)?.name, findWriteKey(keys, bob.key)?.limit], ["bob", 60]);
    assert.match(ann.key, /^questlog_[\w-]{43}$/);
    assert.ok(!ann.line.includes(ann.key.slice(9)));
    assert.notEqual(ann.key, newWriteKey("ann", null).key);
  });

  const KEY = "questlog_abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQ";
  for (const [line, expectation] of [
    ["ann", "expected 2 or 3 words, name sha256-hex [requests-per-minute], got 1"],
    [`ann ${hash("a")} 60 more`, "expected 2 or 3 words, name sha256-hex [requests-per-minute], got 4"],
    [`ann ${KEY}`, `expected 64 hexadecimal digits after the name, got ${KEY.length} characters`],
    [`${KEY}/ ${hash("a")}`, "expected a name of 1 to 64 letters, digits, _, . and -, got 53 characters"],
    [`ann ${hash("a")} 0`, 'expected a limit from 1 to 1000000 requests a minute, got "0"'],
    [
      `ann ${hash("a")} ${KEY}`,
      "expected a limit from 1 to 1000000 requests a minute, got a text of 52 characters",
    ],
    [`zed ${hash("a")}`, "expected a name of its own, got zed again"],
  ] as const) {
    it(`names line 2 and the expectation for "${line}", and shows no key`, () => {
      assert.throws(
        () => keysOf(`zed ${hash("z")}`, line),
        ({ message }: Error) =>
          message.startsWith(`${file}, line 2: ${expectation}`) && !message.includes(KEY),
      );
    });
  }

  it("refuses a file without a key, and a missing file", () => {
    assert.throws(() => keysOf("# none"), /keys: expected at least one key, got none/);
    assert.throws(
      () => readWriteKeys(join(folder, "absent")),
      /absent: expected a file of write keys, got ENOENT; /,
    );
  });
});

describe("keyOf(headers)", () => {
  for (const [headers, key] of [
    [{ authorization: "Bearer abc" }, "abc"],
    [{ authorization: "bearer  abc " }, "abc"],
    [{ "write-key": "abc" }, "abc"],
    [{ authorization: "Basic eHg=", "write-key": "abc" }, "abc"],
    [{ authorization: "Bearer abc", "write-key": "other" }, "abc"],
    [{ authorization: "Bearer a b" }, null],
    [{ authorization: "abc" }, null],
    [{}, null],
  ] as const) {
    it(`is ${key} of ${JSON.stringify(headers)}`, () => assert.equal(keyOf(headers), key));
  }
});

describe("newWriteKey(name, limit)", () => {
  it("refuses a name that no line can have", () => {
    assert.throws(() => newWriteKey("a b", null), /^Error: expected 64 hexadecimal digits after the name/);
    assert.throws(() => newWriteKey("#", null), /^Error: expected a name/);
  });
});

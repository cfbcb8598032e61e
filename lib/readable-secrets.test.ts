import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readableSecrets } from "./readable-secrets.ts";

describe("readableSecrets(env, root)", () => {
  let root: string;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), "questlog-secret-"));
    chmodSync(root, 0o755);
    mkdirSync(join(root, "own"));
  });
  afterEach(() => rmSync(root, { recursive: true }));

  function warnings(name: string, file: string, { mode = 0o644, folder = 0o755 } = {}): string[] {
    writeFileSync(join(root, "own", "secret"), "s");
    chmodSync(join(root, "own", "secret"), mode);
    chmodSync(join(root, "own"), folder);
    return readableSecrets({ [name]: file }, root);
  }

  const NAME = "QUESTLOG_KAFKA_PASSWORD_FILE";
  for (const [kind, name, file, modes, isWarned] of [
    ["a password that all can read", NAME, "own/secret", { mode: 0o644 }, true],
    ["a token that all can read", "QUESTLOG_TRINO_TOKEN_FILE", "own/secret", { mode: 0o604 }, true],
    ["a private key that all can read", "QUESTLOG_KAFKA_KEY_FILE", "own/secret", { mode: 0o644 }, true],
    ["a file of its owner", NAME, "own/secret", { mode: 0o600 }, false],
    ["a file of its group", NAME, "own/secret", { mode: 0o640 }, false],
    ["a file in a folder of its owner", NAME, "own/secret", { folder: 0o700 }, false],
    ["a missing file", NAME, "own/none", {}, false],
    ["an empty setting", NAME, " ", {}, false],
    ["a certificate, which is public", "QUESTLOG_KAFKA_CA_FILE", "own/secret", {}, false],
  ] as const)
    it(`${isWarned ? "warns of" : "has no warning for"} ${kind}`, () => {
      const path = join(root, "own", "secret");
      const warning = `${name}: expected a file that only its owner can read, got "${path}"; chmod 600 mends it`;
      assert.deepEqual(warnings(name, file, modes), isWarned ? [warning] : []);
    });
});

import assert from "node:assert/strict";
import { join } from "node:path";
import { readSettings } from "./settings.ts";

describe("readSettings(env): senders and retention", () => {
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
    ["QUESTLOG_RECENT", "", "a whole number from 0 to 10000"],
    ["QUESTLOG_API_PORT", "x", "a port from 1 to 65535"],
    ["QUESTLOG_KAFKA_BROKERS", "kafka", "HOST:PORT, or several with commas between them"],
    ["QUESTLOG_TRINO_URL", "localhost:8080", "a URL such as http://127.0.0.1:8080"],
  ] as const) {
    it(`refuses ${variable}="${value}"`, () => {
      assert.throws(() => readSettings({ [variable]: value }), {
        message: `${variable}: expected ${expected}, got "${value}"`,
      });
    });
  }
});

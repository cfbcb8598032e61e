import assert from "node:assert/strict";
import { readSettings } from "../settings.ts";
import { measureAge, ownEnvironment } from "./age.bench.ts";

describe("npm run bench -- age", () => {
  it("uses no server, topic or folder of the user's settings", () => {
    const theirs = {
      QUESTLOG_KAFKA_BROKERS: "kafka.example:9092",
      QUESTLOG_WEBHDFS_URL: "http://hdfs.example:9870",
      QUESTLOG_TRINO_URL: "http://trino.example:8080",
      QUESTLOG_TOPIC: "their_events",
      QUESTLOG_HOME: "/their/home",
      QUESTLOG_ENV: "their.env",
    };
    const own = readSettings(ownEnvironment(theirs, "/own/home"));
    assert.deepEqual(own.given, { kafka: false, hdfs: false, trino: false });
    assert.deepEqual([own.topic, own.home, own.out], ["game_events", "/own/home", "/own/home/out"]);
  });

  it("fills no stack that it has not started", async () => {
    await assert.rejects(
      measureAge({ rows: 1_000, days: 1, isShort: true }),
      /^Error: age: expected a stack that npm run bench -- age/,
    );
  });
});

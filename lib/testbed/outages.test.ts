import assert from "node:assert/strict";
import { requireOwnServices } from "./outages.ts";

describe("requireOwnServices(stack)", () => {
  const given = { kafka: false, hdfs: false, trino: false };

  it("lets a drill kill servers that npm run up started", () => {
    requireOwnServices({ given });
  });

  it("refuses to kill services that the environment names, and says which settings to unset", () => {
    assert.throws(
      () => requireOwnServices({ given: { ...given, hdfs: true, trino: true } }),
      /got hdfs, trino from the environment: unset QUESTLOG_KAFKA_BROKERS/,
    );
  });
});

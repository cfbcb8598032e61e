import assert from "node:assert/strict";
import { requireOwnServices } from "./outages.ts";

describe("requireOwnServices(stack)", () => {
  const given = { kafka: false, hdfs: false, trino: false };

  it("lets a drill kill processes that npm run up started", () => {
    requireOwnServices({ given, runtime: "native" });
  });

  it("refuses to kill services that the environment names, and says which settings to unset", () => {
    assert.throws(
      () => requireOwnServices({ given: { ...given, hdfs: true, trino: true }, runtime: "native" }),
      /got hdfs, trino from the environment: unset QUESTLOG_KAFKA_BROKERS/,
    );
  });

  it("refuses to kill containers", () => {
    assert.throws(() => requireOwnServices({ given, runtime: "docker" }), /got runtime docker: npm run down/);
  });
});

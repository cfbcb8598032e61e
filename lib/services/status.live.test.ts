import assert from "node:assert/strict";
import { kafkaClient } from "../kafka.ts";
import { createTopic } from "../topic.ts";
import { HOST, settings } from "../settings.ts";
import { nativeRuntime } from "./native.ts";
import { listeningSocketsOf } from "./ports.ts";
import { findProcess } from "./process.ts";
import { askStream } from "./ready.ts";
import { serverNames, services } from "./services.ts";
import { startServices } from "./start.ts";
import { serviceStatus } from "./status.ts";

// The running stack that `settings` names.
describe("the running services", () => {
  it("all answer their questions", async () => {
    const rows = (await serviceStatus(nativeRuntime)).filter(({ service }) =>
      serverNames.some((name) => name === service),
    );
    assert.deepEqual(
      rows.map(({ service, ready, problem }) => ({ service, ready, problem })),
      serverNames.map((service) => ({ service, ready: true, problem: "" })),
    );
  });

  it("answer with the pinned versions", async () => {
    const rows = (await serviceStatus(nativeRuntime)).filter(({ service }) =>
      serverNames.some((name) => name === service),
    );
    assert.deepEqual(
      rows.map(({ service, version }) => [service, version]),
      services
        .filter(({ name }) => serverNames.some((server) => server === name))
        .map(({ name, version }) => [name, name === "kafka" ? version.replace(/\.\d+$/, "") : version]),
    );
  });

  it("are not ready in another version than the pinned one, and the status names both", async () => {
    const trino = services.find(({ name }) => name === "trino")!;
    const { askVersion } = trino;
    trino.askVersion = () => Promise.resolve("475");
    try {
      const row = (await serviceStatus(nativeRuntime)).find(({ service }) => service === "trino");
      assert.deepEqual([row?.version, row?.ready], ["475", false]);
      assert.match(row?.problem ?? "", /^expected version 476, got 475/);
    } finally {
      trino.askVersion = askVersion;
    }
  });

  it("are still running at a second start, which starts nothing", async () => {
    const shown: string[] = [];
    const rows = await startServices({ names: serverNames, onReady: ({ service }) => shown.push(service) });
    assert.deepEqual(new Set(rows.map(({ state }) => state)), new Set(["running"]));
    assert.deepEqual(shown.sort(), [...serverNames].sort());
  });

  it("listen on the loopback address only, at known and at random ports", function () {
    if (process.platform !== "linux") this.skip();
    for (const { name, ports } of services.filter(({ name }) =>
      serverNames.some((server) => server === name),
    )) {
      const pid = findProcess(settings.home, name)?.pid;
      assert.ok(pid, `${name} has no process`);
      const sockets = listeningSocketsOf(pid);
      assert.deepEqual([...new Set(sockets.map(({ address }) => address))], [HOST], name);
      const missing = ports.filter((port) => !sockets.some((socket) => socket.port === port));
      assert.deepEqual(missing, [], `${name} does not listen on all of its ports`);
    }
  });

  it("are shown as not ready, with the reason, if they do not answer", async () => {
    const kafka = services.find(({ name }) => name === "kafka");
    const away = { ...nativeRuntime, isRunning: () => Promise.resolve(false) };
    const row = (await serviceStatus(away)).find(({ service }) => service === kafka?.name);
    assert.equal(row?.ready, false);
    assert.equal(row.problem, "not running");
  });

  it("do not mistake the Kafka session of a killed stream for a stream", async () => {
    await createTopic();
    const groupIds = [settings.consumerGroup, settings.failedConsumerGroup];
    const members = groupIds.map((groupId) => kafkaClient(settings.kafkaBrokers).consumer({ groupId }));
    try {
      for (const member of members) {
        const joined = new Promise((resolve) => member.on("consumer.group_join", resolve));
        await member.connect();
        await member.subscribe({ topics: [settings.topic] });
        await member.run({ eachMessage: () => Promise.resolve() });
        await joined;
      }
      await assert.rejects(askStream(), /\/ready: /);
    } finally {
      await Promise.all(members.map((member) => member.disconnect()));
    }
  });
});

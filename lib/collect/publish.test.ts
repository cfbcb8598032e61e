import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type AddressInfo } from "node:net";
import { openTopic } from "./publish.js";
import { createTopic } from "./topic.js";

// A port that nobody listens on: one that was free a moment ago.
async function closedPort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return `127.0.0.1:${port}`;
}

describe("openTopic(options) without Kafka", () => {
  it("opens, says so in one line, refuses to publish, and closes", async () => {
    const broker = await closedPort();
    const states: string[] = [];
    const topic = await openTopic({ brokers: [broker], onState: (line) => states.push(line) });
    assert.equal(topic.isHere(), false);
    for (let i = 0; i < 3; i++) {
      await assert.rejects(topic.publish("{}", "player"), {
        name: "Unavailable",
        written: "no",
        message: `Kafka at ${broker} is away: Connection error: connect ECONNREFUSED ${broker}`,
      });
    }
    assert.deepEqual(states, [
      `Kafka at ${broker} is away: Connection error: connect ECONNREFUSED ${broker}`,
    ]);
    await topic.close();
    await assert.rejects(topic.publish("{}", "player"), { message: "shutting down" });
  });
});

describe("createTopic(options) without Kafka", () => {
  it("throws one line that names the broker and the cause", async () => {
    const broker = await closedPort();
    const error = { message: `Kafka at ${broker}: Connection error: connect ECONNREFUSED ${broker}` };
    await assert.rejects(createTopic({ brokers: [broker] }), error);
  });
});

import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { TopicWriter } from "./publish.ts";
import { createTopic } from "../topic.ts";

// A port without a listener: it was free a moment ago.
async function closedPort(): Promise<string> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return `127.0.0.1:${port}`;
}

describe("TopicWriter.open(options) without Kafka", () => {
  let spoolFolder: string;
  let broker: string;
  let states: string[];
  beforeEach(async () => {
    spoolFolder = join(mkdtempSync(join(tmpdir(), "questlog-")), "spool");
    broker = await closedPort();
    states = [];
  });
  afterEach(() => rmSync(dirname(spoolFolder), { recursive: true }));

  const open = (spoolMaxBytes?: number) =>
    TopicWriter.open({
      brokers: [broker],
      topic: "t",
      spoolFolder,
      spoolMaxBytes,
      log: (line) => states.push(line),
    });
  const away = () => `Kafka at ${broker} is away: Connection error: connect ECONNREFUSED ${broker}`;

  it("spools, logs it in one line, and finds its spooled messages when it is opened again", async () => {
    const topic = await open();
    assert.equal(topic.isHere(), false);
    for (const value of ["a", "b", "c"]) assert.equal(await topic.publish(value, "player"), "spool");
    const { messages, full } = topic.spoolState();
    assert.deepEqual([messages, full], [3, false]);
    await topic.close();
    assert.deepEqual(states.slice(0, 2), [away(), `topic t: spooling to ${spoolFolder}`]);
    assert.match(
      states[2] ?? "",
      /^topic t: spooling ended after \d\.\d s: 0 messages went to Kafka, 3 stay in /,
    );
    await assert.rejects(topic.publish("d", "player"), { message: "shutting down" });
    const again = await open();
    assert.equal(await again.publish("d", "player"), "spool");
    assert.equal(again.spoolState().messages, 4);
    await again.close();
    assert.equal(states[4], `topic t: 3 messages wait in ${spoolFolder}`);
  });

  it("refuses with written: no when the spool is full, and accepts a smaller message", async () => {
    const topic = await open(100);
    await assert.rejects(topic.publish("x".repeat(100), "player"), {
      name: "Unavailable",
      written: "no",
      message: `spool ${spoolFolder} is full: 0 of 100 bytes are taken, and 128 more came`,
    });
    assert.equal(topic.spoolState().full, true);
    assert.equal(await topic.publish("x", "player"), "spool");
    assert.equal(topic.spoolState().full, false);
    await topic.close();
  });

  it("leaves no folder when it spooled nothing", async () => {
    await (await open()).close();
    assert.deepEqual(readdirSync(dirname(spoolFolder)), []);
  });
});

describe("createTopic(options) without Kafka", () => {
  it("throws one line that names the broker and the cause", async () => {
    const broker = await closedPort();
    const error = { message: `Kafka at ${broker}: Connection error: connect ECONNREFUSED ${broker}` };
    await assert.rejects(createTopic({ brokers: [broker] }), error);
  });
});

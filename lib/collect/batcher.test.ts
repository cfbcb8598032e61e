import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { gather, type Message, Unavailable, type Way } from "./batcher.ts";

const message = (value: string): Message => ({ key: "k", value });

// Sends wait until the test lets them go, one by one.
describe("gather({ send })", () => {
  let batches: string[][];
  let sends: { acknowledge: () => void; fail: (error: Error) => void }[];
  let kafka: EventEmitter; // emits "send"

  beforeEach(() => {
    [batches, sends, kafka] = [[], [], new EventEmitter()];
  });

  function send(batch: Message[]): Promise<Way> {
    batches.push(batch.map(({ value }) => value));
    return new Promise((resolve, reject) => {
      sends.push({ acknowledge: () => resolve("kafka"), fail: reject });
      kafka.emit("send");
    });
  }

  it("sends a lone message without company", async () => {
    const { publish } = gather({ send });
    const published = publish(message("a"));
    await once(kafka, "send");
    sends[0]?.acknowledge();
    assert.equal(await published, "kafka");
    assert.deepEqual(batches, [["a"]]);
  });

  it("sends together what arrives together, in order, one send at a time", async () => {
    const { publish } = gather({ send });
    const first = ["a", "b"].map((value) => publish(message(value)));
    await once(kafka, "send");
    const second = ["c", "d", "e"].map((value) => publish(message(value)));
    assert.deepEqual(batches, [["a", "b"]]);
    const next = once(kafka, "send");
    sends[0]?.acknowledge();
    await Promise.all(first);
    await next;
    assert.deepEqual(batches, [
      ["a", "b"],
      ["c", "d", "e"],
    ]);
    sends[1]?.acknowledge();
    await Promise.all(second);
  });

  it("rejects those whose send failed, and only those", async () => {
    const { publish } = gather({ send });
    const failing = publish(message("a"));
    await once(kafka, "send");
    const following = publish(message("b"));
    const next = once(kafka, "send");
    sends[0]?.fail(new Unavailable("Kafka is away", "unknown"));
    await assert.rejects(failing, { name: "Unavailable", message: "Kafka is away", written: "unknown" });
    await next;
    sends[1]?.acknowledge();
    await following;
  });

  it("limits a batch by messages and by length", async () => {
    const autoSend = (batch: Message[]) => {
      batches.push(batch.map(({ value }) => value));
      return Promise.resolve<Way>("kafka");
    };
    const byCount = gather({ send: autoSend, maxBatch: 2 });
    await Promise.all(["a", "b", "c"].map((value) => byCount.publish(message(value))));
    const byLength = gather({ send: autoSend, maxBatchLength: 8 });
    await Promise.all(
      ["longer than eight", "dd", "ee", "ff"].map((value) => byLength.publish(message(value))),
    );
    assert.deepEqual(batches, [["a", "b"], ["c"], ["longer than eight"], ["dd", "ee"], ["ff"]]);
  });

  it("refuses what exceeds the queue, as certainly not written", async () => {
    const { publish } = gather({ send, maxQueued: 2 });
    const waiting = [publish(message("a")), publish(message("b"))];
    await assert.rejects(publish(message("c")), { name: "Unavailable", written: "no" });
    await once(kafka, "send");
    sends[0]?.acknowledge();
    await Promise.all(waiting);
  });

  it("refuses while too many characters wait, and takes more when they have gone", async () => {
    const { publish } = gather({ send, maxQueuedLength: 4 });
    const waiting = [publish(message("aa")), publish(message("bb"))];
    await assert.rejects(publish(message("c")), {
      message: "2 messages are waiting for Kafka",
      written: "no",
    });
    await once(kafka, "send");
    const next = publish(message("d"));
    const sent = once(kafka, "send");
    sends[0]?.acknowledge();
    await Promise.all([...waiting, sent]);
    sends[1]?.acknowledge();
    assert.equal(await next, "kafka");
  });

  it("gives a send until the oldest message's deadline", async () => {
    const before = Date.now();
    let deadline = 0;
    const { publish } = gather({
      timeoutMs: 1000,
      send: (_, until) => {
        deadline = until;
        return Promise.resolve<Way>("kafka");
      },
    });
    await publish(message("a"));
    assert.ok(deadline >= before + 1000 && deadline <= Date.now() + 1000);
  });

  it("sends what waits before it has closed, then refuses", async () => {
    const { publish, close } = gather({ send });
    const published = publish(message("a"));
    const closed = close();
    await assert.rejects(publish(message("b")), { message: "shutting down", written: "no" });
    await once(kafka, "send");
    sends[0]?.acknowledge();
    await Promise.all([published, closed]);
    assert.deepEqual(batches, [["a"]]);
  });
});

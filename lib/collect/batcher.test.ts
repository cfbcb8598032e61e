import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { type AcceptedBy, Batcher, type Pending, Unavailable } from "./batcher.ts";

const message = (value: string): Pending => ({ key: "k", value });

// Each send waits until the test ends it.
describe("Batcher", () => {
  let batches: string[][];
  let sends: { acknowledge: () => void; fail: (error: Error) => void }[];
  let kafka: EventEmitter; // emits "send"

  beforeEach(() => {
    batches = [];
    sends = [];
    kafka = new EventEmitter();
  });

  function send(batch: Pending[]): Promise<AcceptedBy> {
    batches.push(batch.map(({ value }) => value));
    return new Promise((resolve, reject) => {
      sends.push({ acknowledge: () => resolve("kafka"), fail: reject });
      kafka.emit("send");
    });
  }

  it("sends a lone message at once", async () => {
    const batcher = new Batcher({ send });
    const published = batcher.publish(message("a"));
    await once(kafka, "send");
    sends[0]?.acknowledge();
    assert.equal(await published, "kafka");
    assert.deepEqual(batches, [["a"]]);
  });

  it("sends messages that arrive together in one batch, in order, one send at a time", async () => {
    const batcher = new Batcher({ send });
    const first = ["a", "b"].map((value) => batcher.publish(message(value)));
    await once(kafka, "send");
    const second = ["c", "d", "e"].map((value) => batcher.publish(message(value)));
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

  it("rejects only the messages whose send failed", async () => {
    const batcher = new Batcher({ send });
    const failing = batcher.publish(message("a"));
    await once(kafka, "send");
    const following = batcher.publish(message("b"));
    const next = once(kafka, "send");
    sends[0]?.fail(new Unavailable("Kafka is away", "unknown"));
    await assert.rejects(failing, { name: "Unavailable", message: "Kafka is away", written: "unknown" });
    await next;
    sends[1]?.acknowledge();
    await following;
  });

  it("limits a batch by messages and by length", async () => {
    const autoSend = (batch: Pending[]) => {
      batches.push(batch.map(({ value }) => value));
      return Promise.resolve<AcceptedBy>("kafka");
    };
    const byCount = new Batcher({ send: autoSend, maxBatch: 2 });
    await Promise.all(["a", "b", "c"].map((value) => byCount.publish(message(value))));
    const byLength = new Batcher({ send: autoSend, maxBatchLength: 8 });
    await Promise.all(
      ["longer than eight", "dd", "ee", "ff"].map((value) => byLength.publish(message(value))),
    );
    assert.deepEqual(batches, [["a", "b"], ["c"], ["longer than eight"], ["dd", "ee"], ["ff"]]);
  });

  it("refuses a message beyond the limit of the queue, with written: no", async () => {
    const batcher = new Batcher({ send, maxQueued: 2 });
    const waiting = [batcher.publish(message("a")), batcher.publish(message("b"))];
    await assert.rejects(batcher.publish(message("c")), { name: "Unavailable", written: "no" });
    await once(kafka, "send");
    sends[0]?.acknowledge();
    await Promise.all(waiting);
  });

  it("refuses while too many characters wait, and accepts again when they are sent", async () => {
    const batcher = new Batcher({ send, maxQueuedLength: 4 });
    const waiting = [batcher.publish(message("aa")), batcher.publish(message("bb"))];
    await assert.rejects(batcher.publish(message("c")), {
      message: "2 messages are waiting for Kafka",
      written: "no",
    });
    await once(kafka, "send");
    const next = batcher.publish(message("d"));
    const sent = once(kafka, "send");
    sends[0]?.acknowledge();
    await Promise.all([...waiting, sent]);
    sends[1]?.acknowledge();
    assert.equal(await next, "kafka");
  });

  it("gives a send until the oldest message's deadline", async () => {
    const before = Date.now();
    let deadline = 0;
    const batcher = new Batcher({
      timeoutMs: 1000,
      send: (_, until) => {
        deadline = until;
        return Promise.resolve<AcceptedBy>("kafka");
      },
    });
    await batcher.publish(message("a"));
    assert.ok(deadline >= before + 1000 && deadline <= Date.now() + 1000);
  });

  it("sends the waiting messages before it has closed, then refuses", async () => {
    const batcher = new Batcher({ send });
    const published = batcher.publish(message("a"));
    const closed = batcher.close();
    await assert.rejects(batcher.publish(message("b")), { message: "shutting down", written: "no" });
    await once(kafka, "send");
    sends[0]?.acknowledge();
    await Promise.all([published, closed]);
    assert.deepEqual(batches, [["a"]]);
  });
});

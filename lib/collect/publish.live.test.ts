import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";
import { HOST, settings } from "../settings.js";
import { kafkaClient } from "./kafka.js";
import { openTopic, type OpenTopic } from "./publish.js";
import { readTopic } from "./topic.js";

const PRODUCE = 0; // Kafka's number for a produce request

// The running Kafka, behind a line that the test can cut. Kafka names its own address to its
// clients; the line puts its own in that place, so that all connections come through it.
class Line {
  port = 0;
  #server: Server;
  #sockets = new Set<Socket>();
  #answersToLose = 0;
  #silent = false;

  constructor() {
    const [host = "", port = ""] = (settings.kafkaBrokers[0] ?? "").split(":");
    const address = (at: number) => {
      const bytes = Buffer.alloc(4);
      bytes.writeInt32BE(at);
      return host + bytes.toString("latin1");
    };
    this.#server = createServer((client) => {
      const broker = connect(Number(port), host);
      let produces = false;
      client.on("data", (bytes) => {
        produces = bytes.length > 6 && bytes.readInt16BE(4) === PRODUCE;
        broker.write(bytes);
      });
      broker.on("data", (bytes) => {
        if (this.#silent) return;
        if (this.#answersToLose > 0 && produces) {
          this.#answersToLose--;
          client.destroy();
        } else {
          const text = bytes.toString("latin1").replaceAll(address(Number(port)), address(this.port));
          client.write(text, "latin1");
        }
      });
      for (const [one, other] of [
        [client, broker],
        [broker, client],
      ] as const) {
        this.#sockets.add(one);
        one.on("error", () => one.destroy());
        one.on("close", () => {
          this.#sockets.delete(one);
          other.destroy();
        });
      }
    });
  }

  async open(): Promise<void> {
    this.#silent = false;
    this.#server.listen(this.port, HOST);
    await once(this.#server, "listening");
    this.port = (this.#server.address() as AddressInfo).port;
  }

  /** Nobody listens any more, and what was connected is cut. */
  async cut(): Promise<void> {
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await once(this.#server, "close");
  }

  /** Kafka gets the next produce requests; their answers are lost with the connection. */
  loseAnswers(count: number): void {
    this.#answersToLose = count;
  }

  /** Kafka gets what is sent; no answer comes back, and the connections stay. */
  silence(): void {
    this.#silent = true;
  }
}

describe("openTopic(options) on a line that fails", () => {
  let topic: string;
  let line: Line;
  let open: OpenTopic;
  let states: string[];
  let changes: EventEmitter;

  beforeEach(async () => {
    [topic, line, states, changes] = [`test_publish_${randomUUID()}`, new Line(), [], new EventEmitter()];
    await line.open();
    open = await openTopic({
      brokers: [`${HOST}:${line.port}`],
      topic,
      onState: (state) => {
        states.push(state);
        changes.emit("change");
      },
    });
    assert.ok(open.isHere());
  });
  afterEach(async () => {
    await open.close();
    await line.cut();
    const admin = kafkaClient(settings.kafkaBrokers).admin();
    await admin.connect();
    await admin.deleteTopics({ topics: [topic] });
    await admin.disconnect();
  });

  async function valuesInTopic(): Promise<(string | null)[]> {
    const values: (string | null)[] = [];
    await readTopic({ topic, onMessage: ({ value }) => void values.push(value) });
    return values;
  }

  it("stores once what is sent again after a lost answer", async () => {
    await open.publish("a", "player");
    line.loseAnswers(1);
    await open.publish("b", "player");
    await open.publish("c", "player");
    assert.deepEqual(await valuesInTopic(), ["a", "b", "c"]);
    assert.deepEqual(states, []);
  });

  it("refuses while Kafka is away, and publishes again when it is back", async () => {
    await open.publish("a", "player");
    await line.cut();
    await assert.rejects(open.publish("lost", "player"), { name: "Unavailable", written: "unknown" });
    assert.equal(open.isHere(), false);
    await assert.rejects(open.publish("refused", "player"), { name: "Unavailable", written: "no" });
    const back = once(changes, "change");
    await line.open();
    await back;
    await open.publish("b", "player");
    assert.deepEqual(await valuesInTopic(), ["a", "b"]);
    assert.equal(states.length, 2);
    assert.match(states[0] ?? "", /^Kafka at 127\.0\.0\.1:\d+ is away: /);
    assert.match(states[1] ?? "", /^Kafka at 127\.0\.0\.1:\d+ is back after \d+\.\d s$/);
  });

  it("acknowledges nothing that is not stored, also after a batch that got no answer at all", async () => {
    await open.publish("a", "player");
    line.loseAnswers(Infinity);
    const back = once(changes, "change").then(() => once(changes, "change"));
    const unanswered = ["b", "c"].map((value) => open.publish(value, "player"));
    for (const publishing of unanswered)
      await assert.rejects(publishing, { name: "Unavailable", written: "unknown" });
    line.loseAnswers(0);
    await back;
    // A batch of the size of the unanswered one: bearing its numbers, Kafka would acknowledge and drop it.
    await Promise.all(["d", "e"].map((value) => open.publish(value, "player")));
    assert.deepEqual(await valuesInTopic(), ["a", "b", "c", "d", "e"]);
  });

  it("gives up when Kafka falls silent", async () => {
    await open.publish("a", "player");
    line.silence();
    const unanswered = ["b", "c"].map((value) => open.publish(value, "player"));
    for (const publishing of unanswered)
      await assert.rejects(publishing, { name: "Unavailable", written: "unknown" });
    await line.cut();
    const back = once(changes, "change");
    await line.open();
    await back;
    // Batches of the size of the lost one: a producer that reused its numbers would have them dropped.
    await Promise.all(["d", "e"].map((value) => open.publish(value, "player")));
    const values = await valuesInTopic();
    assert.deepEqual(
      values.filter((value) => ["a", "d", "e"].includes(value ?? "")),
      ["a", "d", "e"],
    );
  });
});

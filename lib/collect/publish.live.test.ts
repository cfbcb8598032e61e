import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { EventEmitter, once } from "node:events";
import { kafkaAddress, Line } from "../drill/line.js";
import { settings } from "../settings.js";
import { kafkaClient } from "./kafka.js";
import { openTopic, type OpenTopic } from "./publish.js";
import { readTopic } from "./topic.js";

// The running Kafka, behind a line that the test can cut.
describe("openTopic(options) on a line that fails", () => {
  let topic: string;
  let line: Line;
  let open: OpenTopic;
  let states: string[];
  let changes: EventEmitter;

  beforeEach(async () => {
    [topic, line, states, changes] = [
      `test_publish_${randomUUID()}`,
      new Line({ to: settings.kafkaBrokers[0]!, addressed: kafkaAddress }),
      [],
      new EventEmitter(),
    ];
    await line.open();
    open = await openTopic({
      brokers: [line.address],
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

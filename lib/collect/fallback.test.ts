// The real spool in a real folder, and the real batcher. Kafka is a list that takes messages, fails
// and loses answers as the test tells it.
import assert from "node:assert/strict";
import { cpSync, mkdtempSync, renameSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn } from "node:timers/promises";
import fc from "fast-check";
import { type DirectSender, Fallback } from "./fallback.ts";
import { Batcher, type Pending, type AcceptedBy } from "./batcher.ts";
import { Spool } from "./spool.ts";

/** A topic, and each process's sender to it. */
class Topic {
  readonly values: string[] = [];
  here = true;
  answersToLose = 0;
  #comesBack = () => {};
  #whenHere = Promise.resolve();

  goAway(): void {
    if (!this.here) return;
    this.here = false;
    this.#whenHere = new Promise((resolve) => (this.#comesBack = resolve));
  }

  comeBack(): void {
    this.here = true;
    this.#comesBack();
  }

  /** Ends all waits for Kafka. */
  release(): void {
    if (this.here) return;
    this.comeBack();
    this.goAway();
  }

  sender(process: { alive: boolean }): DirectSender {
    return {
      isHere: () => this.here && process.alive,
      whenHere: () => (process.alive ? this.#whenHere : Promise.resolve()),
      send: async (messages: Pending[]) => {
        await turn();
        if (this.here && process.alive) {
          this.values.push(...messages.map(({ value }) => value));
          if (this.answersToLose-- <= 0) return;
          this.goAway();
        }
        throw new Error("no answer");
      },
    };
  }
}

describe("Fallback", () => {
  let folder: string;
  let said: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "questlog-"));
    said = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** A process that publishes to `topic`, until it stops or dies. */
  async function startProcess(topic: Topic, { maxBytes = 1e6, segmentBytes = 1e6 } = {}) {
    const process = { alive: true };
    const log = (line: string) => said.push(line);
    const spool = await Spool.open({ folder, maxBytes, segmentBytes, log });
    const fallback = new Fallback({ spool, kafka: topic.sender(process), name: "topic t", log });
    const send = (batch: Pending[], deadline: number) => fallback.send(batch, deadline);
    const batcher = new Batcher({ send, maxBatch: 3 });
    const stop = async () => {
      await batcher.close();
      await fallback.close();
      await spool.close();
    };
    const die = async () => {
      cpSync(folder, `${folder}-at-death`, { recursive: true });
      process.alive = false; // none of its messages arrive any more
      const ended = [fallback.close(), batcher.close()];
      topic.release();
      await Promise.all(ended);
      await spool.close();
      rmSync(folder, { recursive: true, force: true });
      renameSync(`${folder}-at-death`, folder);
      rmSync(join(folder, "lock"));
    };
    const publish = (value: string): Promise<AcceptedBy> => batcher.publish({ key: "player", value });
    const drained = async () => {
      while (!spool.isEmpty()) await turn();
    };
    return { process, publish, drained, stop, die };
  }

  it("spools while Kafka is away, sends directly again when the spool is empty, and logs both once", async () => {
    const topic = new Topic();
    const { publish, drained, stop } = await startProcess(topic);
    assert.equal(await publish("a"), "kafka");
    topic.goAway();
    assert.deepEqual([await publish("b"), await publish("c")], ["spool", "spool"]);
    topic.comeBack();
    await drained();
    assert.equal(await publish("d"), "kafka");
    assert.deepEqual(topic.values, ["a", "b", "c", "d"]);
    assert.equal(said.length, 2, said.join("\n"));
    assert.equal(said[0], `topic t: spooling to ${folder}`);
    assert.match(said[1]!, /^topic t: spooling ended after \d\.\d s: 2 messages went to Kafka, 0 stay in /);
    await stop();
  });

  it("spools and sends again a batch whose answer was lost", async () => {
    const topic = new Topic();
    const { publish, drained, stop } = await startProcess(topic);
    topic.answersToLose = 1;
    assert.equal(await publish("a"), "spool");
    topic.comeBack();
    await drained();
    assert.deepEqual(topic.values, ["a", "a"]);
    await stop();
  });

  it("rejects with written: unknown a batch that Kafka may have and the full spool refuses", async () => {
    const topic = new Topic();
    const { publish, stop } = await startProcess(topic, { maxBytes: 10 });
    topic.answersToLose = 1;
    await assert.rejects(publish("a"), {
      name: "Unavailable",
      written: "unknown",
      message: /is full: 0 of 10 bytes/,
    });
    await assert.rejects(publish("b"), {
      name: "Unavailable",
      written: "no",
      message: /is full: 0 of 10 bytes/,
    });
    topic.comeBack();
    assert.equal(await publish("c"), "kafka");
    await stop();
  });

  // "publish" does not wait: sends go on while the next steps happen.
  it("loses no accepted message, keeps the order and returns to direct sending, in any history", async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ publish: fc.integer({ min: 1, max: 8 }), turns: fc.nat(12) }) },
      { weight: 2, arbitrary: fc.constantFrom("away", "back") },
      { weight: 1, arbitrary: fc.constantFrom("lose an answer", "die") },
    );
    const histories = fc.array(step, { maxLength: 25 });
    let spooled = 0;
    await fc.assert(
      fc.asyncProperty(histories, fc.integer({ min: 1, max: 300 }), async (steps, segmentBytes) => {
        rmSync(folder, { recursive: true, force: true });
        const topic = new Topic();
        let current = await startProcess(topic, { segmentBytes });
        const accepted: string[] = [];
        const answers: Promise<void>[] = [];
        let count = 0;
        const publish = ({ process, publish }: typeof current, value: string) =>
          publish(value).then(
            (acceptedBy) => {
              if (process.alive) accepted.push(value);
              if (acceptedBy === "spool") spooled++;
            },
            () => {},
          );
        for (const each of steps) {
          if (each === "away") topic.goAway();
          else if (each === "back") topic.comeBack();
          else if (each === "lose an answer") topic.answersToLose = 1;
          else if (each === "die") {
            await current.die();
            current = await startProcess(topic, { segmentBytes });
          } else {
            for (let i = 0; i < each.publish; i++) answers.push(publish(current, String(count++)));
            for (let i = 0; i < each.turns; i++) await turn();
          }
        }
        topic.answersToLose = 0;
        topic.comeBack();
        await Promise.all(answers);
        topic.comeBack(); // the last answer may have been lost
        await current.drained();
        assert.equal(await current.publish(String(count)), "kafka");
        await current.stop();
        const firstTimes = [...new Set(topic.values)];
        assert.deepEqual(
          firstTimes,
          firstTimes.toSorted((a, b) => Number(a) - Number(b)),
        );
        assert.deepEqual(
          accepted.filter((value) => !firstTimes.includes(value)),
          [],
        );
      }),
      { numRuns: 200 },
    );
    assert.ok(spooled > 100, `only ${spooled} messages were spooled in all histories`);
  }).timeout(60_000);
});

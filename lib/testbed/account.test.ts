import assert from "node:assert/strict";
import {
  type Account,
  parseConsumed,
  parseEndOffsets,
  requireAllRead,
  requireKept,
  type ToolOutput,
} from "./account.ts";

const SEPARATOR = "\n--\n";
const LOGGED = "19:08:56.061 [main] ERROR org.apache.kafka.tools.consumer.ConsoleConsumer - Error: \n";
const TIME_OUT = `${LOGGED}org.apache.kafka.common.errors.TimeoutException: null\n`;

describe("requireKept(account)", () => {
  const kept: Account = {
    accepted: 10,
    messages: 12,
    rows: 12,
    given_up: 0,
    lost: 0,
    double: 0,
    unlanded: 0,
    twice_landed: 0,
    doubles_removed: 2,
  };

  it("accepts an account in which the view shows each accepted event once", () => {
    requireKept(kept);
  });

  const broken: [what: string, change: Partial<Account>, message: RegExp][] = [
    ["an empty account", { accepted: 0 }, /^Error: expected more than 0 accepted; got \{"accepted":0,/],
    ["fewer messages than accepted events", { messages: 9 }, /expected a message for each accepted event;/],
    ["an event that a player gave up", { given_up: 1 }, /expected 0 given_up;/],
    ["a lost event", { lost: 1 }, /expected 0 lost;/],
    ["a double event", { double: 1 }, /expected 0 double;/],
    ["a message without a row", { unlanded: 1 }, /expected 0 unlanded;/],
    ["a message with two rows", { twice_landed: 1 }, /expected 0 twice_landed;/],
    ["two faults, and names both", { lost: 1, messages: 9 }, /expected a message for .*, 0 lost;/],
  ];
  for (const [what, change, message] of broken)
    it(`refuses ${what}`, () => {
      assert.throws(() => requireKept({ ...kept, ...change }), message);
    });
});

describe("parseConsumed(output, separator)", () => {
  const consumed = (stdout: string, exitCode = 0): ToolOutput => ({ stdout, stderr: "why", exitCode });
  const record = (offset: number, value: string) => `Partition:1\tOffset:${offset}\t${value}${SEPARATOR}`;

  it("finds position and event_id of each message, also if its value has several lines", () => {
    const records = [record(0, '{"event_id":"a"}'), record(1, "two\nlines\t\n"), record(2, "")];
    const output = consumed(records.join("") + TIME_OUT);
    assert.deepEqual(parseConsumed(output, SEPARATOR), [
      { position: "1/0", eventId: "a" },
      { position: "1/1", eventId: null },
      { position: "1/2", eventId: null },
    ]);
  });

  it("refuses a record of another form", () => {
    const output = consumed(
      record(0, "{}") + `CreateTime:5\tPartition:1\tOffset:1\t{}${SEPARATOR}${TIME_OUT}`,
    );
    assert.throws(() => parseConsumed(output, SEPARATOR), {
      message: `console consumer: expected "Partition:P\\tOffset:O\\tVALUE", got "CreateTime:5\\tPartition:1\\tOffset:1\\t{}"`,
    });
  });

  it("refuses any end but the time-out: no end, a record cut short, another error", () => {
    const other = `${LOGGED}org.apache.kafka.common.errors.CorruptRecordException: null\n`;
    for (const end of ["", "Partition:1\tOff", other])
      assert.throws(() => parseConsumed(consumed(record(0, "{}") + end), SEPARATOR), {
        message: `console consumer: expected its time-out after the last message, got ${JSON.stringify(end)}`,
      });
  });

  it("refuses an exit code other than 0, and shows the consumer's error", () => {
    assert.throws(() => parseConsumed(consumed(record(0, "{}") + TIME_OUT, 1), SEPARATOR), {
      message: "console consumer: expected exit code 0, got 1:\nwhy",
    });
  });
});

describe("parseEndOffsets(output, topic)", () => {
  const told = (stdout: string, exitCode = 0): ToolOutput => ({ stdout, stderr: "why", exitCode });

  it("has an offset for each partition", () => {
    assert.deepEqual(parseEndOffsets(told("t:0:12\nt:1:0\n"), "t"), [12, 0]);
  });

  for (const stdout of ["", "t:0:12\nt:2:0\n", "other:0:12\n", "WARN a line\nt:0:12\n"])
    it(`refuses ${JSON.stringify(stdout)}`, () => {
      assert.throws(() => parseEndOffsets(told(stdout), "t"), /^Error: offset tool: expected "t:\d:OFFSET"/);
    });

  it("refuses a failure", () => {
    assert.throws(() => parseEndOffsets(told("t:0:12\n", 1), "t"), /expected exit code 0, got 1/);
  });
});

describe("requireAllRead(entries, endOffsets)", () => {
  const entries = ["0/0", "0/1", "1/0"].map((position) => ({ position, eventId: null }));

  it("accepts each offset once", () => {
    requireAllRead(entries, [2, 1]);
  });

  it("refuses fewer or more messages than the end offsets say, and one message twice", () => {
    const got = (more: typeof entries, endOffsets: number[]) => () => requireAllRead(more, endOffsets);
    assert.throws(got(entries, [2, 2]), {
      message: "console consumer: expected 4 messages, as the end offsets [2,2] say, got 3 at 3 positions",
    });
    assert.throws(got(entries, [2, 0]), /expected 2 messages/);
    assert.throws(got([], [2, 1]), /got 0 at 0 positions/);
    assert.throws(got([...entries, entries[0]!], [2, 2]), /got 4 at 3 positions/);
  });
});

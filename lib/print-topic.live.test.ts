// The command as its user types it.
import assert from "node:assert/strict";
import { $ } from "zx";
import { TopicWriter } from "./collect/publish.ts";
import { events } from "./events.ts";
import { settings } from "./settings.ts";
import { Ground } from "./testbed/ground.ts";

const npm = $({ quiet: true, nothrow: true, cwd: settings.root });

const { type } = events[0]!;
const event = JSON.stringify({ event_type: type, event_id: "7" });
const TEXTS = ["no JSON", '{"torn":\n1}', ...Array.from({ length: 30 }, (_, i) => `{"n":${i}}`)];
const LINES = [event, '"no JSON"', '"{\\"torn\\":\\n1}"', ...TEXTS.slice(2)];

describe("npm run tail", () => {
  const ground = new Ground("tail");
  let env: NodeJS.ProcessEnv;
  before(async () => {
    await ground.create();
    env = { ...process.env, QUESTLOG_TOPIC: ground.topic };
    const topic = await TopicWriter.open({ topic: ground.topic });
    for (const text of [event, ...TEXTS]) await topic.publish(text, "ann");
    await topic.close();
  });
  after(() => ground.remove());

  it("prints each message as one line of JSON, and ends at the topic's end", async () => {
    const { stdout, exitCode } = await npm({ env })`npm run --silent tail -- --all`;
    assert.equal(exitCode, 0);
    assert.deepEqual(stdout.trimEnd().split("\n"), LINES);
  });

  // Arguments → printed lines. All messages are of one player, so they are in one partition.
  const CASES: [string[], string[]][] = [
    [[], LINES.slice(-20)],
    [["-n", "3"], LINES.slice(-3)],
    [["-n", "0"], []],
    [["-n", "1000"], LINES],
    [["-n", "5", "--type", type], [event]],
  ];
  for (const [args, lines] of CASES)
    it(`prints ${lines.length} lines with ${args.join(" ") || "no arguments"}`, async () => {
      const { stdout } = await npm({ env })`npm run --silent tail -- ${args}`;
      assert.deepEqual(stdout.split("\n").slice(0, -1), lines);
    });

  it("prints the messages of one type, and counts messages by type", async () => {
    const { stdout } = await npm({ env })`npm run --silent tail -- --type ${type}`;
    assert.equal(stdout, `${event}\n`);
    const counts = await npm({ env })`npm run --silent tail -- --count`;
    assert.match(counts.stdout, new RegExp(`^${type} +1\n[^]*not_an_event +32\ntotal +33\n$`));
  });
});

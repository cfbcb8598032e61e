// The command as its user types it.
import assert from "node:assert/strict";
import { $ } from "zx";
import { TopicWriter } from "./collect/publish.ts";
import { events } from "./events.ts";
import { settings } from "./settings.ts";
import { Ground } from "./testbed/ground.ts";

const npm = $({ quiet: true, nothrow: true, cwd: settings.root });

describe("npm run tail", () => {
  const ground = new Ground("tail");
  const { type } = events[0]!;
  const event = JSON.stringify({ event_type: type, event_id: "7" });
  let env: NodeJS.ProcessEnv;
  before(async () => {
    await ground.create();
    env = { ...process.env, QUESTLOG_TOPIC: ground.topic };
    const topic = await TopicWriter.open({ topic: ground.topic });
    for (const text of [event, "no JSON", '{"torn":\n1}']) await topic.publish(text, "ann");
    await topic.close();
  });
  after(() => ground.remove());

  it("prints each message as one line of JSON, and ends at the topic's end", async () => {
    const { stdout, exitCode } = await npm({ env })`npm run --silent tail`;
    assert.equal(exitCode, 0);
    assert.deepEqual(stdout.trimEnd().split("\n"), [event, '"no JSON"', '"{\\"torn\\":\\n1}"']);
  });

  it("prints the messages of one type, and counts messages by type", async () => {
    const { stdout } = await npm({ env })`npm run --silent tail -- --type ${type}`;
    assert.equal(stdout, `${event}\n`);
    const counts = await npm({ env })`npm run --silent tail -- --count`;
    assert.match(counts.stdout, new RegExp(`^${type} +1\n[^]*not_an_event +2\ntotal +3\n$`));
  });
});

// The command as its user types it; replay.live.test.ts tests the replays.
import assert from "node:assert/strict";
import { $ } from "zx";
import { createTables } from "../ask/tables.ts";
import { TopicWriter } from "../collect/publish.ts";
import { LandedGround } from "../testbed/ground.fixture.ts";
import { settings } from "../settings.ts";

const npm = $({ quiet: true, nothrow: true, cwd: settings.root });

describe("npm run failed", () => {
  it("lists failed events, the newest first; with --json, stdout is one JSON document", async () => {
    const ground = new LandedGround();
    await ground.create();
    try {
      const topic = await TopicWriter.open({ topic: ground.name });
      for (const text of ["first", "second", "third"]) await topic.publish(text, "ann");
      await topic.close();
      await ground.land();
      const env = {
        ...process.env,
        QUESTLOG_TOPIC: ground.topic,
        QUESTLOG_SCHEMA: ground.schema,
        QUESTLOG_HDFS_ROOT: ground.root,
      };
      const { stdout, exitCode } = await npm({ env })`npm run --silent failed -- --json --limit 2`;
      assert.equal(exitCode, 0);
      const rows = JSON.parse(stdout) as { raw_event: string; place: string }[];
      assert.deepEqual(
        rows.map(({ raw_event }) => raw_event),
        ["third", "second"],
      );
      assert.ok(
        rows.every(({ place }) => place.startsWith(`${ground.name}/`)),
        stdout,
      );
      const listed = await npm({ env })`npm run --silent failed -- --limit 4`;
      assert.equal(listed.stderr, "3 open failed events\n");
      assert.match(listed.stdout, /third[^]*second[^]*first/);
      const newest = await npm({ env })`npm run --silent failed -- --limit 2`;
      assert.equal(newest.stderr, "the newest: 2 open failed events; --limit N lists more\n");

      const place = rows[0]!.place;
      const explained = await npm({ env })`npm run --silent failed -- explain ${place}`;
      assert.match(
        explained.stdout,
        new RegExp(`^place   ${place}\ntime    \\S+\nreason  .*\nnow     still unfit: `),
      );
      assert.match(explained.stdout, /\nraw {5}third\n$/);
      const withoutPlace = await npm({ env })`npm run --silent failed -- explain`;
      assert.equal(withoutPlace.stdout, explained.stdout);
      const replayed = await npm({ env })`npm run --silent failed -- replay ${place}`;
      assert.match(replayed.stdout, new RegExp(`^${place}  still unfit: `));
      assert.equal(replayed.stderr, "0 sent, 0 already there, 1 still unfit\n");
    } finally {
      await ground.remove();
    }
  });

  it("says that no failed event is at a place", async () => {
    await createTables();
    for (const verb of ["explain", "replay"]) {
      const { stderr, exitCode } = await npm`npm run --silent failed -- ${verb} ${settings.topic}/7/7`;
      assert.equal(exitCode, 1);
      assert.match(
        stderr,
        /^failed: \S+\/7\/7: expected a failed event's place, got another one; npm run failed/,
      );
    }
  });

  for (const [words, message] of [
    [["replay"], "replay: expected places, or --all"],
    [["replay", "--all", "t/0/1"], "replay: expected places, or --all"],
    [["explain", "t/0/1", "t/0/2"], "explain: expected at most one place, got 2"],
    [["repair"], 'expected explain or replay, got "repair"'],
    [["--limit", "0"], '--limit: expected a number from 1 to 1000, got "0"'],
  ] as const) {
    it(`answers ${words.join(" ")} with what is expected, and exit code 2`, async () => {
      const { stderr, exitCode } = await npm`npm run --silent failed -- ${[...words]}`;
      assert.equal(exitCode, 2);
      assert.ok(stderr.startsWith(`failed: ${message}; try: npm run failed`), stderr);
    });
  }
});

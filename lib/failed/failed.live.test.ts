// The command as its user types it; that it replays is tested in replay.live.test.ts, on topics of its own.
import assert from "node:assert/strict";
import { $ } from "zx";
import { settings } from "../settings.ts";

const npm = $({ quiet: true, nothrow: true, cwd: settings.root });

describe("npm run failed", () => {
  it("lists what failed, as JSON too, in which stdout has nothing else", async () => {
    const { stdout, exitCode } = await npm`npm run --silent failed -- --json --limit 3`;
    assert.equal(exitCode, 0);
    const rows = JSON.parse(stdout) as unknown[];
    assert.ok(rows.length <= 3);
    const { stderr } = await npm`npm run --silent failed -- --limit 3`;
    assert.match(stderr, new RegExp(`^${rows.length} failed events?\\n$`));
  });

  it("says that no failed event is at a place", async () => {
    for (const verb of ["explain", "replay"]) {
      const { stderr, exitCode } = await npm`npm run --silent failed -- ${verb} ${settings.topic}/7/7`;
      assert.equal(exitCode, 1);
      assert.match(
        stderr,
        /^failed: \S+\/7\/7: expected a failed event's place, and none is there; npm run failed/,
      );
    }
  });

  for (const [words, message] of [
    [["replay"], "replay: expected places, or --all"],
    [["replay", "--all", "t/0/1"], "replay: expected places, or --all"],
    [["explain"], "explain: expected one place"],
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

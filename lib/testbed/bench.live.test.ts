// The command as its user types it. `--short` shows only that a bench works.
import assert from "node:assert/strict";
import { $ } from "zx";
import { settings } from "../settings.ts";

const npm = $({ quiet: true, nothrow: true, cwd: settings.root });

// Name → the figures that it prints.
const FIGURES: Record<string, string[]> = {
  query: ["M7 query() over Trino", "M7 bare node:http over Trino"],
  land: ["land encoder, throughput", "land stream, throughput", "land stream, peak memory"],
};

describe("npm run bench -- NAME --short", function () {
  this.timeout(60_000);

  for (const [name, figures] of Object.entries(FIGURES))
    it(`${name} prints the machine, and figures with spread and rounds, in 80 columns`, async () => {
      const { exitCode, stdout, stderr } = await npm`npm run --silent bench -- ${name} --short`;
      assert.deepEqual([exitCode, stderr], [0, ""]);
      assert.match(stdout, /^machine: \d+ cores, load [\d.]+, Node /);
      for (const figure of figures)
        assert.ok(stdout.includes(figure), `expected the figure "${figure}", got\n${stdout}`);
      assert.match(stdout.replace(/\n {4}/g, " "), /: [\d.]+ \S+ \([\d.]+ to [\d.]+, 1 round\)/);
      for (const line of stdout.split("\n")) assert.ok(line.length <= 80, line);
    });
});

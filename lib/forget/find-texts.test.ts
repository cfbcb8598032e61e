import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findTexts } from "./find-texts.ts";

describe("findTexts(places, players)", () => {
  it("finds reports, results, the history and logs that name a player, in any form", () => {
    const folder = mkdtempSync(join(tmpdir(), "questlog texts "));
    const player = `o"n'l <龍>`;
    const files: [string, string, boolean][] = [
      ["archive/2026-01-31/report.html", "<td>o&#34;n&#39;l &#60;龍&#62;</td>", true],
      ["archive/2026-01-31/results.json", JSON.stringify({ value: player }), true],
      ["archive/2026-01-30/results.json", JSON.stringify({ value: `x${player}` }), false],
      ["history.jsonl", "tail --player anna", false],
      ["logs/api.log.1", `GET /?player=${encodeURIComponent(player)}`, true],
      ["picture.png", player, false],
    ];
    for (const [name, text] of files) {
      mkdirSync(join(folder, name, ".."), { recursive: true });
      writeFileSync(join(folder, name), text);
    }
    const places = [join(folder, "archive"), join(folder, "history.jsonl"), join(folder, "logs")];
    const found = findTexts([...places, join(folder, "no such folder")], [player]);
    const expected = files.filter(([, , isFound]) => isFound).map(([name]) => join(folder, name));
    assert.deepEqual(found.map(({ path }) => path).sort(), expected.slice().sort());
    assert.deepEqual(findTexts(places, ["ann"]), []);
    rmSync(folder, { recursive: true });
  });
});

// A spool's folder on this machine, as the API leaves it.
import assert from "node:assert/strict";
import {
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  utimesSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Spool } from "../collect/spool.ts";
import { countSpooled, emptySpool, namingLine, oldLine } from "./spooled.ts";

const pending = (player: string, x = 1) => ({ key: player, value: JSON.stringify({ player, x }) });

describe("the spool of the API", () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "questlog spool "));
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  async function write(...players: string[]): Promise<Spool> {
    const spool = await Spool.open({ folder, maxBytes: 1e6 });
    await spool.append(players.map((player) => pending(player)));
    return spool;
  }

  it("loses only the player's lines, and the next API sends the others", async () => {
    await (await write("ann", "anna", "ann", "bob")).close();
    assert.equal(countSpooled(folder, namingLine(["ann"])), 2);
    await emptySpool(folder, namingLine(["ann"]), 0);
    assert.equal(countSpooled(folder, namingLine(["ann"])), 0);
    const next = await Spool.open({ folder, maxBytes: 1e6 });
    assert.deepEqual((await next.first())!.messages, [pending("anna"), pending("bob")]);
    await next.close();
  });

  it("loses messages that were set aside, and a line that a crash left incomplete", async () => {
    const spool = await write("ann");
    await spool.setAside(pending("ann"));
    await spool.close();
    const [segment, aside] = [join(folder, "000000000001.ndjson"), join(folder, "set-aside.ndjson")];
    writeFileSync(segment, `${readFileSync(segment, "utf8")}{"key":"ann","value":"{`);
    assert.equal(countSpooled(folder, namingLine(["ann"])), 3);
    await emptySpool(folder, namingLine(["ann"]), 0);
    assert.deepEqual([existsSync(segment), existsSync(aside)], [false, false]);
  });

  it("waits for a running API, which sends the lines by itself, and names it in the end", async () => {
    const spool = await write("ann", "bob");
    await assert.rejects(
      emptySpool(folder, namingLine(["ann"]), 0),
      /1 lines wait for Kafka; to remove them unsent, stop the API, process \d+/,
    );
    const emptied = emptySpool(folder, namingLine(["ann"]), 10_000);
    await (await spool.first())!.remove();
    await emptied;
    await spool.close();
  });

  it("changes nothing without a line of the player, or without a folder", async () => {
    await (await write("bob")).close();
    const before = readFileSync(join(folder, "000000000001.ndjson"), "utf8");
    await emptySpool(folder, namingLine(["ann"]), 0);
    await emptySpool(join(folder, "no such folder"), namingLine(["ann"]), 0);
    assert.equal(readFileSync(join(folder, "000000000001.ndjson"), "utf8"), before);
  });

  it("loses the files that are older than a day, and keeps the others", async () => {
    const spool = await write("ann", "bob");
    await spool.setAside(pending("cid"));
    await spool.close();
    const old = new Date("2026-01-30T23:59:59.999Z");
    utimesSync(join(folder, "set-aside.ndjson"), old, old);
    const [isOld, isEqual] = [oldLine("2026-01-31"), oldLine("2026-01-30")];
    assert.deepEqual([countSpooled(folder, isOld), countSpooled(folder, isEqual)], [1, 0]);
    await emptySpool(folder, isOld, 0);
    assert.deepEqual(readdirSync(folder), ["000000000001.ndjson"]);
  });
});

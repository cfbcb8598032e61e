import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { COUNTED_MIME } from "../ask/counted.ts";
import { type Cut, CUT_TYPE, cutText, isError, isStream, KeptOutputs, textOf } from "./kept-outputs.ts";
import type { Output } from "./notebook.ts";

describe("KeptOutputs", () => {
  let folder: string;
  let file: string;
  let list: Output[];
  let kept: KeptOutputs;

  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "questlog-kept-"));
    file = join(folder, "1-x-cell-1.txt");
    list = [];
    kept = new KeptOutputs(list, file);
  });

  afterEach(() => rm(folder, { recursive: true }));

  const print = (text: string, name: "stdout" | "stderr" = "stdout"): void =>
    kept.add({ output_type: "stream", name, text });
  const display = (text: string, more: object = {}): void =>
    kept.add({ output_type: "display_data", data: { "text/plain": text, ...more }, metadata: {} });
  const cutOf = (output: Output): Cut | undefined =>
    isStream(output) || isError(output) ? undefined : (output.data[CUT_TYPE] as unknown as Cut);

  function numberedLines(count: number): void {
    for (let i = 0; i < count; i++) print(`line ${i}\n`);
  }
  const repeat = (count: number, act: (i: number) => void): void => {
    for (let i = 0; i < count; i++) act(i);
  };

  const small: Record<string, () => void> = {
    "450 lines": () => numberedLines(450),
    "200 displays": () => repeat(200, (i) => display(`table ${i}`)),
    "one picture of 12 MB": () => display("picture", { "image/png": "A".repeat(12_000_000) }),
  };
  for (const [kind, act] of Object.entries(small)) {
    it(`keeps all of ${kind}`, () => {
      act();
      assert.equal(existsSync(file), false);
      assert.equal(list.find(cutOf), undefined);
    });
  }

  const floods: Record<string, () => void> = {
    "50,000 lines": () => numberedLines(50_000),
    "one line of 17 MB": () => print(`${"x".repeat(17_000_000)}\n`),
    "one line of characters outside of the basic plane": () => print("😀".repeat(100_000)),
    "480 tables": () => repeat(480, (i) => display(`table ${i}`)),
    "tables of 100 kB": () => repeat(150, (i) => display(`table ${i} ${"x".repeat(100_000)}`)),
    "lines between displays": () =>
      repeat(5_000, (i) => {
        print(`before ${i}\n`);
        display(`table ${i}`);
      }),
    "lines on both streams in turn": () =>
      repeat(20_000, (i) => print(`line ${i}\n`, i % 2 === 0 ? "stdout" : "stderr")),
  };
  for (const [kind, act] of Object.entries(floods)) {
    it(`keeps the first and the last part of ${kind}, and counts the rest`, async () => {
      act();
      const at = list.findIndex(cutOf);
      const cut = cutOf(list[at]!)!;
      const all = await readFile(file, "utf8");
      const shown = (outputs: Output[]): string =>
        outputs
          .map((output) =>
            isStream(output)
              ? textOf(output.text)
              : `${(output.data as { "text/plain": string })["text/plain"]}\n`,
          )
          .join("");
      const [head, tail] = [shown(list.slice(0, at)), shown(list.slice(at + 1))];
      assert.ok(head !== "" && tail !== "" && all.startsWith(head) && all.endsWith(tail));
      const left = all.slice(head.length, all.length - tail.length);
      const isDisplay = (text: string): boolean => text.startsWith("table ");
      const lines = left.split(/(?<=\n)/);
      assert.equal(cut.outputs, lines.filter(isDisplay).length);
      const texts = lines.filter((line) => !isDisplay(line)).join("");
      assert.deepEqual([cut.chars, cut.lines], [texts.length, texts.split("\n").length - 1]);
      assert.ok(list.length <= 252);
      assert.ok(JSON.stringify(list).length < 12_500_000);
      assert.doesNotMatch(JSON.stringify(list), /\\ud[89a-f]/); // half of a character
    });
  }

  it("keeps the counted events of displays that it leaves out", () => {
    repeat(300, (i) => display(`${i}`, { [COUNTED_MIME]: [{ statement: `S${i}`, values: [] }] }));
    const counted = list.flatMap((output) => (output.data as Record<string, object[]>)[COUNTED_MIME] ?? []);
    assert.deepEqual(
      counted.map((one) => (one as { statement: string }).statement),
      Array.from({ length: 300 }, (_, i) => `S${i}`),
    );
  });

  it("removes the file of an earlier run, and tells a file that it cannot write", async () => {
    numberedLines(20_000);
    assert.ok(existsSync(file));
    list = [];
    kept = new KeptOutputs(list, file);
    assert.equal(existsSync(file), false);
    await mkdir(file);
    numberedLines(20_000);
    assert.match(cutText(list.map(cutOf).find((cut) => cut)!), /; 1-x-cell-1\.txt is not whole: EISDIR/);
  });
});

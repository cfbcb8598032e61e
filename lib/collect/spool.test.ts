import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import {
  appendFileSync,
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { type FileHandle, open } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import fc from "fast-check";
import type { Pending } from "./batcher.ts";
import { Spool, type SpoolOptions } from "./spool.ts";

const message = (value: string, key = "player"): Pending => ({ key, value });

// A real folder on a real disk.
describe("Spool", () => {
  let folder: string;
  let said: string[];
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "questlog-"));
    said = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  function openSpool(options: Partial<SpoolOptions> = {}): Promise<Spool> {
    return Spool.open({ folder, maxBytes: 1e6, log: (line) => said.push(line), ...options });
  }

  /** Leaves the folder as it is now, with the lock of a dead process. */
  async function die(spool: Spool): Promise<void> {
    const atDeath = `${folder}-at-death`;
    cpSync(folder, atDeath, { recursive: true });
    await spool.close(); // for its open file
    rmSync(folder, { recursive: true, force: true });
    renameSync(atDeath, folder);
    writeFileSync(join(folder, "lock"), `${process.pid} another boot 4711`);
  }

  const segments = () => readdirSync(folder).filter((name) => name.endsWith(".ndjson"));

  async function takeAll(spool: Spool): Promise<string[]> {
    const values: string[] = [];
    for (let portion = await spool.first(); portion; portion = await spool.first()) {
      values.push(...portion.messages.map(({ value }) => value));
      await portion.remove();
    }
    return values;
  }

  it("returns keys and values in the order of the appends, and then has no file left", async () => {
    const spool = await openSpool();
    const odd = [message("line\nbreak é 😀", "ann"), message('"\ud800', "__proto__"), message("", "")];
    await Promise.all([spool.append(odd), spool.append([message("x".repeat(300_000))])]);
    await spool.append([message("last")]);
    assert.equal(spool.state().messages, 5);
    const first = await spool.first();
    assert.deepEqual(first?.messages, odd);
    await first?.remove();
    assert.deepEqual(
      (await takeAll(spool)).map((value) => value.slice(-4)),
      ["xxxx", "last"],
    );
    assert.deepEqual([spool.isEmpty(), spool.state().bytes, segments()], [true, 0, []]);
    await spool.close();
  });

  it("begins a new segment at the size limit, and deletes a segment when all of it is removed", async () => {
    const spool = await openSpool({ segmentBytes: 50 });
    for (const value of ["a", "b", "c", "d", "e"]) await spool.append([message(value)]);
    assert.deepEqual(segments(), ["000000000001.ndjson", "000000000002.ndjson", "000000000003.ndjson"]);
    await (await spool.first())?.remove();
    assert.deepEqual(segments(), ["000000000002.ndjson", "000000000003.ndjson"]);
    assert.deepEqual(await takeAll(spool), ["c", "d", "e"]);
    await spool.close();
  });

  it("resolves an append only after the disk has synced it, once for all of its messages", async () => {
    const spool = await openSpool();
    await spool.append([message("first")]);
    const handle = await open(join(folder, segments()[0]!));
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const real = prototype.datasync; // eslint-disable-line @typescript-eslint/unbound-method
    const events: string[] = [];
    prototype.datasync = async function (this: FileHandle) {
      events.push(
        `sync of ${readFileSync(join(folder, segments()[0]!), "utf8").split("\n").length - 1} lines`,
      );
      await real.call(this);
      events.push("synced");
    };
    try {
      await spool.append([message("a"), message("b")]).then(() => events.push("resolved"));
    } finally {
      prototype.datasync = real;
    }
    assert.deepEqual(events, ["sync of 3 lines", "synced", "resolved"]);
    await spool.close();
  });

  it("refuses the whole of an append that does not fit, and accepts again when there is room", async () => {
    const spool = await openSpool({ maxBytes: 100, segmentBytes: 1 });
    await spool.append([message("a"), message("b")]);
    await assert.rejects(spool.append([message("c"), message("d")]), {
      name: "Unavailable",
      written: "no",
      message: `spool ${folder} is full: 58 of 100 bytes are taken, and 58 more came`,
    });
    assert.equal(spool.state().full, true);
    await (await spool.first())?.remove();
    assert.equal(spool.state().full, false);
    await spool.append([message("e")]);
    assert.deepEqual(await takeAll(spool), ["e"]);
    await spool.close();
  });

  it("has the appended and not removed messages when it is opened after a crash", async () => {
    const dead = await openSpool({ segmentBytes: 50 });
    for (const value of ["a", "b", "c", "d", "e"]) await dead.append([message(value)]);
    await (await dead.first())?.remove();
    await die(dead);
    const spool = await openSpool();
    assert.deepEqual([spool.state().messages, spool.isEmpty()], [3, false]);
    await spool.append([message("f")]);
    assert.deepEqual(await takeAll(spool), ["c", "d", "e", "f"]);
    assert.deepEqual(said, []);
    await spool.close();
  });

  for (const [what, torn] of [
    ["half a line", '{"key":"player","val'],
    ["a line without its break", '{"key":"player","value":"torn"}'],
    ["zeros, and a line behind them", "\0\0\0\0\n{"],
  ] as const) {
    it(`drops ${what} that a crash left at the end, and logs its size`, async () => {
      const dead = await openSpool();
      await dead.append([message("a")]);
      appendFileSync(join(folder, segments()[0]!), torn);
      await die(dead);
      const spool = await openSpool();
      await spool.append([message("b")]);
      assert.deepEqual(await takeAll(spool), ["a", "b"]);
      assert.deepEqual(said, [
        `spool ${join(folder, "000000000001.ndjson")}: dropped ${torn.length} bytes of an unfinished write that was never acknowledged`,
      ]);
      assert.deepEqual(segments(), []);
      await spool.close();
    });
  }

  it("rejects with written: unknown when the disk fails, and goes on in a new segment", async () => {
    const spool = await openSpool();
    await spool.append([message("a")]);
    const handle = await open(join(folder, segments()[0]!));
    const prototype = Object.getPrototypeOf(handle) as FileHandle;
    await handle.close();
    const real = prototype.datasync; // eslint-disable-line @typescript-eslint/unbound-method
    prototype.datasync = () => Promise.reject(new Error("EIO: i/o error, fdatasync"));
    try {
      await assert.rejects(spool.append([message("lost")]), {
        name: "Unavailable",
        written: "unknown",
        message: `spool ${folder} cannot be written: EIO: i/o error, fdatasync`,
      });
    } finally {
      prototype.datasync = real;
    }
    await spool.append([message("b")]);
    assert.deepEqual(segments(), ["000000000001.ndjson", "000000000002.ndjson"]);
    assert.deepEqual(await takeAll(spool), ["a", "b"]);
    await spool.close();
  });

  it("keeps a second process out while the first lives, and names the first", async () => {
    const spool = await openSpool();
    await assert.rejects(openSpool(), {
      message:
        `spool ${folder}: expected to be its only user, but process ${process.pid} holds it; ` +
        "stop that, or set QUESTLOG_HOME to another folder",
    });
    await die(spool);
    await (await openSpool()).close();
  });

  it("grows from the first append until all appended messages are removed", async () => {
    const spool = await openSpool();
    assert.equal(spool.state().grownForMs, 0);
    await spool.append([message("a"), message("b")]);
    await new Promise((resolve) => setTimeout(resolve, 20));
    await spool.append([message("c")]);
    const { grownForMs } = spool.state();
    assert.ok(grownForMs >= 19, `${grownForMs} ms`);
    await (await spool.first())?.remove();
    assert.equal(spool.state().grownForMs, 0);
    await spool.close();
  });

  it("loses no acknowledged message when a process is killed while it appends", async () => {
    const program = `
      import { Spool } from ${JSON.stringify(new URL("./spool.ts", import.meta.url).href)};
      const spool = await Spool.open({ folder: ${JSON.stringify(folder)}, maxBytes: 1e9, segmentBytes: 2000 });
      for (let i = 0; ; i += 3) {
        await spool.append([0, 1, 2].map((j) => ({ key: "player", value: String(i + j) })));
        console.log(i + 2);
      }`;
    const child = spawn(process.execPath, ["--input-type=module", "--eval", program]);
    let told = -1;
    for await (const line of createInterface(child.stdout)) {
      told = Number(line);
      if (told > 500) child.kill("SIGKILL");
    }
    if (child.signalCode === null) await once(child, "exit");
    const spool = await openSpool();
    const values = (await takeAll(spool)).map(Number);
    assert.ok(told > 500 && values.length > told, `told ${told}, found ${values.length}`);
    assert.deepEqual(values, [...values.keys()]);
    await spool.close();
  }).timeout(30_000);

  // Kafka takes the oldest messages or is away. At any point the process dies, with or without an
  // incomplete line.
  it("sends all in order in any history, and after a crash again from the beginning of a segment", async () => {
    const step = fc.oneof(
      fc.record({ append: fc.integer({ min: 1, max: 5 }) }),
      fc.record({ take: fc.constantFrom("removed", "sent, then died") }),
      fc.record({ die: fc.constantFrom("", '{"key":"pl', "\0\0") }),
    );
    const history = fc.array(step, { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(history, fc.integer({ min: 1, max: 300 }), async (steps, segmentBytes) => {
        rmSync(folder, { recursive: true, force: true });
        let spool = await openSpool({ segmentBytes });
        const sent: string[] = [];
        let count = 0;
        const restart = async () => {
          await die(spool);
          spool = await openSpool({ segmentBytes });
        };
        for (const each of steps) {
          if ("append" in each) {
            await spool.append(Array.from({ length: each.append }, () => message(String(count++))));
          } else if ("take" in each) {
            const portion = await spool.first();
            sent.push(...(portion?.messages.map(({ value }) => value) ?? []));
            if (each.take === "removed") await portion?.remove();
            else await restart();
          } else {
            const last = segments().at(-1);
            if (last !== undefined) appendFileSync(join(folder, last), each.die);
            await restart();
          }
        }
        sent.push(...(await takeAll(spool)));
        await spool.close();
        const firstTimes = [...new Set(sent)];
        assert.deepEqual(
          firstTimes,
          Array.from({ length: count }, (_, i) => String(i)),
        );
      }),
      { numRuns: 150 },
    );
  }).timeout(60_000);
});

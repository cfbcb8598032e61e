// Sabotages: each test breaks one thing of a run, expects the run to fail, and expects the
// error to name the thing.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import { assertConserved, conservation } from "../audit/conservation.ts";
import type { Accepted } from "../audit/discrepancies.ts";
import { collectSightings, rangesBetween, type SightingsOptions } from "../audit/sightings.ts";
import { type Count, countBars, countBy, eventsIn } from "../ask/counted.ts";
import { chartBundle } from "../ask/show.ts";
import { registerDays } from "../ask/tables.ts";
import { BatchBuilder } from "../land/batch.ts";
import { readRecord } from "../land/commits.ts";
import { commitPath, dayFolder, fileName } from "../layout.ts";
import { settings } from "../settings.ts";
import { LandedGround } from "../testbed/ground.fixture.ts";
import { runOf } from "../testbed/notebook.fixture.ts";
import { type PartitionOffsets, readTopic, type TopicMessage } from "../topic.ts";
import { query } from "../trino.ts";
import { buildLib } from "./build.ts";
import { summarize } from "./summary.ts";
import { isCode, type Notebook, readNotebook, writeNotebook } from "./notebook.ts";
import { isError } from "./outputs.ts";
import { recount } from "./recount.ts";
import { runNotebooks } from "./run.ts";

const GUILDS = 20;

type Envelope = Record<string, unknown>;

describe("a report, after a sabotage of its data", () => {
  const ground = new LandedGround();
  const messages: TopicMessage[] = []; // of partition 0
  let answers: Accepted;
  let offsets: PartitionOffsets[];

  before(async () => {
    await ground.create();
    const sent = await ground.send(GUILDS);
    answers = { accepted: { join_a_guild: GUILDS }, event_ids: sent.map(({ eventId }) => eventId) };
    offsets = await ground.land();
    await readTopic({
      topic: ground.name,
      onMessage: (message) => {
        if (message.partition === 0) messages.push(message);
      },
    });
  });
  after(() => ground.remove());

  const place: SightingsOptions = ground.place;
  const idOf = ({ value }: TopicMessage) => (JSON.parse(value!) as { event_id: string }).event_id;

  /** The report's claim about the events. */
  async function claim(): Promise<void> {
    const seen = await collectSightings(rangesBetween([], offsets), place);
    assertConserved(conservation(answers, seen));
  }

  /** The files of a batch of partition 0, in the stream's form. */
  function filesOf(batch: TopicMessage[]): Map<string, Buffer> {
    const builder = new BatchBuilder(ground.name, 0);
    for (const { offset, timestamp, value } of batch) {
      builder.push({ offset: String(offset), timestamp: String(timestamp), value: Buffer.from(value!) });
    }
    const name = fileName({ topic: ground.name, partition: 0, first: 0 });
    return new Map(
      builder
        .finish()
        .files.map(({ table, day, data }) => [`${dayFolder(ground.root, table, day)}/${name}`, data]),
    );
  }

  async function replaceFiles(old: Iterable<string>, files: Map<string, Buffer>): Promise<void> {
    for (const path of old) await ground.hdfs.remove(path);
    for (const [path, data] of files) await ground.hdfs.create(path, data);
    await registerDays({ schema: ground.name });
  }

  /** Writes other messages into the files of partition 0, does `work`, and restores the files. */
  async function withFilesOf(batch: TopicMessage[], work: () => Promise<void>): Promise<void> {
    const original = filesOf(messages);
    const files = filesOf(batch);
    await replaceFiles(original.keys(), files);
    try {
      await work();
    } finally {
      await replaceFiles(files.keys(), original);
    }
  }

  /** The messages of partition 0, with a change in the envelope of the message at `index`. */
  function changed(index: number, change: (envelope: Envelope) => Envelope): TopicMessage[] {
    return messages.map((message, i) =>
      i === index
        ? { ...message, value: JSON.stringify(change(JSON.parse(message.value!) as Envelope)) }
        : message,
    );
  }

  afterEach("the ground is whole again", claim);

  it("passes an unbroken run, also with the same message twice", async () => {
    const conserved = conservation(answers, await collectSightings(rangesBetween([], offsets), place));
    assertConserved(conserved);
    const [row] = conserved.rows;
    assert.deepEqual([row?.in_topic, row?.doubles, row?.counted], [21, 1, 20]);
  });

  it("1 · names the messages of a file that is deleted, and the file", async () => {
    const [path] = filesOf(messages).keys();
    await withFilesOf([], async () => {
      await assert.rejects(claim, ({ message }: Error) => {
        assert.match(
          message,
          new RegExp(`^not conserved:\\n {2}join_a_guild: ${messages.length} lost from messages`),
        );
        assert.match(message, new RegExp(`\\n {2}files: missing ${messages.length}\\n`));
        const found = new RegExp(
          `\\n {4}(\\S{36}) at partition 0, offset \\d+: topic ${ground.name}: ` +
            `the commit of offsets 0 to \\d+ put it into ${path}\\n`,
        ).exec(message);
        assert.ok(answers.event_ids.includes(found?.[1] ?? ""), message);
        return true;
      });
    });
  });

  it("1 · names the rows of a file that is copied under another name, and both files", async () => {
    const [path, data] = [...filesOf(messages)][0]!;
    const copy = path.replace(/\d{20}\.parquet$/, "00000000000000000007.parquet");
    await ground.hdfs.create(copy, data);
    try {
      await assert.rejects(claim, ({ message }: Error) => {
        assert.match(message, new RegExp(`\\n {2}files: double ${messages.length}\\n`));
        for (const file of [path, copy]) assert.ok(message.includes(`${file}, row 1`), message);
        assert.match(message, /\n {2}counted: double \d+\n/);
        return true;
      });
    } finally {
      await ground.hdfs.remove(copy);
    }
  });

  it("2 · names the message whose row has another offset", async () => {
    const [last] = messages.slice(-1);
    const moved = [...messages.slice(0, -1), { ...last!, offset: last!.offset + 1_000 }];
    await withFilesOf(moved, async () => {
      const named = `files: missing 1\\n {4}${idOf(last!)} at partition 0, offset ${last!.offset}: `;
      await assert.rejects(claim, new RegExp(named));
    });
  });

  it("4 · names the row that is missing in a file, although a commit covers its message", async () => {
    const without = messages.filter((_, i) => i !== 1);
    await withFilesOf(without, async () => {
      const named = `files: missing 1\\n {4}${idOf(messages[1]!)} at partition 0, offset 1: topic`;
      await assert.rejects(claim, new RegExp(named));
    });
  });

  it("4 · names the row with another id than its message", async () => {
    const id = "01890000-0000-7000-8000-000000000000";
    await withFilesOf(
      changed(1, (envelope) => ({ ...envelope, event_id: id })),
      () => assert.rejects(claim, new RegExp(`files: unexpected 1\\n {4}${id} at partition 0, offset 1: /`)),
    );
  });

  it("4 · names the rows of a file that the table does not show", async () => {
    const [day] = [...filesOf(messages).keys()].map((path) => /day=([\d-]+)/.exec(path)![1]!);
    const table = /tables\/(\w+)\//.exec([...filesOf(messages).keys()][0]!)![1]!;
    await query(
      `CALL ${settings.catalog}.system.unregister_partition('${ground.name}', '${table}', ARRAY['day'], ARRAY['${day}'])`,
      { schema: ground.name },
    );
    try {
      await assert.rejects(
        claim,
        /tables: missing 21\n {4}\S{36} at partition 0, offset \d+: \/\S+, row \d+: it is in/,
      );
    } finally {
      await registerDays({ schema: ground.name });
    }
  });

  it("5 · names the event that stands in the table of another type", async () => {
    const other = changed(1, (envelope) => ({ ...envelope, event_type: "default", params: {} }));
    await withFilesOf(other, async () => {
      const named = `files: unexpected 1\\n {4}${idOf(messages[1]!)} at partition 0, offset 1: /`;
      await assert.rejects(claim, new RegExp(named));
    });
  });

  it("6 · names the chart whose data was changed, with the numbers of both", async () => {
    const ranges = rangesBetween([], offsets);
    const guilds = await countBy("region", eventsIn(ranges, { type: "join_a_guild", ...place }));
    const more = guilds.values.map(({ value, number }) => ({ value, number: number + 1 }));
    assert.deepEqual(await verdictOn(guilds), { status: "ok", text: "" });
    assert.deepEqual(await verdictOn({ ...guilds, values: more }), {
      status: "failed",
      text: 'Error: chart "Guilds": expected ny 20 (counted again), got ny 21',
    });
    // The chart alone, with the record of the right count.
    const drawn = JSON.stringify(countBars(guilds, "Guilds")).replace(
      '"number":20,"text":"20"',
      '"number":21,"text":"21"',
    );
    assert.deepEqual(await verdictOn(guilds, drawn), {
      status: "failed",
      text: 'Error: chart "Guilds": expected ny 20 (counted again), got ny 21',
    });
  });

  /** The end of a run that shows a count as a chart. */
  async function verdictOn(count: Count, drawn = JSON.stringify(countBars(count, "Guilds"))) {
    const folder = await mkdtemp(join(settings.root, "out-"));
    try {
      const data = chartBundle(JSON.parse(drawn) as ReturnType<typeof countBars>) as never;
      const run = runOf([[{ output_type: "display_data", data, metadata: {} }]]);
      await recount(run, folder);
      const error = run.steps[0]!.cells[0]!.cell.outputs.find(isError);
      return { status: run.status, text: error ? `${error.ename}: ${error.evalue}` : "" };
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  it("8 · names the messages of a commit record that is deleted, and a record with other offsets or rows", async () => {
    const path = commitPath({ root: ground.root, topic: ground.name, partition: 0 }, 0);
    const record = (await readRecord(ground.hdfs, path))!;
    const [file] = record.files;
    const last = messages.at(-1)!;
    const write = async (one: object | null) => {
      await ground.hdfs.remove(path);
      if (one !== null) await ground.hdfs.create(path, Buffer.from(JSON.stringify(one)));
    };
    try {
      await write(null);
      await assert.rejects(
        claim,
        new RegExp(`commits: missing ${messages.length}\\n {4}${idOf(messages[0]!)} at`),
      );
      await write({ ...record, last: record.last - 1 });
      const where = `at partition 0, offset ${last.offset}: topic ${ground.name}: no commit record covers it`;
      await assert.rejects(claim, new RegExp(`commits: missing 1\\n {4}${idOf(last)} ${where}`));
      await write({ ...record, files: [{ ...file, rows: file!.rows + 1 }] });
      const rows = `the record says ${file!.rows + 1} rows, the files have ${file!.rows}`;
      const offsets = `partition 0, offsets 0 to ${record.last}`;
      await assert.rejects(
        claim,
        new RegExp(`commits: unexpected 1\\n {4}commit record at ${offsets}: ${rows}`),
      );
    } finally {
      await write(record);
    }
  });
});

describe("a report, after a sabotage of a notebook", function () {
  this.timeout(120_000);
  let folder: string; // beside notebooks/, since cells import ../dist

  before(buildLib);
  beforeEach(async () => {
    folder = await mkdtemp(join(settings.root, "out-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Runs 1-services after `change`; resolves with the run's status and its summary. */
  async function run(change: (notebook: Notebook) => void): Promise<[string, string]> {
    const notebook = await readNotebook(join(settings.root, "notebooks", "1-services.ipynb"));
    change(notebook);
    await writeNotebook(join(folder, "1-services.ipynb"), notebook);
    const options = { outFolder: join(folder, "out"), isStrict: true };
    const run = await runNotebooks([join(folder, "1-services.ipynb")], options);
    return [run.status, summarize(run).text];
  }

  /** Replaces `original` by `text`. */
  const replacing = (original: string, text: string) => (notebook: Notebook) => {
    const cell = notebook.cells.find(({ source }) => source.includes(original));
    assert.ok(cell, original);
    cell.source = cell.source.replace(original, text);
  };

  it("passes the unchanged notebook", async () => {
    const [status, verdict] = await run(() => {});
    assert.equal(status, "ok", verdict);
  });

  it("3 · names the digit that is typed into a sentence or into the text", async () => {
    const refusal = (place: string, digit: string) =>
      new RegExp(`^NotebookError: notebook 1-services: expected numbers.*:\\n {2}${place}: ${digit}$`);
    const sentence = replacing("All **${status.length}**", "All **5**");
    await assert.rejects(run(sentence), (error) => refusal("cell \\d+", "5").test(String(error)));
    const text = replacing("at the same moment", "within 90210 s");
    await assert.rejects(run(text), (error) => refusal("text above cell \\d+", "90210").test(String(error)));
  });

  it("3 · names the place of a sentence's value that is undefined, NaN or an object", async () => {
    for (const [value, got] of [
      ["(status as any)[90]?.service", "undefined"],
      ["status.length / ({} as any).n", "NaN"],
      ["({} as any)", "[object Object]"],
      ["`${({} as any).version}`", "undefined"],
    ] as const) {
      const [status, verdict] = await run(replacing("${status.length}", `\${${value}}`));
      assert.equal(status, "failed");
      assert.ok(verdict.includes(`say: expected a value after "All **", got ${got}`), verdict);
    }
  });

  it("7 · names the claim whose value is changed, with the value got", async () => {
    const [status, verdict] = await run(
      replacing(".map(({ service }) => service),\n  names,", ".length,\n  90210,"),
    );
    assert.equal(status, "failed");
    assert.match(verdict, /assert\.deepEqual\(.*90210\): expected 90210, got 5/);
  });

  it("9 · names the service whose version is not the pinned one", async () => {
    const pin = `(await import("../dist/services/services.js")).services.find(({ name }) => name === "trino")!.version = "475";`;
    const [status, verdict] = await run(replacing("const names", `${pin}\nconst names`));
    assert.equal(status, "failed");
    assert.match(verdict, /expected .*trino.*, got (?!.*trino)/);
  });

  it("10 · names the variable that a cell uses before its declaration", async () => {
    const swapped = run(({ cells }) => {
      const asked = cells.findIndex((cell) => isCode(cell) && cell.source.includes("const status"));
      const [claimed] = cells.splice(asked + 1, 1);
      cells.splice(asked, 0, claimed!);
    });
    await assert.rejects(swapped, /cell \d+ uses status, which code cell \d+ declares/);
  });
});

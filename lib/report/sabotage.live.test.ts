// The chain of proofs, broken on purpose: each test lands the same events, breaks one thing, and expects the
// claim to fail and to name what was broken.
import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { join } from "node:path";
import type { PartitionOffsets, TopicMessage } from "../topic.ts";
import { listFiles } from "../audit/files.ts";
import { settings } from "../settings.ts";
import { buildLib } from "./build.ts";
import { type Accepted, assertConserved, type Conservation, conservation } from "../audit/conservation.ts";
import { LandedGround } from "../testbed/ground.fixture.ts";
import { isCode, readNotebook, writeNotebook } from "./notebook.ts";
import { isError } from "./outputs.ts";
import { runNotebooks } from "./run.ts";
import { collectSightings, stretchesBetween } from "../audit/sightings.ts";

const GUILDS = 20;

describe("assertConserved, after a sabotage", () => {
  let ground: LandedGround;
  let told: Accepted;

  beforeEach(async () => {
    ground = new LandedGround();
    await ground.create();
    const sent = await ground.send(GUILDS);
    told = { accepted: { join_a_guild: GUILDS }, event_ids: sent.map(({ eventId }) => eventId) };
  });
  afterEach(() => ground.remove());

  /** What the report does at its end; `offsets` are those at the topic's end. */
  async function look(offsets: PartitionOffsets[]): Promise<Conservation> {
    return conservation(told, await collectSightings(stretchesBetween([], offsets), ground.place));
  }

  /** The first file of the tables; there is one for each partition. */
  async function someFile() {
    const [file] = await listFiles({ hdfs: ground.hdfs, root: ground.root });
    return file!;
  }

  it("holds when nothing is broken, with a message that is there twice", async () => {
    const conserved = await look(await ground.land());
    assertConserved(conserved);
    const [row] = conserved.rows;
    assert.deepEqual([row?.in_topic, row?.doubles, row?.counted], [21, 1, 20]);
  });

  it("names the messages of a file that was deleted, and the file", async () => {
    const offsets = await ground.land();
    const { path, rows } = await someFile();
    await ground.hdfs.remove(path);
    const broken = await look(offsets);
    assert.throws(
      () => assertConserved(broken),
      ({ message }: Error) => {
        assert.match(message, new RegExp(`^not conserved:\n {2}join_a_guild: ${rows} lost from messages`));
        assert.match(message, new RegExp(`\n {2}files: missing ${rows}\n`));
        const where = `at partition \\d, offset \\d+: topic ${ground.name}`;
        const named = new RegExp(
          `\n {4}(\\S{36}) ${where}: the commit of offsets 0 to \\d+ put it into ${path}\n`,
        );
        assert.ok(told.event_ids.includes(named.exec(message)?.[1] ?? ""), message);
        return true;
      },
    );
  });

  it("names the rows of a file that was copied under another name, and both files", async () => {
    const offsets = await ground.land();
    const { path, rows } = await someFile();
    const copy = path.replace(/\d{20}\.parquet$/, "00000000000000000007.parquet");
    await ground.hdfs.create(copy, (await ground.hdfs.read(path))!);
    const broken = await look(offsets);
    assert.throws(
      () => assertConserved(broken),
      ({ message }: Error) => {
        assert.match(message, new RegExp(`\n {2}files: double ${rows}\n`));
        for (const file of [path, copy]) assert.ok(message.includes(`${file}, row 1`), message);
        assert.match(message, /\n {2}counted: double \d+\n/);
        return true;
      },
    );
  });

  it("names the one message that a commit covers without holding it", async () => {
    let skipped: TopicMessage | undefined;
    const offsets = await ground.land((message) => {
      if (message.partition === 0 && message.offset === 1) skipped = message;
      return message === skipped;
    });
    const { event_id } = JSON.parse(skipped!.value!) as { event_id: string };
    const broken = await look(offsets);
    const where = `at partition 0, offset 1: topic ${ground.name}: the commit of offsets 0 to`;
    assert.throws(
      () => assertConserved(broken),
      new RegExp(`\n {2}files: missing 1\n {4}${event_id} ${where}`),
    );
  });
});

describe("runNotebooks, after a sabotage of a notebook of the project", function () {
  this.timeout(120_000);
  let folder: string; // beside notebooks/, since cells import ../dist

  before(buildLib);
  beforeEach(async () => {
    folder = await mkdtemp(join(settings.root, "out-"));
  });
  afterEach(() => rm(folder, { recursive: true }));

  /** Runs 1-services with `text` in the place of `original`; resolves with the run's status and its error. */
  async function run(original: string, text: string): Promise<[string, string | undefined]> {
    const notebook = await readNotebook(join(settings.root, "notebooks", "1-services.ipynb"));
    const cell = notebook.cells.find(({ source }) => source.includes(original))!;
    cell.source = cell.source.replace(original, text);
    await writeNotebook(join(folder, "1-services.ipynb"), notebook);
    const { status, steps } = await runNotebooks([join(folder, "1-services.ipynb")], {
      outFolder: join(folder, "out"),
    });
    const outputs = steps[0]!.notebook.cells.filter(isCode).flatMap(({ outputs }) => outputs);
    return [status, outputs.find(isError)?.evalue.split(";")[0]];
  }

  it("passes the notebook as it is", async () => {
    assert.deepEqual(await run("All **${status.length}**", "All **${status.length}**"), ["ok", undefined]);
  });

  it("fails it when a number is typed into a sentence, or into the text, or a claim is changed", async () => {
    const got = "prose: expected numbers that come from results, got";
    assert.deepEqual(await run("All **${status.length}**", "All **5**"), ["failed", `${got} 5`]);
    assert.deepEqual(await run("at the same moment", "within 90210 s"), ["failed", `${got} 90210`]);
    const [status, error] = await run("status.every(({ ready }) => ready)", "status.length === 90210");
    assert.equal(status, "failed");
    assert.equal(error, "expected a truthy value, got false");
  });
});

import assert from "node:assert/strict";
import type { CommitRecord } from "../land/commits.ts";
import { assertConserved, conservation } from "./conservation.ts";
import type { Discrepancy } from "./discrepancies.ts";
import type { Sighting, Sightings } from "./sightings.ts";

const TYPE = "join_a_guild";

/** The sightings of n events at every stage, and the answers that the players got. */
function even(n: number) {
  const at = (where: string): Sighting[] =>
    Array.from({ length: n }, (_, i) => ({
      event_type: TYPE,
      event_id: `id-${i}`,
      partition: i % 2,
      offset: i >> 1,
      where: `${where} ${i}`,
    }));
  const seen: Sightings = {
    topic: at("topic"),
    files: at("/file row"),
    tables: at("table row"),
    counted: at("view row"),
    commits: [0, 1].map((partition) => commitOf(partition, 0, 999, 0)), // its end is not in the range
    ranges: [0, 1].map((partition) => ({ partition, from: 0, to: 100 })),
    expected: () => "a commit put it into /file",
  };
  const event_ids = seen.topic.map(({ event_id }) => event_id!);
  return { answers: { accepted: { [TYPE]: n }, event_ids }, seen };
}

function commitOf(partition: number, first: number, last: number, rows: number): CommitRecord {
  return { partition, first, last, files: rows === 0 ? [] : [{ rows }] } as CommitRecord;
}

const without = (sightings: Sighting[], ...ids: string[]) =>
  sightings.filter(({ event_id }) => !ids.includes(event_id!));

const lines = (found: Discrepancy[]) =>
  found.map(({ stage, problem, event_id, position, where }) =>
    [stage, problem, event_id, position, where].filter((part) => part !== null).join(" · "),
  );

describe("conservation(answers, seen)", () => {
  it("finds equal stages equal, and accepts them", () => {
    const { answers, seen } = even(110);
    const conserved = conservation(answers, seen);
    assert.deepEqual(conserved.rows, [
      {
        event_type: TYPE,
        accepted: 110,
        others: 0,
        in_topic: 110,
        in_files: 110,
        in_trino: 110,
        doubles: 0,
        counted: 110,
        verdict: "equal",
      },
    ]);
    assertConserved(conserved);
  });

  it("names the accepted events that no message holds", () => {
    const { answers, seen } = even(4);
    for (const stage of ["topic", "files", "tables", "counted"] as const)
      seen[stage] = without(seen[stage], "id-2");
    const { rows, discrepancies } = conservation(answers, seen);
    assert.equal(rows[0]?.verdict, "1 lost from requests accepted (4) to events in topic (3)");
    assert.deepEqual(lines(discrepancies), ["topic · missing · id-2 · accepted, but in no message"]);
  });

  it("names the messages that no file holds, and where each should be", () => {
    const { answers, seen } = even(4);
    for (const stage of ["files", "tables", "counted"] as const) seen[stage] = without(seen[stage], "id-1");
    assert.throws(() => assertConserved(conservation(answers, seen)), {
      message:
        "not conserved:\n" +
        "  join_a_guild: 1 lost from messages in topic (4) to rows in files (3); 1 lost from events in topic (4) to events counted (3)\n" +
        "  files: missing 1\n" +
        "    id-1 at partition 1, offset 0: topic 1: a commit put it into /file",
    });
  });

  it("names rows that stand in two files, at the stage where they became two", () => {
    const { answers, seen } = even(2);
    for (const stage of ["files", "tables", "counted"] as const)
      seen[stage] = [...seen[stage], { ...seen[stage][0]!, where: `${stage} again` }];
    assert.deepEqual(lines(conservation(answers, seen).discrepancies), [
      "files · double · id-0 · partition 0, offset 0 · /file row 0 and files again",
      "counted · double · id-0 · partition 0, offset 0 · view row 0 and counted again",
    ]);
  });

  it("names rows that the tables do not show, and rows of other events at a message's position", () => {
    const { answers, seen } = even(3);
    seen.tables = without(seen.tables, "id-0").map((row) =>
      row.event_id === "id-2" ? { ...row, event_id: "other" } : row,
    );
    const found = lines(conservation(answers, seen).discrepancies);
    assert.ok(
      found.includes("tables · missing · id-0 · partition 0, offset 0 · /file row 0: it is in /file row 0"),
      found.join("\n"),
    );
    assert.ok(
      found.includes("tables · unexpected · other · partition 0, offset 1 · table row 2"),
      found.join("\n"),
    );
  });

  it("names rows that are double in a table but not in a file", () => {
    const { answers, seen } = even(2);
    seen.tables = [...seen.tables, seen.tables[1]!];
    assert.deepEqual(
      conservation(answers, seen).discrepancies.map(({ stage, problem, event_id }) => [
        stage,
        problem,
        event_id,
      ]),
      [["tables", "double", "id-1"]],
    );
  });

  it("counts an event that is in the topic twice only once, and says so", () => {
    const { answers, seen } = even(3);
    const again = { partition: 0, offset: 99 };
    for (const stage of ["topic", "files", "tables"] as const)
      seen[stage] = [...seen[stage], { ...seen[stage][0]!, ...again }];
    const conserved = conservation(answers, seen);
    assertConserved(conserved);
    const { in_topic, doubles, counted } = conserved.rows[0]!;
    assert.deepEqual([in_topic, doubles, counted], [4, 1, 3]);
  });

  it("names a message whose id is that of another event, in the ranges or before them", () => {
    const { answers, seen } = even(3);
    const first = { ...seen.topic[0]!, content: "gold" };
    const again = { ...first, offset: 99, content: "iron", where: "topic again" };
    seen.topic = [first, ...seen.topic.slice(1), again];
    for (const stage of ["files", "tables"] as const)
      seen[stage] = [...seen[stage], { ...seen[stage][0]!, offset: 99 }];
    const conflict = (first: string) =>
      `counted · conflict · id-0 · partition 0, offset 99 · topic again: its id is that of another event (${first}), with other content`;
    const conserved = conservation(answers, seen);
    assert.deepEqual(lines(conserved.discrepancies), [conflict("partition 0, offset 0")]);
    assert.throws(() => assertConserved(conserved), /not conserved:\n {2}counted: conflict 1\n {4}id-0 at/);

    const [, ...others] = answers.event_ids;
    for (const stage of ["topic", "files", "tables"] as const)
      seen[stage] = seen[stage].filter(({ event_id, offset }) => event_id !== "id-0" || offset === 99);
    seen.counted = seen.counted.map((one) => (one.event_id === "id-0" ? { ...first, offset: -1 } : one));
    const { discrepancies } = conservation({ accepted: { [TYPE]: 2 }, event_ids: others }, seen);
    assert.deepEqual(lines(discrepancies), [conflict("partition 0, offset -1")]);
  });

  it("counts an id of two types once, and names the message of the other type", () => {
    const { answers, seen } = even(2);
    const other = { event_type: "purchase_sword", partition: 0, offset: 99 };
    for (const stage of ["topic", "files", "tables"] as const)
      seen[stage] = [...seen[stage], { ...seen[stage][0]!, ...other }];
    const { rows, discrepancies } = conservation(answers, seen);
    assert.deepEqual(
      rows.map(({ event_type, in_topic, counted, verdict }) => [event_type, in_topic, counted, verdict]),
      [
        [TYPE, 2, 2, "equal"],
        [
          "purchase_sword",
          1,
          0,
          "1 too many from requests accepted (0) to events in topic (1); 1 lost from events in topic (1) to events counted (0)",
        ],
      ],
    );
    assert.deepEqual(lines(discrepancies), [
      "counted · conflict · id-0 · partition 0, offset 99 · topic 0: its id is that of another event (partition 0, offset 0), with other content",
    ]);
  });

  it("takes an event that was counted before the range for a double", () => {
    const { answers, seen } = even(2);
    const late = { event_type: TYPE, event_id: "early", partition: 0, offset: 99, where: "again" };
    for (const stage of ["topic", "files", "tables"] as const) seen[stage] = [...seen[stage], late];
    seen.counted = [...seen.counted, { ...late, offset: -1 }];
    const conserved = conservation(answers, seen);
    assertConserved(conserved);
    assert.deepEqual([conserved.rows[0]!.doubles, conserved.rows[0]!.counted], [1, 2]);
  });

  it("names an event that no client got a 200 for, also where an answer carried no id", () => {
    const { answers, seen } = even(3);
    const unexpected =
      "topic · unexpected · id-0 · partition 0, offset 0 · topic 0: no client got a 200 for this event";
    const silent = { ...answers, event_ids: answers.event_ids.slice(1) };
    assert.deepEqual(lines(conservation(silent, seen).discrepancies), [
      "accepted · unnamed · 1 of 3 answers carried no Event-Id",
      unexpected,
    ]);
    const fewer = { accepted: { [TYPE]: 2 }, event_ids: answers.event_ids.slice(1) };
    assert.deepEqual(lines(conservation(fewer, seen).discrepancies), [unexpected]);
  });

  it("fails when no answer carried an id, although all counts are equal", () => {
    const { answers, seen } = even(3);
    const conserved = conservation({ ...answers, event_ids: [] }, seen);
    assert.equal(conserved.rows[0]?.verdict, "equal");
    assert.throws(
      () => assertConserved(conserved),
      /accepted: unnamed 1\n {4}no event_id: 3 of 3 answers carried no Event-Id\n/,
    );
  });

  it("names the offsets that Kafka deleted before they were landed", () => {
    const { answers, seen } = even(4);
    const record = {
      ...seen.commits[1]!,
      deleted: [
        { from: 3, to: 5 },
        { from: 200, to: 300 },
      ],
    };
    const conserved = conservation(answers, { ...seen, commits: [seen.commits[0]!, record] });
    const reason = "Kafka deleted offsets [3, 5) before they were landed";
    assert.deepEqual(lines(conserved.discrepancies), [
      `commits · missing · partition 1, offsets 3 to 4 · ${reason}`,
    ]);
    assert.throws(
      () => assertConserved(conserved),
      new RegExp(`commit record at .*: ${reason.replace(/[[)]/g, ".")}`),
    );
  });

  it("names a message that no commit record covers, or two, and a record with another number of rows", () => {
    const { answers, seen } = even(4);
    const found = (...commits: CommitRecord[]) =>
      lines(conservation(answers, { ...seen, commits }).discrepancies);
    const other = seen.commits[1]!;
    assert.deepEqual(found(commitOf(0, 0, 0, 1), other), [
      "commits · missing · id-2 · partition 0, offset 1 · topic 2: no commit record covers it",
    ]);
    assert.deepEqual(found(commitOf(0, 0, 1, 2), commitOf(0, 1, 99, 1), other), [
      "commits · double · id-2 · partition 0, offset 1 · commit records of offsets 0 to 1 and offsets 1 to 99 cover it",
    ]);
    assert.deepEqual(found(commitOf(0, 0, 99, 3), other), [
      "commits · unexpected · partition 0, offsets 0 to 99 · the record says 3 rows, the files have 2",
    ]);
  });

  it("names a row of the right id that stands in the table of another type", () => {
    const { answers, seen } = even(2);
    seen.tables = seen.tables.map((row) =>
      row.event_id === "id-1" ? { ...row, event_type: "purchase_sword" } : row,
    );
    const found = lines(conservation(answers, seen).discrepancies);
    assert.ok(
      found.includes("tables · unexpected · id-1 · partition 1, offset 0 · table row 1"),
      found.join("\n"),
    );
  });

  it("follows messages that are not events by their positions", () => {
    const { answers, seen } = even(1);
    const bad = { event_type: "not_an_event", event_id: null, partition: 1, offset: 7, where: "bad" };
    for (const stage of ["topic", "files", "tables"] as const) seen[stage] = [...seen[stage], bad];
    assertConserved(conservation(answers, seen));
    seen.tables = seen.tables.filter((row) => row !== bad);
    assert.throws(
      () => assertConserved(conservation(answers, seen)),
      /tables: missing 1\n {4}a message without event_id at partition 1, offset 7: bad/,
    );
  });

  it("names five ids of a problem, and counts the rest", () => {
    const { answers, seen } = even(7);
    seen.counted = [];
    assert.throws(
      () => assertConserved(conservation(answers, seen)),
      /counted: missing 7\n( {4}id-\d at partition \d, offset \d: table row \d\n){5} {4}and 2 more$/,
    );
  });

  it("does not accept a claim about nothing", () => {
    const { answers, seen } = even(0);
    assert.throws(() => assertConserved(conservation(answers, seen)), /the claim would be empty/);
    assert.throws(
      () => assertConserved(conservation({ accepted: {}, event_ids: [] }, seen)),
      /the claim would be empty/,
    );
  });
});

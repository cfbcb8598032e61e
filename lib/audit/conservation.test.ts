import assert from "node:assert/strict";
import { assertConserved, conservation } from "./conservation.ts";
import type { Sighting, Sightings } from "./sightings.ts";

const TYPE = "join_a_guild";

/** The sightings of n events, each at its place, and what the players were told of them. */
function even(n: number) {
  const at = (where: string): Sighting[] =>
    Array.from({ length: n }, (_, i) => ({
      ...{ event_type: TYPE, event_id: `id-${i}`, partition: i % 2, offset: i >> 1 },
      where: `${where} ${i}`,
    }));
  const [topic, files, tables, counted] = ["topic", "/file row", "table row", "view row"].map(at);
  const expected = () => "a commit put it into /file";
  const seen = { topic: topic!, files: files!, tables: tables!, counted: counted!, expected } as Sightings;
  return { told: { accepted: { [TYPE]: n }, event_ids: topic!.map(({ event_id }) => event_id!) }, seen };
}

const without = (sightings: Sighting[], ...ids: string[]) =>
  sightings.filter(({ event_id }) => !ids.includes(event_id!));

const problems = (found: { place: string; problem: string; event_id: string; where: string }[]) =>
  found.map(({ place, problem, event_id, where }) => `${place} ${problem} ${event_id}: ${where}`);

describe("conservation(told, seen)", () => {
  it("finds equal places equal, and accepts them", () => {
    const { told, seen } = even(110);
    const conserved = conservation(told, seen);
    assert.deepEqual(conserved.rows, [
      {
        ...{ event_type: TYPE, accepted: 110, in_topic: 110, in_files: 110 },
        ...{ in_trino: 110, doubles: 0, counted: 110, verdict: "equal" },
      },
    ]);
    assertConserved(conserved);
  });

  it("names the accepted events that no message holds", () => {
    const { told, seen } = even(4);
    for (const place of ["topic", "files", "tables", "counted"] as const)
      seen[place] = without(seen[place], "id-2");
    const { rows, findings } = conservation(told, seen);
    assert.equal(rows[0]?.verdict, "1 lost from requests accepted (4) to events in topic (3)");
    assert.deepEqual(problems(findings), ["topic missing id-2: accepted, but in no message"]);
  });

  it("names the messages that no file holds, and where each should be", () => {
    const { told, seen } = even(4);
    for (const place of ["files", "tables", "counted"] as const) seen[place] = without(seen[place], "id-1");
    assert.throws(() => assertConserved(conservation(told, seen)), {
      message:
        "not conserved:\n" +
        "  join_a_guild: 1 lost from messages in topic (4) to rows in files (3); 1 lost from events in topic (4) to events counted (3)\n" +
        "  files: missing 1\n" +
        "    id-1: topic 1: a commit put it into /file",
    });
  });

  it("names rows that stand in two files, at the place where they became two", () => {
    const { told, seen } = even(2);
    for (const place of ["files", "tables", "counted"] as const)
      seen[place] = [...seen[place], { ...seen[place][0]!, where: `${place} again` }];
    assert.deepEqual(problems(conservation(told, seen).findings), [
      "files double id-0: partition 0, offset 0: /file row 0 and files again",
      "counted double id-0: view row 0 and counted again",
    ]);
  });

  it("names rows that the tables do not show, and rows of other events at a message's place", () => {
    const { told, seen } = even(3);
    seen.tables = without(seen.tables, "id-0").map((row) =>
      row.event_id === "id-2" ? { ...row, event_id: "other" } : row,
    );
    const found = problems(conservation(told, seen).findings);
    assert.ok(found.includes("tables missing id-0: /file row 0: it is in /file row 0"), found.join("\n"));
    assert.ok(found.includes("tables unexpected other: table row 2"), found.join("\n"));
  });

  it("names rows that are double in a table but not in a file", () => {
    const { told, seen } = even(2);
    seen.tables = [...seen.tables, seen.tables[1]!];
    assert.deepEqual(
      conservation(told, seen).findings.map(({ place, problem, event_id }) => [place, problem, event_id]),
      [["tables", "double", "id-1"]],
    );
  });

  it("counts an event that is in the topic twice once, and says so", () => {
    const { told, seen } = even(3);
    const again = { partition: 0, offset: 99 };
    for (const place of ["topic", "files", "tables"] as const)
      seen[place] = [...seen[place], { ...seen[place][0]!, ...again }];
    const conserved = conservation(told, seen);
    assertConserved(conserved);
    const { in_topic, doubles, counted } = conserved.rows[0]!;
    assert.deepEqual([in_topic, doubles, counted], [4, 1, 3]);
  });

  it("takes an event that was counted before the stretch for a double", () => {
    const { told, seen } = even(2);
    const late = { event_type: TYPE, event_id: "early", partition: 0, offset: 99, where: "again" };
    for (const place of ["topic", "files", "tables"] as const) seen[place] = [...seen[place], late];
    seen.counted = [...seen.counted, { ...late, offset: -1 }];
    const conserved = conservation(told, seen);
    assertConserved(conserved);
    assert.deepEqual([conserved.rows[0]!.doubles, conserved.rows[0]!.counted], [1, 2]);
  });

  it("names an event that no player was told of, unless an answer may have named none", () => {
    const { told, seen } = even(3);
    const silent = { ...told, event_ids: told.event_ids.slice(1) };
    assert.deepEqual(conservation(silent, seen).findings, []);
    const fewer = { accepted: { [TYPE]: 2 }, event_ids: told.event_ids.slice(1) };
    assert.deepEqual(problems(conservation(fewer, seen).findings), [
      "topic unexpected id-0: topic 0: no player was told so",
    ]);
  });

  it("follows messages that are no events by their places", () => {
    const { told, seen } = even(1);
    const bad = { event_type: "not_an_event", event_id: null, partition: 1, offset: 7, where: "bad" };
    for (const place of ["topic", "files", "tables"] as const) seen[place] = [...seen[place], bad];
    assertConserved(conservation(told, seen));
    seen.tables = seen.tables.filter((row) => row !== bad);
    assert.throws(
      () => assertConserved(conservation(told, seen)),
      /tables: missing 1\n {4}a message without event_id: bad/,
    );
  });

  it("names five ids of a problem, and counts the rest", () => {
    const { told, seen } = even(7);
    seen.counted = [];
    assert.throws(
      () => assertConserved(conservation(told, seen)),
      /counted: missing 7\n( {4}id-\d: table row \d\n){5} {4}and 2 more$/,
    );
  });

  it("does not accept a claim about nothing", () => {
    const { told, seen } = even(0);
    assert.throws(() => assertConserved(conservation(told, seen)), /the claim would be empty/);
    assert.throws(
      () => assertConserved(conservation({ accepted: {}, event_ids: [] }, seen)),
      /the claim would be empty/,
    );
  });
});

// Random clean histories, and one random fault at one stage of each: conservation() must name every
// fault.
import assert from "node:assert/strict";
import fc from "fast-check";
import { NOT_AN_EVENT } from "../topic.ts";
import type { CommitRecord } from "../land/commits.ts";
import { conservation } from "./conservation.ts";
import type { Accepted, Discrepancy } from "./discrepancies.ts";
import type { Sighting, Sightings } from "./sightings.ts";

const STAGES = ["topic", "files", "tables", "counted"] as const;
const FAULTS = [
  "deletion",
  "copy",
  "copy elsewhere",
  "swap",
  "new id",
  "id of another",
  "other type",
  "other offset",
] as const;
const RANGES = [0, 1, 2].map((partition) => ({ partition, from: 100, to: 200 }));
const TYPES = ["purchase_sword", "join_a_guild"];

type Stage = (typeof STAGES)[number];
interface History {
  answers: Accepted;
  seen: Sightings;
}

/**
 * A message of the topic. A "double" repeats an event of this history. An "earlier" repeats an
 * event that counts at a position before the ranges.
 */
interface Message {
  kind: "new" | "not an event" | "double" | "earlier";
  type: number;
  partition: number;
  of: number; // index of the message that a double repeats
}

const messages: fc.Arbitrary<Message[]> = fc.array(
  fc.record({
    kind: fc.constantFrom("new", "new", "new", "not an event", "double", "earlier"),
    type: fc.nat(TYPES.length - 1),
    partition: fc.nat(RANGES.length - 1),
    of: fc.nat(),
  }),
  { minLength: 1, maxLength: 12 },
);

/** One fault: a change at a stage, of one sighting, with the help of another. */
const faults = fc.record({
  change: fc.constantFrom(...FAULTS),
  stage: fc.constantFrom(...STAGES),
  victim: fc.nat(),
  other: fc.nat(),
});
type Fault = typeof faults extends fc.Arbitrary<infer T> ? T : never;

describe("conservation(answers, seen), for every history", () => {
  it("finds no discrepancy in a clean history", () => {
    fc.assert(
      fc.property(messages, (sent) => {
        const { answers, seen } = cleanHistory(sent);
        const { rows, discrepancies } = conservation(answers, seen);
        assert.deepEqual(discrepancies, []);
        assert.deepEqual([...new Set(rows.map(({ verdict }) => verdict))], ["equal"]);
      }),
      { numRuns: 1_000 },
    );
  });

  it("names every single deletion, copy, swap and change of id, type or offset, at its stage or the next one", () => {
    const found = new Map<string, number>(); // fault and stage → histories
    fc.assert(
      fc.property(messages, faults, (sent, fault) => {
        const { answers, seen } = cleanHistory(sent);
        const touched = inject(fault, seen);
        fc.pre(touched.length > 0);
        const { discrepancies } = conservation(answers, seen);
        assert.ok(
          discrepancies.some((one) => names(one, touched, fault.stage)),
          `${JSON.stringify(touched)} is not named by ${JSON.stringify(discrepancies)}`,
        );
        const key = `${fault.change} at ${fault.stage}`;
        found.set(key, (found.get(key) ?? 0) + 1);
      }),
      { numRuns: 5_000 },
    );
    assert.equal(found.size, FAULTS.length * STAGES.length, `only ${[...found.keys()].join(", ")}`);
  });

  it("names every commit record that is deleted, copied, cut at its end, or has another number of rows", () => {
    const changes = fc.constantFrom<(record: CommitRecord) => CommitRecord[]>(
      () => [],
      (record) => [record, record],
      (record) => [{ ...record, last: record.last - 99 }],
      ({ files, ...record }) => [{ ...record, files: [{ ...files[0]!, rows: files[0]!.rows + 1 }] }],
    );
    fc.assert(
      fc.property(messages, changes, fc.nat(), (sent, change, nth) => {
        const { answers, seen } = cleanHistory(sent);
        const used = seen.commits.filter(({ files }) => files[0]!.rows > 0);
        const victim = used[nth % used.length]!;
        seen.commits = seen.commits.flatMap((record) => (record === victim ? change(record) : [record]));
        const { discrepancies } = conservation(answers, seen);
        const { partition, first, last } = victim;
        const covered = seen.topic.filter(
          (one) => one.partition === partition && one.offset >= first && one.offset <= last,
        );
        const positions = covered.map(({ offset }) => `partition ${partition}, offset ${offset}`);
        const record = `partition ${partition}, offsets ${first} to `;
        assert.ok(discrepancies.length > 0);
        for (const { stage, position } of discrepancies) {
          assert.equal(stage, "commits");
          assert.ok(position!.startsWith(record) || positions.includes(position!), position!);
        }
      }),
      { numRuns: 1_000 },
    );
  });

  it("names every answer without an id, every answer that is missing, and every id that was not accepted", () => {
    fc.assert(
      fc.property(messages, fc.nat(), (sent, nth) => {
        const { answers, seen } = cleanHistory(sent);
        const { event_ids } = answers;
        fc.pre(event_ids.length > 0);
        const id = event_ids[nth % event_ids.length]!;
        const others = event_ids.filter((one) => one !== id);
        const problems = (ids: string[]) =>
          conservation({ ...answers, event_ids: ids }, seen)
            .discrepancies.map(({ stage, problem, event_id }) => `${stage} ${problem} ${event_id}`)
            .sort();
        assert.deepEqual(problems(others), ["accepted unnamed null", `topic unexpected ${id}`]);
        assert.deepEqual(problems([...others, "x"]), ["topic missing x", `topic unexpected ${id}`]);
        assert.deepEqual(problems([...event_ids, id]), [`accepted double ${id}`]);
      }),
    );
  });
});

/** A history without a fault: each message once at every stage, each event counts once. */
function cleanHistory(sent: Message[]): History {
  const topic: Sighting[] = [];
  const counted: Sighting[] = [];
  const answers = { accepted: {} as Record<string, number>, event_ids: [] as string[] };
  sent.forEach(({ kind, type, partition, of }, i) => {
    const event_type = TYPES[type]!;
    const message = { event_type, event_id: `id-${i}`, partition, offset: 100 + i, where: "topic" };
    const repeated = topic.filter(({ event_id }) => event_id !== null)[of % topic.length];
    if (kind === "not an event") {
      topic.push({ ...message, event_type: NOT_AN_EVENT, event_id: null });
    } else if (kind === "double" && repeated) {
      topic.push({ ...repeated, offset: message.offset });
    } else {
      topic.push(message);
      counted.push(
        kind === "earlier" ? { ...message, offset: i, where: "view" } : { ...message, where: "view" },
      );
      if (kind === "earlier") return;
      answers.accepted[event_type] = (answers.accepted[event_type] ?? 0) + 1;
      answers.event_ids.push(message.event_id);
    }
  });
  const at = (where: string) => topic.map((message) => ({ ...message, where }));
  const files = at("file");
  const commits = RANGES.flatMap(({ partition }) =>
    [
      { first: 100, last: 104 },
      { first: 105, last: 199 },
    ].map(({ first, last }) => {
      const rows = files.filter(
        (row) => row.partition === partition && row.offset >= first && row.offset <= last,
      );
      return { partition, first, last, files: [{ rows: rows.length }] } as CommitRecord;
    }),
  );
  const seen = { topic, commits, files, tables: at("table"), counted, ranges: RANGES };
  return { answers, seen: { ...seen, expected: () => "a commit covers it" } };
}

/**
 * Commits one fault. Returns the touched sightings, before and after the fault; empty: the fault
 * changes nothing.
 */
function inject({ change, stage, victim, other }: Fault, seen: Sightings): Sighting[] {
  const sightings = seen[stage];
  const at = sightings[victim % sightings.length];
  const second = sightings[other % sightings.length];
  if (!at || !second) return [];
  const replace = (one: Sighting, fields: Partial<Sighting>) => {
    const changed = { ...one, ...fields };
    seen[stage] = seen[stage].map((sighting) => (sighting === one ? changed : sighting));
    return changed;
  };
  if (change === "deletion") {
    seen[stage] = sightings.filter((one) => one !== at);
    return [at];
  }
  if (change === "copy" || change === "copy elsewhere") {
    const copy = { ...at, offset: change === "copy" ? at.offset : 199 };
    seen[stage] = [...sightings, copy];
    return [at, copy];
  }
  if (change === "new id") return [at, replace(at, { event_id: "no-such-id" })];
  if (change === "other type") return [at, replace(at, { event_type: "another_type" })];
  if (change === "other offset") return [at, replace(at, { offset: 198 })];
  // The positions before the ranges are known to the views alone: a swap there is not this audit's
  // subject.
  if (second.event_id === at.event_id || (at.offset < 100 && second.offset < 100)) return [];
  const changed = replace(at, { event_id: second.event_id });
  return change === "swap"
    ? [at, second, changed, replace(second, { event_id: at.event_id })]
    : [at, changed];
}

/** Whether a discrepancy names a touched id or position, at the touched stage or the next one. */
function names({ stage, event_id, position }: Discrepancy, touched: Sighting[], at: Stage): boolean {
  const next = STAGES[STAGES.indexOf(at) + 1];
  return (
    (stage === at || stage === next) &&
    touched.some(
      (one) =>
        (event_id !== null && one.event_id === event_id) ||
        position === `partition ${one.partition}, offset ${one.offset}`,
    )
  );
}

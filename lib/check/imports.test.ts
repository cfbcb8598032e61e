import assert from "node:assert/strict";
import { join } from "node:path";
import { settings } from "../settings.ts";
import { importFindings, readImports, roomLines } from "./imports.ts";

const graphOf = (imports: Record<string, string[]>) => new Map(Object.entries(imports));

describe("importFindings(graph)", () => {
  it("finds nothing in this checkout", () => {
    const graph = readImports(join(settings.root, "lib"));
    assert.ok(graph.size > 50);
    assert.deepEqual(importFindings(graph), []);
  });

  it("accepts stages that import shared modules, and rooms above that import stages", () => {
    const graph = graphOf({
      "kafka.ts": [],
      "collect/api.ts": ["kafka.ts", "collect/post.ts"],
      "collect/post.ts": [],
      "audit/trace.ts": ["collect/api.ts"],
    });
    assert.deepEqual(importFindings(graph), []);
  });

  for (const [what, imports, finding] of [
    [
      "a cycle",
      { "ask/a.ts": ["ask/b.ts"], "ask/b.ts": ["ask/c.ts"], "ask/c.ts": ["ask/a.ts"] },
      "expected no cycle of imports, got ask/a.ts → ask/b.ts → ask/c.ts → ask/a.ts",
    ],
    [
      "a stage that imports another stage",
      { "collect/api.ts": ["land/stream.ts"], "land/stream.ts": [] },
      "collect/api.ts: expected imports of lib/*.ts and of its own room, got land/stream.ts",
    ],
    [
      "a shared module that imports a room",
      { "trino.ts": ["ask/table.ts"], "ask/table.ts": [] },
      "trino.ts: expected imports of lib/*.ts and of its own room, got ask/table.ts",
    ],
    [
      "two files of the same name",
      { "ask/chart.ts": [], "drill/chart.ts": [] },
      "expected one file of the name chart.ts, got ask/chart.ts and drill/chart.ts",
    ],
  ] as [string, Record<string, string[]>, string][]) {
    it(`finds ${what}`, () => assert.deepEqual(importFindings(graphOf(imports)), [finding]));
  }
});

describe("roomLines(graph)", () => {
  it("puts each room after the rooms that it imports", () => {
    const graph = graphOf({
      "report/html.ts": ["audit/trace.ts"],
      "audit/trace.ts": ["ask/table.ts"],
      "ask/table.ts": ["trino.ts"],
      "trino.ts": [],
    });
    assert.deepEqual(
      roomLines(graph).map((line) => line.split(/\s+/)[0]),
      ["lib", "ask", "audit", "report"],
    );
  });
});

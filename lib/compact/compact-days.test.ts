// Days of several tables in an HDFS in memory, with an engine that cannot rewrite some of them.
import assert from "node:assert/strict";
import { tables } from "../ask/tables.ts";
import { dayFolder } from "../layout.ts";
import { HdfsModel } from "../testbed/hdfs-model.fixture.ts";
import { compactDays, type CompactWork } from "./compact-days.ts";
import type { SwapEngine } from "./swap-day.ts";

const root = "/q";
const day = "2026-01-31";

/** One day of each table; the engine fails at `broken`. */
async function newWork(broken: readonly string[]): Promise<CompactWork & { tried: string[] }> {
  const hdfs = new HdfsModel();
  const locations = new Map<string, string>();
  for (const { table } of tables) {
    locations.set(table, dayFolder(root, table, day));
    await hdfs.create(`${dayFolder(root, table, day)}/a.parquet`, Buffer.from("a"));
  }
  const tried: string[] = [];
  const engine: SwapEngine = {
    location: ({ table }) => Promise.resolve(locations.get(table)!),
    setLocation: ({ table }, folder) => {
      locations.set(table, folder);
      return Promise.resolve();
    },
    rewrite: async ({ table, reason }, { folder, from, before }) => {
      tried.push(table);
      if (broken.includes(table)) throw new Error(`table ${table}: a file is broken`);
      await hdfs.create(`${folder}/new.parquet`, Buffer.from("a"));
      const files = before.map(({ name, bytes }) => ({ name, bytes, rows: 1 }));
      const new_files = [{ name: "new.parquet", bytes: 1, rows: 1 }];
      return { reason, made_at: "", from, files, folder, new_files, rows: 1, removed: 0, kept: [] };
    },
    removeStaged: () => Promise.resolve(),
  };
  return { hdfs, root, schema: "default", engine, tried };
}

describe("compactDays(work, options)", () => {
  const names = tables.map(({ table }) => table);

  it("rewrites the other days when one cannot be rewritten, and then fails with its reason", async () => {
    const work = await newWork([names[0]!]);
    const lines: string[] = [];
    const options = { topics: [], graceMs: 0, day, log: (line: string) => lines.push(line) };
    await assert.rejects(compactDays(work, options), { message: `table ${names[0]}: a file is broken` });
    assert.deepEqual(
      lines.map((line) => line.split(" ")[0]),
      names.slice(1),
    );
  });

  it("stops at the third day that cannot be rewritten: then a server may be away", async () => {
    const work = await newWork(names);
    await assert.rejects(
      compactDays(work, { topics: [], graceMs: 0, day }),
      /a file is broken; 2 more days failed/,
    );
    assert.deepEqual(work.tried, names.slice(0, 3));
  });
});

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { viewsOf } from "../ask/views.ts";
import { events } from "../events.ts";
import { settings } from "../settings.ts";
import { storedType } from "../stored-columns.ts";
import { columnsOf } from "../catalog.ts";
import { rowReader } from "../trino-values.ts";
import { TABLES_PAGE, withTableColumns } from "./table-columns.ts";

describe(TABLES_PAGE, () => {
  const page = readFileSync(join(settings.root, TABLES_PAGE), "utf8");
  const rows = page.split("\n").map((line) => line.split("|").map((cell) => cell.trim()));

  it("has the present columns and types (npm run check -- --write makes them)", () => {
    assert.equal(withTableColumns(page, settings.root), page);
  });

  it("has the columns that the views select", () => {
    const stored = new Map(
      events.map((event) => [
        event.table,
        columnsOf(event).map(({ name, type }) => ({ name, type: storedType(type) })),
      ]),
    );
    const named = (column: number): string[] =>
      rows.filter((row) => row[column] === "yes").map(([, name]) => name!.replaceAll("`", ""));
    const views = viewsOf(events, stored, "default");
    const all = views.find(({ name }) => name === "events")!;
    assert.equal(named(3).length, all.columns);
    for (const [i, { columns }] of views.filter((view) => view !== all).entries())
      assert.equal(named(4).length - 1 + events[i]!.parameters.length, columns);
  });

  it("has the JavaScript type of each Trino type", () => {
    const VALUES: [type: string, given: unknown, got: string][] = [
      ["integer", 1, "number"],
      ["double", "NaN", "number"],
      ["bigint", 1, "number"],
      ["bigint", "9007199254740993", "bigint"],
      ["decimal", "1.50", "string"],
      ["boolean", true, "boolean"],
      ["timestamp", "2026-01-31 10:00:00.123", "Date"],
      ["date", "2026-01-31", "string"],
      ["varchar", "a", "string"],
    ];
    for (const [rawType, given, got] of VALUES) {
      const { value } = rowReader([{ name: "value", typeSignature: { rawType, arguments: [] } }])([given]);
      assert.equal(value instanceof Date ? "Date" : typeof value, got, rawType);
      const line = rows.find(([, types]) => new RegExp(`(^|, )${rawType}\\b`).test(types ?? ""));
      assert.ok(line?.[2]?.includes(got), `${rawType}: expected ${got} in ${line?.join("|")}`);
    }
  });
});

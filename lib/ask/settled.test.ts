import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { fileName, newFileName } from "../layout.ts";
import { isSettledName } from "./settled.ts";

describe("isSettledName(name)", () => {
  it("tells a swap's settled files from its other files, and from those of a stream", () => {
    const id = randomUUID();
    const start = { partition: 0, first: 0 };
    const names: [name: string, isSettled: boolean][] = [
      [newFileName({ id, number: 0, isSettled: true }), true],
      [newFileName({ id, number: 12, isSettled: true }), true],
      [newFileName({ id, number: 0, isSettled: false }), false],
      [fileName({ ...start, topic: "game_events" }), false],
      [fileName({ ...start, topic: "settled" }), false],
      [fileName({ ...start, topic: `settled-${id}` }), false],
      [`settled-${id}-0.parquet.tmp`, false],
      [`my-settled-${id}-0.parquet`, false],
    ];
    for (const [name, isSettled] of names) assert.equal(isSettledName(name), isSettled, name);
  });
});

import assert from "node:assert/strict";
import { settings } from "../settings.ts";
import { findProductFiles } from "./product-files.ts";

describe("findProductFiles(commands, root)", () => {
  it("finds the modules of a command, also those that it imports late, without tests and types", () => {
    const { modules } = findProductFiles(["api", "stream"], settings.root);
    for (const needed of ["scripts/api.ts", "scripts/stream.ts", "lib/game.ts", "lib/land/parquet.ts"])
      assert.ok(modules.includes(needed), needed);
    assert.deepEqual(
      modules.filter((module) => /\.test\.|^lib\/(report|lab|drill)\//.test(module)),
      [],
    );
  });

  it("finds the packages of the modules and what these packages need, required ones too", () => {
    const { packages } = findProductFiles(["api", "stream"], settings.root);
    // snappyjs is needed by parquetjs-lite, which a module requires; send is needed by express
    for (const needed of ["express", "send", "kafkajs", "parquetjs-lite", "snappyjs", "trino-client"])
      assert.ok(packages.includes(`node_modules/${needed}`), needed);
    for (const other of ["typescript", "vega", "mocha"])
      assert.ok(!packages.includes(`node_modules/${other}`), other);
  });

  it("names a package that is missing", () => {
    assert.throws(() => findProductFiles(["api"], settings.root, "/nowhere"), {
      message: /^the package [\w-]+ is missing in \/nowhere\/node_modules: npm ci$/,
    });
  });
});

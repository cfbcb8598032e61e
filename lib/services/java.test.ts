import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { javaEnvironment } from "./java.ts";

describe("javaEnvironment(env)", () => {
  for (const name of ["JAVA_TOOL_OPTIONS", "JDK_JAVA_OPTIONS", "_JAVA_OPTIONS"])
    it(`leaves ${name} out, and keeps the other variables`, () => {
      const env = javaEnvironment({ ...process.env, [name]: "-Xnone", OTHER: "kept" });
      const script = `console.log(process.env.${name}, process.env.OTHER, process.env.LC_ALL)`;
      const { stdout } = spawnSync(process.execPath, ["-e", script], { env, encoding: "utf8" });
      assert.equal(stdout, "undefined kept C.UTF-8\n");
    });
});

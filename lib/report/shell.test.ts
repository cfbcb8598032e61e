import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { shell } from "./shell.ts";

const module = JSON.stringify(join(import.meta.dirname, "shell.ts"));

describe("shell(command)", () => {
  it("prints the command as typed, then its output", () => {
    const code = `import { shell } from ${module}; await shell("echo 'a  b' | tr a c; echo done >&2")`;
    const args = ["--input-type=module", "-e", code];
    assert.equal(
      execFileSync(process.execPath, args, { encoding: "utf8" }),
      "$ echo 'a  b' | tr a c; echo done >&2\nc  b\ndone\n",
    );
  });

  it("names a command that fails, its exit code, and the last line of its output", async () => {
    const message = "echo one; echo two >&2; exit 7: ended with exit code 7: two";
    await assert.rejects(shell("echo one; echo two >&2; exit 7"), { message });
  });
});

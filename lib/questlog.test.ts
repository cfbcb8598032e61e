// The package as others see it: packed, unpacked into another project, type-checked and run there.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { buildLib } from "./report/build.ts";
import { startKernel } from "./report/kernel.ts";
import { settings } from "./settings.ts";

const PROGRAM = `import { bars, query, say, show, type Spec, sql } from "questlog";
import { createClient } from "questlog/client";
const region: string = "n'y";
const spec: Spec = bars([{ region, n: 3 }], { category: "region", value: "n", title: "Guilds" });
show(spec);
say\`\${3} guilds\`;
console.log(sql\`SELECT 1 WHERE r = \${region}\`, typeof query, typeof createClient);
`;
const OUTPUT = "Guilds: n'y 3\n3 guilds\nSELECT 1 WHERE r = 'n''y' function function\n";
const WRONG = `import { query } from "questlog";
await query("SELECT 1", { timeout: 3 });
`;

describe("the package questlog", function () {
  this.timeout(120_000);
  let folder: string;

  const run = (program: string, args: string[]) => {
    // npm gives its children settings that would make another npm think of this package.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("npm_")));
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, encoding: "utf8", env });
    return { status, stdout, stderr };
  };
  const tsc = (file: string) =>
    run(process.execPath, [
      join(settings.root, "node_modules", "typescript", "bin", "tsc"),
      ...["--noEmit", "--strict", "--module", "nodenext", "--target", "es2024", "--skipLibCheck"],
      ...["--types", "node", "--typeRoots", join(settings.root, "node_modules", "@types"), file],
    ]);

  before(async () => {
    await buildLib();
    folder = mkdtempSync(join(tmpdir(), "questlog other "));
    const packed = run("npm", ["pack", "--ignore-scripts", "--json", settings.root]);
    assert.equal(packed.status, 0, packed.stderr);
    const archive = readdirSync(folder).find((name) => name.endsWith(".tgz"))!;
    const modules = join(folder, "node_modules");
    mkdirSync(join(modules, "questlog"), { recursive: true });
    const unpacked = run("tar", [
      "-xzf",
      archive,
      "-C",
      join(modules, "questlog"),
      "--strip-components",
      "1",
    ]);
    assert.equal(unpacked.status, 0, unpacked.stderr);
    // The packages that it depends on, as npm would install them.
    for (const name of readdirSync(join(settings.root, "node_modules")))
      if (!name.startsWith(".")) symlinkSync(join(settings.root, "node_modules", name), join(modules, name));
    writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
    writeFileSync(join(folder, "program.ts"), PROGRAM);
    writeFileSync(join(folder, "wrong.ts"), WRONG);
  });
  after(() => rmSync(folder, { recursive: true }));

  it("gives another project its functions with their types", () => {
    assert.deepEqual(tsc("program.ts"), { status: 0, stdout: "", stderr: "" });
    const wrong = tsc("wrong.ts");
    assert.match(wrong.stdout, /^wrong\.ts\(2,27\): error TS\d+: .*'timeout' does not exist/);
    assert.deepEqual(run(process.execPath, ["program.ts"]), { status: 0, stdout: OUTPUT, stderr: "" });
  });

  it("gives a notebook in any folder its functions with their types", async () => {
    const notebooks = join(folder, "my notebooks");
    mkdirSync(notebooks);
    const kernel = await startKernel(notebooks);
    const texts: string[] = [];
    const execute = (code: string) =>
      kernel.execute(code, {
        timeoutMs: 60_000,
        onOutput: ({ content }) => {
          const { text, data } = content as { text?: string; data?: Record<string, string> };
          texts.push(text ?? data?.["text/plain"] ?? "");
        },
      });
    try {
      const [first = "", ...rest] = PROGRAM.split("\n").filter((line) => !line.includes("questlog/client"));
      assert.equal(await execute(first), "ok");
      assert.equal(await execute(rest.join("\n").replace(", typeof createClient", "")), "ok");
      assert.deepEqual(texts.join("\n").split(/\n+/), [
        "Guilds: n'y 3",
        "3 guilds",
        "SELECT 1 WHERE r = 'n''y' function",
        "",
      ]);
      assert.equal(
        await execute("const again: Spec = spec; await query('SELECT 1', { timeout: 3 });"),
        "error",
      );
      assert.match(texts.join(""), /'timeout' does not exist in type 'QueryOptions'/);
    } finally {
      await kernel.shutdown();
    }
  });
});

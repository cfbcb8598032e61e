import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { DEFAULT_PORTS, readSettings, settings } from "../settings.ts";

const MAX_BYTES = 9_000;

const read = (...path: string[]) => readFileSync(join(settings.root, ...path), "utf8");

describe("README.md", () => {
  const readme = read("README.md");
  const { scripts } = JSON.parse(read("package.json")) as {
    scripts: Record<string, string>;
  };

  it("has at most 9,000 bytes", () => {
    assert.ok(Buffer.byteLength(readme) <= MAX_BYTES, `expected at most ${MAX_BYTES} bytes`);
  });

  it("names commands that exist, and every command", () => {
    const named = [...readme.matchAll(/npm run ([a-z]+(?::[a-z]+)?)/g)].map(([, name]) => name!);
    assert.ok(named.length > 10);
    assert.deepEqual(
      named.filter((name) => !(name in scripts)),
      [],
    );
    const internal = ["prepare", "build", "picture"];
    const missing = Object.keys(scripts).filter(
      (name) => !internal.includes(name) && !new RegExp(`(\`|run |npm )${name}\\b`).test(readme),
    );
    assert.deepEqual(missing, []);
  });

  it("names files and folders that exist", () => {
    const paths = [...readme.matchAll(/`((?:lib|notebooks|scripts|compose|history)\/[\w./-]*)`/g)];
    const users = ["notebooks/7-dragons.ipynb", "history/commands.jsonl"];
    const ours = paths.map(([, path]) => path!).filter((path) => !users.includes(path));
    assert.deepEqual(
      ours.filter((path) => !existsSync(join(settings.root, path))),
      [],
    );
  });
});

describe("docs/settings.md", () => {
  const page = read("docs", "settings.md");

  it("names every setting", () => {
    const names = new Set<string>();
    const env = new Proxy<NodeJS.ProcessEnv>(
      {},
      {
        get: (_, name) => {
          names.add(String(name));
        },
      },
    );
    readSettings(env);
    assert.ok(names.size > 20);
    const missing = [...names].filter((name) => !name.endsWith("_PORT") && !page.includes(`\`${name}\``));
    assert.deepEqual(missing, []);
  });

  it("names every port with its default", () => {
    const missing = Object.entries(DEFAULT_PORTS).filter(([name, port]) => {
      const word = name.replace(/[A-Z]/g, "_$&").toUpperCase();
      return !page.includes(`\`${word}\` | ${port} `);
    });
    assert.deepEqual(missing, []);
  });
});

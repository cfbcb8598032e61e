// Changes of files, settings and options on a real disk → whether the last run is used.
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { cachedLines, CACHE_FILE, findCached, formatCached, reasonNotCached } from "./cached-report.ts";
import {
  type CacheCall,
  callPartsOf,
  fileDigest,
  filePartsOf,
  type KeyParts,
  type Sources,
} from "./cache-key.ts";

describe("findCached(out, key)", () => {
  let folder: string;
  let call: CacheCall;
  let sources: Sources;
  const path = (name: string) => join(folder, name);
  const write = (name: string, text: string) => {
    mkdirSync(dirname(path(name)), { recursive: true });
    writeFileSync(path(name), text);
  };
  const key = (): KeyParts => ({
    ...filePartsOf(call, sources),
    data: "cluster 618",
    tables: "t",
    commit: "c",
  });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "questlog-cache-"));
    for (const [name, text] of [
      ["notebooks/a.md", "# A\n\n![a](a.png)\n"],
      ["notebooks/b.md", "# B\n"],
      ["notebooks/a.png", "picture"],
      ["profile.yaml", "days: 7"],
      ["root/lib/ask/show.ts", "lib"],
      ["root/dist/questlog.js", "dist"],
      ["root/scripts/report.ts", "scripts"],
      ["root/compose/trino/catalog/hive.properties", "compose"],
      ["root/package.json", "{}"],
      ["root/package-lock.json", "{}"],
      ["root/node_modules/.package-lock.json", "{}"],
      ["archive/1/results.json", "{}"],
      ["archive/2/results.json", "{}"],
      ["archive/2/report.html", "page"],
      ["archive/2/shop.csv", "1"],
    ] as const)
      write(name, text);
    call = {
      notebooks: [path("notebooks/a.md"), path("notebooks/b.md")],
      options: { set: ["town=York"], profile: path("profile.yaml") },
      out: path("archive/2"),
      runs: path("archive"),
    };
    sources = {
      root: path("root"),
      env: { TZ: "UTC", QUESTLOG_PARENT: "1" },
      settings: { schema: "default" },
    };
    const files = ["report.html", "results.json", "shop.csv"].map((name) => path(`archive/2/${name}`));
    write(
      `archive/2/${CACHE_FILE}`,
      formatCached({
        key: key(),
        files: files.map((file) => [file, fileDigest(file)]),
        started_at: "2026-11-27T05:31:00.000Z",
        cells: 3,
        claims: 1,
        warnings: ["a warning"],
      }),
    );
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it("finds the last run if nothing changed, and tells its time and page", () => {
    sources.env.QUESTLOG_PARENT = "2"; // each command has another
    sources.env.SHELL_SESSION = "another shell";
    write("root/lib/ask/show.test.ts", "a test is no part of a run");
    const cached = findCached(call.out, key());
    assert.ok(cached);
    const [warning, line] = cachedLines(cached);
    assert.equal(warning, "a warning");
    assert.match(
      line!,
      /^Nothing changed since 2026-11-27 05:31 UTC: .*report\.html \(3 cells, 1 claim\)\. --no-cache runs it anyway\.$/,
    );
  });

  const CHANGES: [change: string, make: () => void][] = [
    ["a byte of a notebook", () => write("notebooks/b.md", "# C\n")],
    ["the order of the notebooks", () => (call = { ...call, notebooks: call.notebooks.toReversed() })],
    ["one notebook less", () => (call = { ...call, notebooks: call.notebooks.slice(1) })],
    ["a picture", () => write("notebooks/a.png", "other")],
    ["a picture that is gone", () => rmSync(path("notebooks/a.png"))],
    ["a parameter", () => (call = { ...call, options: { ...call.options, set: ["town=Bath"] } })],
    ["one more option", () => (call = { ...call, options: { ...call.options, strict: true } })],
    ["the title", () => (call = { ...call, options: { ...call.options, title: "T" } })],
    ["the profile", () => write("profile.yaml", "days: 8")],
    ["a file of lib/", () => write("root/lib/ask/show.ts", "other")],
    ["a new file of lib/", () => write("root/lib/ask/new.ts", "new")],
    ["the compiled code", () => write("root/dist/questlog.js", "other")],
    ["a script", () => write("root/scripts/report.ts", "other")],
    ["a configuration of a service", () => write("root/compose/trino/config.properties", "other")],
    ["the lock file", () => write("root/package-lock.json", "{ }")],
    ["the installed packages", () => write("root/node_modules/.package-lock.json", "{ }")],
    ["a setting", () => (sources.settings = { schema: "other" })],
    ["a variable QUESTLOG_…", () => (sources.env.QUESTLOG_RETENTION_SECRET = "s")],
    ["the time zone", () => (sources.env.TZ = "Asia/Tokyo")],
    ["the locale", () => (sources.env.LC_ALL = "de_DE.UTF-8")],
    ["another run of the archive", () => write("archive/1/results.json", "{ }")],
    ["a new run of the archive", () => write("archive/3/results.json", "{}")],
    ["the page", () => write("archive/2/report.html", "edited")],
    ["a page that is gone", () => rmSync(path("archive/2/report.html"))],
    ["the results", () => write("archive/2/results.json", "{ }")],
    ["a file beside the page", () => rmSync(path("archive/2/shop.csv"))],
    ["a failed run since then", () => write("archive/2/failed/report.html", "failed")],
    ["a damaged record", () => write(`archive/2/${CACHE_FILE}`, "{")],
  ];
  for (const [change, make] of CHANGES)
    it(`runs the notebooks again after a change: ${change}`, () => {
      make();
      assert.equal(findCached(call.out, key()), null);
    });

  for (const part of ["data", "tables", "commit"])
    it(`runs the notebooks again after a change of the part ${part}`, () => {
      assert.equal(findCached(call.out, { ...key(), [part]: "other" }), null);
    });

  it("tells the reason if the user gives the same again", () => {
    const because = (): string | null => reasonNotCached(call.out, call, key());
    assert.equal(because(), null);
    write("archive/2/shop.csv", "2");
    assert.match(because() ?? "", /shop\.csv changed$/);
    sources.settings = { schema: "other" };
    assert.equal(because(), "a setting or a variable changed");
    assert.equal(
      reasonNotCached(call.out, call, { ...key(), settings: "", data: "" }),
      "a setting or a variable changed",
    );
    const last = { reason: "shop, cell 1: Date.now", call: callPartsOf(call) };
    write(`archive/2/${CACHE_FILE}`, formatCached(last));
    assert.equal(because(), "shop, cell 1: Date.now");
    assert.equal(findCached(call.out, key()), null);
  });

  it("tells no reason for another notebook or other options, nor after a failed run", () => {
    const because = (): string | null => reasonNotCached(call.out, call, key());
    sources.settings = { schema: "other" };
    const before = call;
    call = { ...call, options: { ...call.options, set: ["town=Bath"] } };
    assert.equal(because(), null);
    call = before;
    assert.notEqual(because(), null);
    write("archive/2/failed/report.html", "failed");
    assert.equal(because(), null);
    rmSync(path("archive/2/failed"), { recursive: true });
    write("notebooks/a.md", "# Other");
    assert.equal(because(), null);
  });

  it("runs the notebooks if a part has no version", () => {
    assert.equal(findCached(call.out, null), null);
  });
});

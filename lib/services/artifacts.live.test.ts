// The real fetchers, on a copy of the cache (hard links) from which something was taken away or
// spoilt.
import assert from "node:assert/strict";
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, truncateSync } from "node:fs";
import { basename, join } from "node:path";
import { $ } from "zx";
import { settings } from "../settings.ts";

describe("prepareArtifacts(log)", function () {
  this.timeout(5 * 60_000);
  const parent = join(settings.home, "caches");
  // Maven, pip, Java and shells read some of these characters otherwise.
  const cache = join(parent, "-c a[1] (b) {a,b}&<>|;,$\\${user.name}*?#!=Ü%41'\"`id`");
  const module = JSON.stringify(join(import.meta.dirname, "artifacts.ts"));

  before(async () => {
    rmSync(parent, { recursive: true, force: true });
    mkdirSync(parent, { recursive: true });
    await $`cp -a --link ${settings.cache} ${cache}`;
  });
  after(() => rmSync(parent, { recursive: true, force: true }));

  /** Prepares the copy in a process of its own, and resolves with the lines that it printed. */
  async function prepare(): Promise<string[]> {
    const code = `import { prepareArtifacts } from ${module}; await prepareArtifacts((line) => console.log(line));`;
    const env = { ...process.env, QUESTLOG_CACHE: cache };
    const { stdout } = await $({ env, quiet: true })`node --input-type=module -e ${code}`;
    return stdout.split("\n").filter((line) => line !== "");
  }

  it("prints and fetches nothing if the cache has every file", async () => {
    assert.deepEqual(await prepare(), []);
  });

  it("fetches an incomplete jar again, with Maven", async () => {
    const checksums = readFileSync(join(settings.root, "compose", "native", "checksums.txt"), "utf8");
    const [, jar] = / kafka (\S+kafka-clients\S+\.jar)$/m.exec(checksums)!; // Spark has another version
    const path = join(cache, "maven", jar!);
    const size = statSync(path).size;
    cpSync(path, `${path}.own`); // the link would lead into the cache that everybody uses
    rmSync(path);
    cpSync(`${path}.own`, path);
    rmSync(`${path}.own`);
    truncateSync(path, size / 2);
    const said = await prepare();
    assert.ok(said.some((line) => /^kafka: .*kafka-clients.* is damaged, fetching it again$/.test(line)));
    assert.ok(said.some((line) => /^kafka: fetched, \d+ MB, [\d.]+ s$/.test(line)));
    assert.equal(statSync(path).size, size);
    assert.deepEqual(await prepare(), []);
  });

  it("fetches Java with pip, if machine and cache have no Java", async function () {
    const java = readdirSync(cache).filter((name) => name.startsWith("java-"));
    if (java.length === 0) return this.skip(); // the machine's own is used
    for (const name of java) rmSync(join(cache, name), { recursive: true });
    const said = await prepare();
    assert.equal(said[0], "java: fetching it with pip");
    assert.match(said.at(-1)!, /^java: \d+ MB, [\d.]+ s$/);
    assert.deepEqual(await prepare(), []);
  });

  it("writes nothing beside a cache of any name", () => {
    assert.deepEqual(readdirSync(parent), [basename(cache)]);
  });
});

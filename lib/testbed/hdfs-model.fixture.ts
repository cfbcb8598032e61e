// HDFS in memory, with the parts that the commit chain uses, for tests with thousands of histories.
// `hdfsContract` tests it here, and the real HDFS in webhdfs.live.test.ts.
import assert from "node:assert/strict";
import { type FileStatus, type Hdfs, HdfsError } from "../webhdfs.ts";

export const FOLDER = Symbol("folder");
export const OPEN_DAY = "2999-12-31"; // not over, whenever and however long the tests run

export class HdfsModel implements Hdfs {
  readonly nodes = new Map<string, Buffer | typeof FOLDER>();
  readonly #pageSize: number;
  readonly #made = new Map<Buffer, number>(); // the order in which `create` made the files
  #changes = 0;
  readonly #changed = new Map<string, number>(); // folder → the number of its last change

  constructor({ pageSize = 3 } = {}) {
    this.#pageSize = pageSize;
  }

  create(path: string, bytes: Buffer): Promise<void> {
    if (this.nodes.has(path)) {
      return Promise.reject(new HdfsError("CREATE", path, "already exists", { passing: false }));
    }
    this.#folder(parent(path));
    const node = bytes.subarray();
    this.#made.set(node, this.#made.size);
    this.nodes.set(path, node);
    this.#change(path);
    return Promise.resolve();
  }

  read(path: string, range?: { offset: number; length: number }): Promise<Buffer | null> {
    const node = this.nodes.get(path);
    if (node === undefined || node === FOLDER) return Promise.resolve(null);
    const { offset, length } = range ?? { offset: 0, length: node.length };
    return Promise.resolve(node.subarray(offset, offset + length));
  }

  rename(from: string, to: string): Promise<boolean> {
    const node = this.nodes.get(from);
    if (node === undefined || this.nodes.has(to) || this.nodes.get(parent(to)) !== FOLDER) {
      return Promise.resolve(false);
    }
    this.nodes.delete(from);
    this.nodes.set(to, node);
    this.#change(from);
    this.#change(to);
    return Promise.resolve(true);
  }

  replace(from: string, to: string): Promise<void> {
    const node = this.nodes.get(from);
    if (node === undefined) return Promise.reject(new HdfsError("RENAME", from, "not found"));
    this.nodes.delete(from);
    this.nodes.set(to, node);
    return Promise.resolve();
  }

  makeFolder(path: string): Promise<void> {
    this.#folder(path);
    return Promise.resolve();
  }

  remove(path: string): Promise<void> {
    this.#change(path);
    for (const name of [...this.nodes.keys()]) {
      if (name === path || name.startsWith(`${path}/`)) this.nodes.delete(name);
    }
    return Promise.resolve();
  }

  removeEmpty(path: string): Promise<void> {
    if ([...this.nodes.keys()].some((name) => name.startsWith(`${path}/`)))
      return Promise.reject(new HdfsError("DELETE", path, "is not empty", { passing: false }));
    this.nodes.delete(path);
    this.#change(path);
    return Promise.resolve();
  }

  status(path: string): Promise<FileStatus | null> {
    const node = this.nodes.get(path);
    return Promise.resolve(node === undefined ? null : { ...this.#statusOf(path, node), name: "" });
  }

  list(path: string, after = ""): Promise<{ entries: FileStatus[]; more: number }> {
    const found = [...this.nodes]
      .filter(([name]) => name !== "/" && parent(name) === path)
      .map(([name, node]) => ({ ...this.#statusOf(name, node), name: name.slice(path.length + 1) }))
      .filter(({ name }) => name > after)
      .sort((a, b) => (a.name < b.name ? -1 : 1));
    const entries = found.slice(0, this.#pageSize);
    return Promise.resolve({ entries, more: found.length - entries.length });
  }

  /** Paths of all files below `folder`, with their contents. */
  files(folder: string): [string, Buffer][] {
    return [...this.nodes].filter(
      (entry): entry is [string, Buffer] => entry[1] !== FOLDER && entry[0].startsWith(`${folder}/`),
    );
  }

  #statusOf(path: string, node: Buffer | typeof FOLDER): Omit<FileStatus, "name"> {
    return node === FOLDER
      ? { type: "DIRECTORY", bytes: 0, modified_at: this.#changed.get(path) ?? 0 }
      : { type: "FILE", bytes: node.length, modified_at: this.#made.get(node) ?? 0 };
  }

  #change(path: string): void {
    this.#changed.set(parent(path), ++this.#changes);
  }

  #folder(path: string): void {
    for (let above = path; above !== ""; above = parent(above)) this.nodes.set(above, FOLDER);
  }
}

function parent(path: string): string {
  return path.slice(0, path.lastIndexOf("/"));
}

/** Tests the behaviour of HDFS on which the commit chain relies, in an empty folder. */
export function hdfsContract(open: () => { hdfs: Hdfs; folder: string }): void {
  let hdfs: Hdfs;
  let folder: string;
  beforeEach(() => ({ hdfs, folder } = open()));
  const text = async (path: string) => (await hdfs.read(path))?.toString();

  it("creates a file with its folders, and refuses to create it again", async () => {
    await hdfs.create(`${folder}/new/file`, Buffer.from("first"));
    await assert.rejects(hdfs.create(`${folder}/new/file`, Buffer.from("second")), HdfsError);
    assert.equal(await text(`${folder}/new/file`), "first");
  });

  it("keeps bytes of any size, and reads a range of them", async () => {
    const bytes = Buffer.alloc(3_000_000, "0123456789");
    await hdfs.create(`${folder}/large`, bytes);
    await hdfs.create(`${folder}/empty`, Buffer.alloc(0));
    assert.ok((await hdfs.read(`${folder}/large`))?.equals(bytes));
    assert.equal((await hdfs.read(`${folder}/large`, { offset: 2_999_998, length: 2 }))?.toString(), "89");
    assert.equal((await hdfs.read(`${folder}/empty`))?.length, 0);
  });

  it("renames onto a name once: true for the first rename, false for each later one", async () => {
    await hdfs.create(`${folder}/a`, Buffer.from("a"));
    await hdfs.create(`${folder}/b`, Buffer.from("b"));
    assert.equal(await hdfs.rename(`${folder}/a`, `${folder}/place`), true);
    assert.equal(await hdfs.rename(`${folder}/b`, `${folder}/place`), false);
    assert.equal(await hdfs.rename(`${folder}/a`, `${folder}/place`), false);
    assert.equal(await text(`${folder}/place`), "a");
    assert.equal(await text(`${folder}/b`), "b");
  });

  it("answers false to a rename into a folder that is not there", async () => {
    await hdfs.create(`${folder}/a`, Buffer.from("a"));
    assert.equal(await hdfs.rename(`${folder}/a`, `${folder}/no/place`), false);
    await hdfs.makeFolder(`${folder}/no`);
    await hdfs.makeFolder(`${folder}/no`);
    assert.equal(await hdfs.rename(`${folder}/a`, `${folder}/no/place`), true);
  });

  it("answers null, or an empty list, for a path that does not exist", async () => {
    assert.equal(await hdfs.read(`${folder}/nothing`), null);
    assert.equal(await hdfs.status(`${folder}/nothing`), null);
    assert.deepEqual(await hdfs.list(`${folder}/nothing`), { entries: [], more: 0 });
    await hdfs.remove(`${folder}/nothing`);
  });

  it("removes a folder with all that is in it", async () => {
    await hdfs.create(`${folder}/old/deep/file`, Buffer.from("a"));
    await hdfs.create(`${folder}/older`, Buffer.from("b"));
    await hdfs.remove(`${folder}/old`);
    assert.equal(await hdfs.status(`${folder}/old`), null);
    assert.equal(await text(`${folder}/older`), "b");
  });

  it("removes a folder without content, and no other", async () => {
    await hdfs.create(`${folder}/old/file`, Buffer.from("a"));
    await assert.rejects(hdfs.removeEmpty(`${folder}/old`), HdfsError);
    assert.equal(await text(`${folder}/old/file`), "a");
    await hdfs.remove(`${folder}/old/file`);
    await hdfs.removeEmpty(`${folder}/old`);
    assert.equal(await hdfs.status(`${folder}/old`), null);
  });

  it("lists in the order of names, and begins behind any name", async () => {
    for (const name of ["30", "10", "20"]) await hdfs.create(`${folder}/${name}`, Buffer.from(name));
    const names = async (after?: string) => (await hdfs.list(folder, after)).entries.map(({ name }) => name);
    assert.deepEqual(await names(), ["10", "20", "30"]);
    assert.deepEqual(await names("10"), ["20", "30"]);
    assert.deepEqual(await names("15"), ["20", "30"]);
    assert.deepEqual(await names("30"), []);
  });

  it("gives a folder another time when a file comes or goes", async () => {
    await hdfs.create(`${folder}/a/file`, Buffer.from("a"));
    const time = async () => (await hdfs.list(folder)).entries[0]!.modified_at;
    const changes = [
      () => hdfs.create(`${folder}/a/other`, Buffer.from("b")),
      () => hdfs.rename(`${folder}/a/other`, `${folder}/other`),
      () => hdfs.remove(`${folder}/a/file`),
    ];
    for (const change of changes) {
      const before = await time();
      await new Promise((go) => setTimeout(go, 2)); // the times are in milliseconds
      await change();
      assert.ok((await time()) > before);
    }
  });

  it("takes names with any characters", async () => {
    const path = `${folder}/day=2026-01-01/a b+c%20&ü?#.parquet`;
    await hdfs.create(path, Buffer.from("a"));
    assert.equal(await hdfs.rename(path, `${folder}/x=1+%41 é`), true);
    assert.equal(await text(`${folder}/x=1+%41 é`), "a");
    assert.equal((await hdfs.list(folder)).entries.at(-1)?.name, "x=1+%41 é");
  });
}

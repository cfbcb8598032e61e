import { randomUUID } from "node:crypto";
import assert from "node:assert/strict";
import { hdfsContract } from "./testbed/hdfs-model.fixture.ts";
import { withoutServices } from "./testbed/outages.ts";
import { WebHdfs } from "./webhdfs.ts";

describe("WebHdfs", () => {
  const root = `/test-${randomUUID()}`;
  let hdfs: WebHdfs;
  let folders = 0;

  before(() => {
    hdfs = new WebHdfs();
  });
  after(async () => {
    await hdfs.remove(root);
    hdfs.close();
  });

  hdfsContract(() => ({ hdfs, folder: `${root}/${folders++}` }));

  it("returns the size and the time of a file", async () => {
    const before = Date.now();
    await hdfs.create(`${root}/status/file`, Buffer.from("12345"));
    const status = await hdfs.status(`${root}/status/file`);
    assert.equal(status?.bytes, 5);
    assert.ok(Math.abs(status.modified_at - before) < 60_000);
    assert.equal((await hdfs.status(`${root}/status`))?.type, "DIRECTORY");
  });

  it("asks the DataNode at another host than the NameNode says", async () => {
    const [near, wrong] = [
      new WebHdfs({ datanodeHost: "localhost" }),
      new WebHdfs({ datanodeHost: "a.invalid" }),
    ];
    await near.create(`${root}/near`, Buffer.from("1"));
    assert.equal((await near.read(`${root}/near`))?.toString(), "1");
    await assert.rejects(wrong.create(`${root}/wrong`, Buffer.from("1")), / a\.invalid:\d+: getaddrinfo /);
    near.close();
    wrong.close();
  });

  it("writes and reads again as soon as the only DataNode is back", async function () {
    this.timeout(120_000);
    const write = (name: string) => hdfs.create(`${root}/outage/${name}`, Buffer.from(name));
    await write("before");
    await withoutServices(["datanode"], async () => {
      await assert.rejects(write("during"), /ECONNREFUSED/);
      await assert.rejects(hdfs.read(`${root}/outage/before`), /ECONNREFUSED/);
    });
    await write("after");
    for (const name of ["before", "after"])
      assert.equal((await hdfs.read(`${root}/outage/${name}`))?.toString(), name);
  });

  it("has another version as soon as a file or folder has changed", async () => {
    const versions = [await hdfs.version(), await hdfs.version()];
    assert.equal(versions[0], versions[1]);
    await hdfs.create(`${root}/version/a`, Buffer.from("1"));
    versions.push(await hdfs.version());
    await hdfs.rename(`${root}/version/a`, `${root}/version/b`);
    versions.push(await hdfs.version());
    await hdfs.makeFolder(`${root}/version/c`);
    versions.push(await hdfs.version());
    await hdfs.remove(`${root}/version`);
    versions.push(await hdfs.version());
    assert.equal(new Set(versions.slice(1)).size, 5);
  });

  it("names the path and HDFS' reason when it refuses", async () => {
    await hdfs.create(`${root}/file`, Buffer.from("a"));
    await assert.rejects(hdfs.create(`${root}/file`, Buffer.from("b")), (error: Error) => {
      assert.match(
        error.message,
        new RegExp(`^HDFS CREATE ${root}/file: status 403, FileAlreadyExistsException: `),
      );
      return true;
    });
  });
});

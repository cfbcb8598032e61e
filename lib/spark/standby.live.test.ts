// HDFS of Spark's tasks, in Python, on two NameNodes with HTTPS: one active, and one standby.
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { join } from "node:path";
import { settings } from "../settings.ts";
import { TwoNameNodes } from "../testbed/two-namenodes.ts";
import { PythonChild } from "./python.fixture.ts";

describe("HDFS in Python with two NameNodes", function () {
  this.timeout(180_000);
  const pair = new TwoNameNodes(join(settings.home, `spark-pair-${randomUUID().slice(0, 8)}`));
  const clients: PythonChild[] = [];
  before(async () => {
    await pair.start();
    await pair.administer("first", "/own", "op=MKDIRS");
    await pair.administer("first", "/own", "op=SETOWNER&owner=ann");
  });
  after(async () => {
    for (const client of clients) client.end();
    await pair.stop();
  });

  async function open(access: object) {
    const python = await PythonChild.start("hdfs.fixture.py");
    clients.push(python);
    python.tell({ user: "ann", ca: pair.ca, ...access });
    return async (...call: string[]) => python.ask<{ value?: unknown; error?: string }>(call);
  }

  it("finds the active one, also after they change roles, and after a kill -9", async () => {
    const hdfs = await open({ urls: [pair.url("second"), pair.url("first")] });
    assert.deepEqual(await hdfs("make_folder", "/own/a"), { value: null });
    assert.deepEqual(await hdfs("rename", "/own/a", "/own/b"), { value: true });
    await pair.activate("second");
    assert.deepEqual(await hdfs("list", "/own"), { value: [["b"], 0] });
    await pair.activate("first");
    assert.deepEqual(await hdfs("exists", "/own/b"), { value: true });
    await pair.kill("first");
    await pair.activate("second");
    assert.deepEqual(await hdfs("rename", "/own/b", "/own/c"), { value: true });
  });

  it("refuses a server with another authority", async () => {
    const hdfs = await open({ urls: [pair.url("second")], ca: null });
    const { error } = await hdfs("exists", "/own");
    assert.match(error!, /^HDFS GETFILESTATUS \/own: .*certificate/);
  });
});

// The cluster alone, by clients of its own. The drill `cluster` runs the product on it.
import assert from "node:assert/strict";
import { join } from "node:path";
import { findProcess } from "../services/process.ts";
import { settings } from "../settings.ts";
import { Cluster } from "./cluster.ts";
import { brokersReady, selectRows } from "./cluster-ready.ts";

describe("a secured cluster of ten servers", function () {
  this.timeout(180_000);
  const home = join(settings.home, "cluster");
  let cluster: Cluster;
  before(async () => (cluster = await Cluster.start(home)));
  after(() => cluster.stop());

  it("answers only to its authority's clients with the right password", async () => {
    await brokersReady(cluster.access);
    assert.deepEqual(await selectRows(cluster.access, "SELECT 1"), [[1]]);
    await assert.rejects(brokersReady({ ...cluster.access, password: "wrong" }), /authentication/i);
    await assert.rejects(selectRows({ ...cluster.access, password: "wrong" }, "SELECT 1"), /status 401/);
    await assert.rejects(selectRows({ ...cluster.access, ca: "" }, "SELECT 1"), /certificate/);
  });

  it("takes back a broker, a DataNode and a worker after kill -9, also from another process", async () => {
    const other = Cluster.open(home);
    for (const name of ["broker-1", "datanode-2", "worker"]) {
      await other.kill(name);
      assert.equal(findProcess(home, name), undefined);
      await other.start(name);
    }
    await cluster.ready();
  });
});

// The cluster alone, by clients of its own. The drill `cluster` runs the product on it.
import assert from "node:assert/strict";
import { join } from "node:path";
import { settings } from "../settings.ts";
import { WebHdfs } from "../webhdfs.ts";
import { Cluster } from "./secured-cluster.ts";
import { brokersReady, selectRows } from "./cluster-ready.ts";
import { CLUSTER_USER } from "./cluster-servers.ts";

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

  it("takes and gives files while a DataNode is dead", async () => {
    const { webhdfsUrl, ca } = cluster.access;
    const access = { ca, password: undefined, token: undefined, kerberos: false };
    const options = { urls: [webhdfsUrl], user: CLUSTER_USER, access };
    const paths = Array.from({ length: 20 }, (_, i) => `/test/dead/${i}`);
    const before = new WebHdfs(options);
    for (const path of paths) await before.create(path, Buffer.from(path));
    await cluster.kill("datanode-2");
    try {
      const hdfs = new WebHdfs({ ...options, attempts: 1 }); // no call is repeated
      for (const path of paths) {
        assert.equal((await hdfs.read(path))?.toString(), path);
        await hdfs.create(`${path}.new`, Buffer.from(path));
      }
      hdfs.close();
    } finally {
      await cluster.start("datanode-2");
      before.close();
    }
  });
});

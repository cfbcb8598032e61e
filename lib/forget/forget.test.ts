import assert from "node:assert/strict";
import { forgetFolder, removalsFolder } from "../layout.ts";
import { HdfsModel } from "../testbed/hdfs-model.fixture.ts";
import { finishRemoval } from "./forget.ts";
import type { ForgetPlace } from "./prove-first.ts";
import { decide, planOf, writePlan } from "./removal-plan.ts";

const root = "/q";

function newPlace() {
  const hdfs = new HdfsModel();
  const place: ForgetPlace = {
    hdfs,
    root,
    schema: "default",
    topic: "t",
    failedTopic: "f",
    home: "/nowhere",
    texts: [],
  };
  return { hdfs, place, plan: planOf("t", [], [], []) };
}

describe("finishRemoval(place, options)", () => {
  it("drops a plan whose process ended before it looked for swaps: the rows may lie in other files", async () => {
    const { hdfs, place, plan } = newPlace();
    await writePlan({ hdfs, root }, plan);
    assert.equal(await finishRemoval(place, { log: () => {} }), "dropped");
    assert.equal(await finishRemoval(place, { log: () => {} }), "none");
    assert.deepEqual(hdfs.files(forgetFolder(root)), []);
    assert.deepEqual(hdfs.files(removalsFolder(root, "t")), []);
  });

  it("lets no process go on with a plan that another one has dropped", async () => {
    const { hdfs, place, plan } = newPlace();
    await writePlan({ hdfs, root }, plan);
    await finishRemoval(place, { log: () => {} });
    await assert.rejects(decide({ hdfs, root }, plan), /another process has dropped the plan/);
  });
});

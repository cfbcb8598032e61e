import { FOLDER, HdfsModel, hdfsContract } from "./hdfs-model.fixture.ts";

describe("HdfsModel", () => {
  hdfsContract(() => {
    const hdfs = new HdfsModel();
    hdfs.nodes.set("/test", FOLDER);
    return { hdfs, folder: "/test" };
  });
});

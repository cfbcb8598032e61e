import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { query } from "../trino.ts";
import { kafkaClient, Partitioners, PATIENT } from "../kafka.ts";
import { HOST, settings } from "../settings.ts";
import { nativeRuntime } from "./native.ts";
import { findProcess } from "./process.ts";
import { runStatement } from "./plain-trino.ts";
import { services } from "./services.ts";
import { startServices } from "./start.ts";
import { stopServices } from "./stop.ts";
import { WebHdfs } from "../webhdfs.ts";

// Stops and starts the services of the stack of `settings`: no other test may run beside it.
describe("a stack that is stopped and started", function () {
  this.timeout(300_000);
  const id = randomUUID().slice(0, 8);
  const table = `restart_${id}`;
  const topic = `restart_${id}`;
  const folder = `/restart_${id}`;
  const kafka = kafkaClient(settings.kafkaBrokers, { retries: PATIENT });
  const admin = kafka.admin();

  after(async () => {
    await runStatement(`DROP TABLE IF EXISTS ${table}`);
    const url = `${settings.webhdfsUrl}/webhdfs/v1${folder}?op=DELETE&recursive=true&user.name=${settings.hdfsUser}`;
    assert.deepEqual(await (await fetch(url, { method: "DELETE" })).json(), { boolean: true });
    await admin.connect();
    await admin.deleteTopics({ topics: [topic] });
    await admin.disconnect();
  });

  it("has a killed DataNode back only when it reads files again", async () => {
    const hdfs = new WebHdfs({ attempts: 1 });
    const path = `${folder}_file`;
    await hdfs.create(path, Buffer.from("1"));
    const datanode = services.find(({ name }) => name === "datanode")!;
    await nativeRuntime.kill(datanode);
    await startServices({ names: ["datanode"], log: () => {} });
    assert.equal(String(await hdfs.read(path)), "1");
    await hdfs.remove(path);
    hdfs.close();
  });

  it("makes a schema at the first try after the NameNode was killed and has started", async () => {
    const namenode = services.find(({ name }) => name === "namenode")!;
    const schemas = ["a", "b"].map((name) => `restart_${id}_${name}`);
    for (const schema of schemas) {
      // The first one leaves Trino and the metastore with connections, which the kill breaks.
      const location = `hdfs://${HOST}:${settings.ports.namenode}/${schema}`;
      await runStatement(`CREATE SCHEMA ${settings.catalog}.${schema} WITH (location = '${location}')`);
      await nativeRuntime.kill(namenode);
      await startServices({ names: ["namenode", "datanode"], log: () => {} });
    }
    for (const schema of schemas) await runStatement(`DROP SCHEMA ${settings.catalog}.${schema}`);
  });

  it("keeps every message and every row", async () => {
    await admin.connect();
    await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] });
    await admin.disconnect();
    const producer = kafka.producer({ createPartitioner: Partitioners.DefaultPartitioner });
    await producer.connect();
    await producer.send({ topic, messages: [{ value: "one" }, { value: "two" }] });
    await producer.disconnect();
    const location = `hdfs://${HOST}:${settings.ports.namenode}${folder}`;
    await runStatement(
      `CREATE TABLE ${table} WITH (format = 'PARQUET', external_location = '${location}')
       AS SELECT * FROM (VALUES 1, 2, 3) AS t (x)`,
    );

    const running = services.filter(({ name }) => findProcess(settings.home, name)).map(({ name }) => name);
    const stopped = await stopServices({ names: running });
    assert.deepEqual(stopped.map(({ service }) => service).sort(), [...running].sort());
    for (const service of services) assert.equal(await nativeRuntime.isRunning(service), false, service.name);
    await startServices({ names: running });

    assert.deepEqual(await query(`SELECT x FROM ${table} ORDER BY x`), [{ x: 1 }, { x: 2 }, { x: 3 }]);
    await admin.connect();
    const [offsets] = await admin.fetchTopicOffsets(topic);
    await admin.disconnect();
    assert.equal(offsets?.high, "2");
  });
});

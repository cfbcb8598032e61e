/**
 * A schema, an HDFS folder and a consumer group of a drill's own, and the stream that fills them.
 */
import { query } from "../ask/query.js";
import { createTables, registerDays } from "../ask/tables.js";
import { countTopic } from "../collect/topic.js";
import { untilLanded } from "../land/landed.js";
import { startStream } from "../land/stream.js";
import { WebHdfs } from "../land/webhdfs.js";
import { settings } from "../settings.js";

export interface DrillPlace {
  schema: string;
  hdfsRoot: string;
  hdfs: WebHdfs;
  /** Lands all that `topic` holds now, and makes its days visible; resolves with the number of messages. */
  land: (topic: string) => Promise<number>;
  remove: () => Promise<void>;
}

/** Makes the place with its empty tables. */
export async function makePlace(): Promise<DrillPlace> {
  const schema = `drill_${Math.random().toString(36).slice(2)}`;
  const hdfsRoot = `/drill/${schema}`;
  const hdfs = new WebHdfs({ url: settings.webhdfsUrl, user: settings.hdfsUser });
  await query(`CREATE SCHEMA ${schema} WITH (location = 'hdfs://${hdfsRoot}/schema')`);
  await createTables({ schema, hdfsRoot });
  return {
    schema,
    hdfsRoot,
    hdfs,
    land: async (topic) => {
      const { total, partitions } = await countTopic({ topic });
      const stream = startStream({
        brokers: settings.kafkaBrokers,
        topic,
        group: topic,
        hdfs,
        root: hdfsRoot,
      });
      try {
        await Promise.race([untilLanded(partitions, { topic, root: hdfsRoot }), stream.done]);
      } finally {
        await stream.stop();
      }
      await registerDays({ schema });
      return total;
    },
    remove: async () => {
      await query(`DROP SCHEMA ${schema} CASCADE`);
      await hdfs.remove(hdfsRoot);
      hdfs.close();
    },
  };
}

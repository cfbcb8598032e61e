/**
 * Land the topic's events as tables, until told to stop (SIGTERM or Ctrl-C).
 *
 *   npm run stream
 */
import { registerDays } from "../lib/ask/tables.js";
import { recordScript } from "../lib/history.js";
import { whenDaysAreNew } from "../lib/land/days.js";
import { startStream } from "../lib/land/stream.js";
import { WebHdfs } from "../lib/land/webhdfs.js";
import { settings } from "../lib/settings.js";

recordScript("stream");
const { kafkaBrokers: brokers, topic, consumerGroup: group, hdfsRoot: root } = settings;
const hdfs = new WebHdfs({ url: settings.webhdfsUrl, user: settings.hdfsUser });
const log = (line: string) => console.error(`${new Date().toISOString()} stream: ${line}`);
const stopping = new AbortController();
const onCommit = whenDaysAreNew(() => registerDays(), { signal: stopping.signal, log });
const stream = startStream({ brokers, topic, group, hdfs, root, onCommit, log });

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.on(signal, () => {
    stopping.abort();
    stream.stop().catch(() => {}); // awaited below
  });
}

try {
  await Promise.race([stream.ready, stream.done]);
  const places = stream
    .metrics()
    .partitions.map(({ partition, next }) => `partition ${partition} from offset ${next}`);
  if (!stopping.signal.aborted) console.log(`stream: ready, ${topic} to ${root}: ${places.join(", ")}`);
  await stream.done;
  const { rows, failed, commits } = stream.metrics();
  log(`ended: ${rows} rows landed in ${commits} commits, ${failed} of them failed events`);
} catch (error) {
  log((error as Error).message);
  process.exitCode = 1;
} finally {
  stopping.abort();
  hdfs.close();
}
process.exit(); // what kafkajs could not end in time must not keep a stream that has ended

/**
 * Land events, and those that the API refused, as tables, until told to stop (SIGTERM or Ctrl-C).
 *
 *   npm run stream
 *
 * http://127.0.0.1:5001 answers /health, /ready and /metrics meanwhile.
 */
import { registerDays } from "../lib/ask/tables.ts";
import { recordScript } from "../lib/history.ts";
import { whenDaysAreNew } from "../lib/land/days.ts";
import { readRefused } from "../lib/refused.ts";
import { killAt } from "../lib/testbed/kill.ts";
import { Meters } from "../lib/land/stream-metrics.ts";
import { openMonitor } from "../lib/land/monitor.ts";
import { startStream, type Stream, type StreamOptions } from "../lib/land/stream.ts";
import { WebHdfs } from "../lib/webhdfs.ts";
import { HOST, settings } from "../lib/settings.ts";

recordScript("stream");
const { kafkaBrokers: brokers, topic, failedTopic, hdfsRoot: root } = settings;
const { consumerGroup: group, failedConsumerGroup } = settings;
const log = (line: string) => console.error(`${new Date().toISOString()} stream: ${line}`);
if (failedTopic === topic) {
  log(`QUESTLOG_FAILED_TOPIC: expected another topic than that of the events, got "${topic}"`);
  process.exit(1);
}
const streams: Stream[] = [];
const meters = new Meters();
const at = settings.killAt === undefined ? undefined : killAt(settings.killAt);
const monitor = await openMonitor(streams, meters, settings.ports.stream).catch((error: Error) => {
  log(error.message);
  process.exit(1);
});
const hdfs = new WebHdfs({ url: settings.webhdfsUrl, user: settings.hdfsUser });
const stopping = new AbortController();
const registerNewDays = whenDaysAreNew(() => registerDays(), { signal: stopping.signal, log });
const common: Omit<StreamOptions, "topic" | "group"> = {
  brokers,
  hdfs,
  root,
  at,
  onCommit: (record, batch) => {
    meters.count(record, batch);
    registerNewDays(record);
  },
};
streams.push(
  startStream({ ...common, topic, group, log }),
  startStream({
    ...common,
    topic: failedTopic,
    group: failedConsumerGroup,
    reader: readRefused,
    log: (line) => log(`${failedTopic}: ${line}`),
  }),
);

for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, stop);

try {
  await Promise.race([Promise.all(streams.map(({ ready }) => ready)), ...streams.map(({ done }) => done)]);
  if (!stopping.signal.aborted)
    console.log(
      `stream: ready, ${streams.map(placesOf).join("; ")}, to ${root}, http://${HOST}:${monitor.port}`,
    );
  await Promise.all(streams.map(({ done }) => done));
} catch (error) {
  log((error as Error).message);
  process.exitCode = 1;
  stop(); // the other topic's stream, if one cannot go on
  await Promise.allSettled(streams.map(({ done }) => done));
} finally {
  monitor.close();
  hdfs.close();
}
for (const stream of streams) {
  const { rows, failed, commits } = stream.metrics();
  log(`${stream.topic} ended: ${rows} rows landed in ${commits} commits, ${failed} of them failed events`);
}
process.exit(); // what kafkajs could not end in time must not keep a stream that has ended

function stop(): void {
  stopping.abort();
  for (const stream of streams) stream.stop().catch(() => {}); // awaited above
}

function placesOf(stream: Stream): string {
  const places = stream
    .metrics()
    .partitions.map(({ partition, next }) => `partition ${partition} from offset ${next}`);
  return `${stream.topic}: ${places.join(", ")}`;
}

/**
 * Settings → the stream process: it lands both topics and serves the probes until a signal.
 *
 * The topics are that of the events and the failed topic, each with its own consumer group. If one
 * topic's stream fails, the other one stops too.
 */
import { loadedCatalogue } from "../events.ts";
import { readRefused } from "../refused.ts";
import { serveProbes } from "../probes.ts";
import { HOST, settings } from "../settings.ts";
import { topicObstacles } from "../topic-facts.ts";
import { WebHdfs } from "../webhdfs.ts";
import type { AtPoint } from "./commits.ts";
import { TableClaim } from "./claim.ts";
import { DayRegistrar } from "./days.ts";
import { readiness, StreamMetrics } from "./stream-metrics.ts";
import { Stream, type StreamOptions } from "./stream.ts";

export interface StreamRun {
  signal: AbortSignal; // ends the process's work
  say: (line: string) => void; // gets one line when both streams are ready
  log: (line: string) => void; // gets a line at each change of state
  registerDays: () => Promise<void>; // makes a table's new days visible in Trino
  at?: AtPoint;
}

/**
 * Lands both topics, and resolves after the signal aborts.
 * @throws Error if the port is taken, or a stream would lose or double events
 */
export async function runStream({ signal, say, log, registerDays, at }: StreamRun): Promise<void> {
  const { kafkaBrokers: brokers, topic, failedTopic, hdfsRoot: root } = settings;
  const streams: Stream[] = [];
  const metrics = new StreamMetrics();
  const probes = {
    state: () => ({ ...readiness(streams), catalogue: loadedCatalogue }),
    metrics: { contentType: metrics.contentType, text: () => metrics.text(streams) },
  };
  const probeServer = await serveProbes(probes, settings.ports.stream, "stream");
  const hdfs = new WebHdfs();
  const failure = new AbortController(); // aborted: one topic's stream failed
  const stopping = AbortSignal.any([signal, failure.signal]);
  const days = new DayRegistrar(registerDays, { signal: stopping, log });
  const common: Omit<StreamOptions, "topic" | "group"> = {
    brokers,
    hdfs,
    root,
    at,
    onCommit: (record, batch) => {
      metrics.count(record, batch);
      days.onCommit(record);
    },
  };
  const failedLog = (line: string) => log(`${failedTopic}: ${line}`);
  const claim = new TableClaim(hdfs, root, log);
  streams.push(
    new Stream({
      ...common,
      topic,
      group: settings.consumerGroup,
      parse: claim.parse,
      prepare: () => claim.make(),
      log,
    }),
    new Stream({
      ...common,
      topic: failedTopic,
      group: settings.failedConsumerGroup,
      parse: readRefused,
      log: failedLog,
    }),
  );
  stopWith(stopping, streams);
  void topicObstacles().then((problems) => problems.forEach((problem) => log(problem)));
  const ended = Promise.all(streams.map(({ done }) => done));
  try {
    await Promise.race([Promise.all(streams.map(({ ready }) => ready)), ended]);
    const url = `http://${HOST}:${probeServer.port}`;
    if (!stopping.aborted) say(`stream: ready, ${streams.map(positionsOf).join("; ")}, to ${root}, ${url}`);
    await ended;
  } catch (error) {
    failure.abort();
    await Promise.allSettled(streams.map(({ done }) => done));
    throw error;
  } finally {
    probeServer.close();
    hdfs.close();
    for (const stream of streams) log(totalsOf(stream));
  }
}

function stopWith(signal: AbortSignal, streams: Stream[]): void {
  const stop = (): void => {
    // `done` rejects with the same error, and runStream awaits it.
    for (const stream of streams) stream.stop().catch(() => {});
  };
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
}

function positionsOf(stream: Stream): string {
  const positions = stream
    .state()
    .partitions.map(({ partition, next }) => `partition ${partition} from offset ${next}`);
  return `${stream.topic}: ${positions.join(", ")}`;
}

function totalsOf(stream: Stream): string {
  const { rows, failed, commits } = stream.state();
  return `${stream.topic} ended: ${rows} rows landed in ${commits} commits, ${failed} of the rows failed events`;
}

/**
 * Drill `slow-net`: API and stream reach their services through proxies. These are slow, then cut
 * at random, then silent.
 *
 * A silent proxy passes requests on and never answers. No client learns that its connection is
 * dead. Only the client's own time-out ends its wait.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { HOST, settings } from "../settings.ts";
import { underLoad } from "./drill.ts";
import { countCommits, untilCommitted } from "../testbed/witness.ts";
import { kafkaAddress, FaultyProxy } from "../testbed/proxy.ts";
import type { Pipeline } from "../testbed/pipeline.ts";

const LATENCY_MS = 500;
const MAX_BETWEEN_RESETS_MS = 1_500;
const LONGEST_TIMEOUT_MS = 60_000; // of all requests: that of the stream to a DataNode
const LANDING_LIMIT_MS = LONGEST_TIMEOUT_MS + 30_000; // and time to join the group and to commit

export const slowNet = underLoad(
  {
    name: "slow-net",
    what: "connections to Kafka and WebHDFS are 500 ms slow, then reset at random, then half-open: landing goes on, no message is lost or lands twice",
    perSecond: 100,
    start: startBehindProxies,
  },
  async ({ pipeline, random, short, log }) => {
    const { proxies } = pipeline;
    const resets = short ? 4 : 40;
    const halfOpenMs = short ? 7_000 : LONGEST_TIMEOUT_MS + 10_000; // longer than a session; longer than each time-out

    for (const proxy of proxies) proxy.latencyMs = LATENCY_MS;
    const slowMs = await nextCommits(pipeline);
    log(`slow by ${LATENCY_MS} ms: commits of all partitions after ${slowMs} ms`);

    for (let reset = 1; reset <= resets; reset++) {
      await sleep(random() * MAX_BETWEEN_RESETS_MS);
      proxies[Math.floor(random() * proxies.length)]!.reset();
    }
    const resetMs = await nextCommits(pipeline);
    log(`reset ${resets} times: commits of all partitions after ${resetMs} ms`);

    // The DataNode's time-out alone is longer than the short form.
    const silent = short ? proxies.slice(0, -1) : proxies;
    for (const proxy of proxies) proxy.latencyMs = 0;
    for (const proxy of silent) proxy.silence();
    await sleep(halfOpenMs);
    for (const proxy of silent) proxy.speak();
    const halfOpenEndMs = await nextCommits(pipeline);
    log(`silent for ${halfOpenMs} ms: commits of all partitions after ${halfOpenEndMs} ms`);

    return {
      resets,
      half_open_ms: halfOpenMs,
      landed_when_slow_ms: slowMs,
      landed_after_resets_ms: resetMs,
      landed_after_half_open_ms: halfOpenEndMs,
    };
  },
);

/**
 * Opens a proxy to Kafka for the API, and proxies to Kafka, NameNode and, last, DataNode for the
 * stream.
 */
async function startBehindProxies(pipeline: Pipeline): Promise<void> {
  const kafka = { to: settings.kafkaBrokers[0]!, addressed: kafkaAddress };
  const apiKafka = await pipeline.openProxy(kafka);
  const streamKafka = await pipeline.openProxy(kafka);
  const dataNode = new FaultyProxy({ to: `${HOST}:${settings.ports.datanodeHttp}` });
  const nameNode = await pipeline.openProxy({ to: new URL(settings.webhdfsUrl).host, named: [dataNode] });
  await pipeline.openProxy(dataNode);
  await pipeline.startApi({ QUESTLOG_KAFKA_BROKERS: apiKafka.address });
  await pipeline.startStream({
    QUESTLOG_KAFKA_BROKERS: streamKafka.address,
    QUESTLOG_WEBHDFS_URL: `http://${nameNode.address}`,
  });
}

/**
 * Waits for commits of messages that are read from now on. The first two commits can be of older
 * messages: the stream commits one batch while it fills another.
 */
async function nextCommits(pipeline: Pipeline): Promise<number> {
  const before = await countCommits(pipeline);
  return untilCommitted(pipeline, { before, partitions: "every", commits: 3, limitMs: LANDING_LIMIT_MS });
}

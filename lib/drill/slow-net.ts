/**
 * The drill `slow-net`: between API, stream and their services lie lines that are slow, then cut at random, then silent.
 *
 * Silent lines take what is sent and never answer: nobody is told that the connection is dead, so
 * only the time-outs of the clients can end the waiting.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { HOST, settings } from "../settings.ts";
import type { Drill } from "./drill.ts";
import { seeded } from "../testbed/seeded.ts";
import { countCommits, untilCommitted } from "../testbed/witness.ts";
import { startPlayers } from "../testbed/players.ts";
import { kafkaAddress, Line } from "../testbed/proxy.ts";
import { settle } from "../testbed/account.ts";
import { openPipeline, type Pipeline } from "../testbed/pipeline.ts";

const PER_SECOND = 100;
const LATENCY_MS = 500;
const MAX_BETWEEN_RESETS_MS = 1_500;
const LONGEST_TIMEOUT_MS = 60_000; // of a request: the stream's to a DataNode
const LANDING_LIMIT_MS = LONGEST_TIMEOUT_MS + 30_000; // to join the group and to commit, too

export const slowNet: Drill = {
  name: "slow-net",
  what: "connections to Kafka and WebHDFS are slow by 500 ms, reset at random, then half-open: landing goes on, nothing is lost or landed twice",
  async run({ short, seed, say }) {
    const resets = short ? 4 : 40;
    const halfOpenMs = short ? 7_000 : LONGEST_TIMEOUT_MS + 10_000; // longer than a session, than every time-out
    const random = seeded(seed);
    const pipeline = await openPipeline("slow-net");
    const { lines, apiEnv, streamEnv } = await openLines();
    try {
      await pipeline.startApi(apiEnv);
      await pipeline.startStream(streamEnv);
      const players = startPlayers({ url: () => pipeline.apiUrl, perSecond: PER_SECOND, random });

      for (const line of lines) line.latencyMs = LATENCY_MS;
      const slowMs = await nextCommits(pipeline);
      say(`slow by ${LATENCY_MS} ms: commits of all partitions after ${slowMs} ms`);

      for (let reset = 1; reset <= resets; reset++) {
        await sleep(random() * MAX_BETWEEN_RESETS_MS);
        lines[Math.floor(random() * lines.length)]!.reset();
      }
      const resetMs = await nextCommits(pipeline);
      say(`reset ${resets} times: commits of all partitions after ${resetMs} ms`);

      // The DataNode's time-out alone is longer than the short form.
      const silent = short ? lines.slice(0, -1) : lines;
      for (const line of lines) line.latencyMs = 0;
      for (const line of silent) line.silence();
      await sleep(halfOpenMs);
      for (const line of silent) line.speak();
      const halfOpenEndMs = await nextCommits(pipeline);
      say(`silent for ${halfOpenMs} ms: commits of all partitions after ${halfOpenEndMs} ms`);

      players.stop();
      const ledger = await players.done;
      return {
        resets,
        half_open_ms: halfOpenMs,
        landed_when_slow_ms: slowMs,
        landed_after_resets_ms: resetMs,
        landed_after_half_open_ms: halfOpenEndMs,
        retries: ledger.retries,
        ...(await settle(pipeline, ledger)),
      };
    } finally {
      await pipeline.close();
      for (const line of lines) await line.cut();
    }
  },
};

/** Lines to Kafka for the API, to Kafka, the NameNode and the DataNode for the stream; the DataNode's is the last. */
async function openLines() {
  const kafka = { to: settings.kafkaBrokers[0]!, addressed: kafkaAddress };
  const [apiKafka, streamKafka] = [new Line(kafka), new Line(kafka)];
  const dataNode = new Line({ to: `${HOST}:${settings.ports.datanodeHttp}` });
  const nameNode = new Line({ to: new URL(settings.webhdfsUrl).host, named: [dataNode] });
  const lines = [apiKafka, streamKafka, nameNode, dataNode];
  await Promise.all(lines.map((line) => line.open()));
  return {
    lines,
    apiEnv: { QUESTLOG_KAFKA_BROKERS: apiKafka.address },
    streamEnv: {
      QUESTLOG_KAFKA_BROKERS: streamKafka.address,
      QUESTLOG_WEBHDFS_URL: `http://${nameNode.address}`,
    },
  };
}

/** Waits for commits of what was read from now on: a stream may still hold one batch that it commits, and one that it fills. */
async function nextCommits(pipeline: Pipeline): Promise<number> {
  const before = await countCommits(pipeline);
  return untilCommitted(pipeline, { before, partitions: "every", commits: 3, limitMs: LANDING_LIMIT_MS });
}

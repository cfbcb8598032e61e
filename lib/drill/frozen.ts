/**
 * Drill `frozen`: servers hold their connections and answer nothing, one after another. In
 * containers, each is also cut off from its network.
 *
 * Processes share the machine's network, so they are only frozen.
 */
import { stackRuntime } from "../services/choice.ts";
import type { ServiceName } from "../services/services.ts";
import { countCommits, untilCommitted } from "../testbed/witness.ts";
import { unreachableFor } from "../testbed/outages.ts";
import { underLoad } from "./drill.ts";

const SERVERS: readonly ServiceName[] = ["kafka", "namenode", "datanode"];
const COMMIT_LIMIT_MS = 90_000; // from the answer of the server to the next commits

export const frozen = underLoad(
  {
    name: "frozen",
    what: "Kafka, NameNode and DataNode freeze in turn, and in containers lose their network: no event is lost, events land again",
    perSecond: 100,
  },
  async ({ pipeline, short, log }) => {
    const ways = (await stackRuntime()).disconnect ? (["frozen", "cut off"] as const) : (["frozen"] as const);
    const resumedMs: number[] = [];
    for (const way of ways)
      for (const name of SERVERS) {
        const { killedAt, readyAt } = await unreachableFor(name, way, short ? 3_000 : 20_000);
        const before = await countCommits(pipeline);
        const wait = { before, partitions: "every", limitMs: COMMIT_LIMIT_MS } as const;
        resumedMs.push(await untilCommitted(pipeline, wait));
        log(`${name} was ${way} for ${readyAt - killedAt} ms, committed again after ${resumedMs.at(-1)} ms`);
      }
    return { ways: ways.join(", "), resumed_longest_ms: Math.max(...resumedMs) };
  },
);

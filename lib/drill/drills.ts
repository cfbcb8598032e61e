/** All drills in the order of a run: faults of our processes, outages of services, a cluster. */
import { cluster } from "./cluster.ts";
import { compaction } from "./compaction.ts";
import { downUp } from "./down-up.ts";
import type { Drill } from "./drill.ts";
import { engines } from "./engines.ts";
import { forgetting } from "./forgetting.ts";
import { frozen } from "./frozen.ts";
import { hdfsDown } from "./hdfs-down.ts";
import { kafkaDown } from "./kafka-down.ts";
import { killApi } from "./kill-api.ts";
import { killStream } from "./kill-stream.ts";
import { poison } from "./poison.ts";
import { rebalance } from "./rebalance.ts";
import { slowNet } from "./slow-net.ts";
import { soak } from "./soak.ts";
import { trinoDown } from "./trino-down.ts";
import { zombie } from "./zombie.ts";

export const drills: readonly Drill[] = [
  killStream,
  zombie,
  rebalance,
  killApi,
  poison,
  slowNet,
  soak,
  compaction,
  forgetting,
  engines,
  frozen,
  kafkaDown,
  hdfsDown,
  trinoDown,
  downUp,
  cluster,
];

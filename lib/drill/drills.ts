/**
 * All drills, in the order in which they run: faults of our own processes, attacks, outages of services.
 */
import { downUp } from "./down-up.ts";
import type { Drill } from "./drill.ts";
import { hdfsDown } from "./hdfs-down.ts";
import { inject } from "../collect/inject.live.test.ts";
import { kafkaDown } from "./kafka-down.ts";
import { killApi } from "./kill-api.ts";
import { killStream } from "./kill-stream.ts";
import { large } from "../collect/large.live.test.ts";
import { malformed } from "../collect/malformed.live.test.ts";
import { poison } from "./poison.ts";
import { rebalance } from "./rebalance.ts";
import { slow } from "../collect/slow.live.test.ts";
import { slowNet } from "./slow-net.ts";
import { soak } from "./soak.ts";
import { sockets } from "../services/sockets.live.test.ts";
import { trinoDown } from "./trino-down.ts";
import { xss } from "../report/xss.live.test.ts";
import { zombie } from "./zombie.ts";

export const drills: readonly Drill[] = [
  ...[killStream, zombie, rebalance, killApi, poison, slowNet, soak],
  ...[malformed, large, slow, inject, xss, sockets],
  ...[kafkaDown, hdfsDown, trinoDown, downUp],
];

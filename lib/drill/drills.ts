/**
 * All drills, in the order in which they run: faults of our own processes, attacks, outages of services.
 */
import { downUp } from "./down-up.js";
import type { Drill } from "./drill.js";
import { hdfsDown } from "./hdfs-down.js";
import { inject } from "./inject.js";
import { kafkaDown } from "./kafka-down.js";
import { killApi } from "./kill-api.js";
import { killStream } from "./kill-stream.js";
import { large } from "./large.js";
import { malformed } from "./malformed.js";
import { poison } from "./poison.js";
import { rebalance } from "./rebalance.js";
import { slow } from "./slow.js";
import { slowNet } from "./slow-net.js";
import { soak } from "./soak.js";
import { sockets } from "./sockets.js";
import { trinoDown } from "./trino-down.js";
import { xss } from "./xss.js";
import { zombie } from "./zombie.js";

export const drills: readonly Drill[] = [
  ...[killStream, zombie, rebalance, killApi, poison, slowNet, soak],
  ...[malformed, large, slow, inject, xss, sockets],
  ...[kafkaDown, hdfsDown, trinoDown, downUp],
];

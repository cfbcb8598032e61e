/**
 * All drills, in the order in which they run.
 */
import type { Drill } from "./drill.js";
import { killApi } from "./kill-api.js";
import { killStream } from "./kill-stream.js";
import { inject } from "./inject.js";
import { large } from "./large.js";
import { malformed } from "./malformed.js";
import { poison } from "./poison.js";
import { rebalance } from "./rebalance.js";
import { slow } from "./slow.js";
import { slowNet } from "./slow-net.js";
import { soak } from "./soak.js";
import { zombie } from "./zombie.js";

export const drills: readonly Drill[] = [
  killStream,
  zombie,
  rebalance,
  killApi,
  poison,
  slowNet,
  soak,
  malformed,
  large,
  slow,
  inject,
];

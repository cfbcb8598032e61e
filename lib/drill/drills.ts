/**
 * All drills, in the order in which they run.
 */
import type { Drill } from "./drill.js";
import { inject } from "./inject.js";
import { large } from "./large.js";
import { malformed } from "./malformed.js";
import { slow } from "./slow.js";
import { sockets } from "./sockets.js";
import { xss } from "./xss.js";

export const drills: readonly Drill[] = [malformed, large, slow, inject, xss, sockets];

/**
 * All drills, in the order in which they run.
 */
import type { Drill } from "./drill.js";
import { malformed } from "./malformed.js";

export const drills: readonly Drill[] = [malformed];

/**
 * Failed events that wait: they fit the API's list of events, and not yet this stream or its table.
 *
 * Their reasons begin with a word of their own. A stream that can land them replays them by itself.
 */
import type { Misfit } from "./misfit.ts";

/** The beginning of the reasons of events that wait. */
export const WAITING = "waiting: ";

/** The misfit of an event that waits. */
export function waiting(misfit: Misfit): Misfit {
  misfit.message = WAITING + misfit.message;
  return misfit;
}

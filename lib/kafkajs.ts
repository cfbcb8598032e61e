/**
 * kafkajs → kafkajs without the timer that never rests.
 *
 * From its first answer on, each connection of kafkajs 2.2.4 looks every millisecond for requests that
 * wait for their turn (tulios/kafkajs, issue 1704): 900 wake-ups a second of a stream that has nothing to do,
 * and on Node 24 a warning of a negative time-out. Here it only looks while one waits; a
 * request that has to wait starts the looking by itself.
 */
import kafkajs from "kafkajs";
import { createRequire } from "node:module";

interface RequestQueue {
  pending: unknown[];
  scheduleCheckPendingRequests: () => void;
}

const path = "kafkajs/src/network/requestQueue/index.js";
const { prototype } = createRequire(import.meta.url)(path) as { prototype: RequestQueue };

const schedule = prototype.scheduleCheckPendingRequests;
prototype.scheduleCheckPendingRequests = function (this: RequestQueue) {
  if (this.pending.length > 0) schedule.call(this);
};

export * from "kafkajs";
export const { ConfigResourceTypes } = kafkajs; // Node does not find this name in the CommonJS module

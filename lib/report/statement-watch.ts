/**
 * Lines on stdin, each with a statement that began or ended → at stdin's end, the statements that
 * still run are cancelled in Trino. A process of its own: stdin also ends with a killed kernel.
 */
import { createInterface } from "node:readline";
import type { RunningStatement } from "../trino.ts";

const CANCEL_TIMEOUT_MS = 10_000;

const running = new Map<string, RunningStatement>();
for await (const line of createInterface({ input: process.stdin })) {
  const { began, ended } = JSON.parse(line) as { began?: RunningStatement; ended?: RunningStatement };
  if (began) running.set(began.id, began);
  if (ended) running.delete(ended.id);
}
await Promise.allSettled(
  [...running.values()].map(({ id, server, user }) =>
    fetch(`${server}/v1/query/${id}`, {
      method: "DELETE",
      headers: { "X-Trino-User": user },
      signal: AbortSignal.timeout(CANCEL_TIMEOUT_MS),
    }),
  ),
);

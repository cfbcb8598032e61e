/**
 * Lines on stdin, each with a statement that began or ended → at stdin's end, the statements that
 * still run are cancelled in Trino. A process of its own: stdin also ends with a killed kernel.
 */
import { createInterface } from "node:readline";
import type { RunningStatement } from "../trino.ts";

const running = new Map<string, RunningStatement>();
for await (const line of createInterface({ input: process.stdin })) {
  const { began, ended } = JSON.parse(line) as { began?: RunningStatement; ended?: RunningStatement };
  if (began) running.set(began.id, began);
  if (ended) running.delete(ended.id);
}
if (running.size > 0) {
  // Only now: each kernel has such a process, and few have anything to cancel.
  const { getJson } = await import("../services/get-json.ts");
  const { settings } = await import("../settings.ts");
  const { trinoLogin } = await import("../trino-login.ts");
  const request = { method: "DELETE", headers: trinoLogin(), ca: settings.trinoAccess.ca } as const;
  const cancel = ({ id, server }: RunningStatement) => getJson(`${server}/v1/query/${id}`, request);
  await Promise.allSettled([...running.values()].map(cancel)); // the answers have no JSON
}

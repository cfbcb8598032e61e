/**
 * One request, sent n times, c at once → totals like those of `ab -n -c -H`.
 *
 * A load closes its connections at its end, since the server could close an idle connection just
 * when the next request uses it. It uses node:http, because fetch does not let the caller set the
 * Host header. An endless run needs no more memory than a short one: latencies become a histogram,
 * and a tally keeps only its first event ids.
 */
import { Agent, get, type OutgoingHttpHeaders } from "node:http";
import { createHistogram, performance, type RecordableHistogram } from "node:perf_hooks";

const TIMEOUT_MS = 10_000; // for one request; the API answers within 5 s
const MAX_LATENCY_US = 60_000_000;
const MAX_EVENT_IDS = 100_000; // in one tally
const UUID = /^[0-9a-f-]{36}$/;

/** The figures of all requests of a tally. */
export interface Totals {
  requests: number;
  failures: number; // requests without an answer, or with a status other than 200
  seconds: number; // spent on requests, without pauses between rounds
  requests_per_second: number;
  p50_ms: number; // latency of the answered requests
  p95_ms: number;
  p99_ms: number;
  statuses: Record<string, number>; // by status, or by error code (ECONNREFUSED)
  event_ids: string[]; // of the accepted requests whose answer has an Event-Id; the first 100,000
}

/** The running figures behind `Totals`; several loads may add to one tally. */
export interface Tally {
  latencies: RecordableHistogram; // microseconds
  statuses: Record<string, number>;
  eventIds: string[];
  seconds: number;
}

export interface LoadOptions {
  headers?: OutgoingHttpHeaders;
  requests?: number;
  concurrency?: number; // 1 keeps the requests in order
  tally?: Tally;
  signal?: AbortSignal; // ends the load early, once the requests in flight are answered
}

/** Sends `requests` GET requests for `url`, and resolves with their totals; counts failures. */
export async function load(
  url: string,
  { headers = {}, requests = 10, concurrency = 1, tally = newTally(), signal }: LoadOptions = {},
): Promise<Totals> {
  const target = new URL(url);
  const agent = new Agent({ keepAlive: true, maxSockets: concurrency });
  const started = performance.now();
  let left = requests;
  const worker = async () => {
    while (left > 0 && !signal?.aborted) {
      left--;
      const since = performance.now();
      const { status, eventId } = await answerTo(target, headers, agent);
      if (/^\d+$/.test(status)) tally.latencies.record(microsecondsSince(since));
      tally.statuses[status] = (tally.statuses[status] ?? 0) + 1;
      if (eventId !== undefined && tally.eventIds.length < MAX_EVENT_IDS) tally.eventIds.push(eventId);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
  agent.destroy();
  tally.seconds += (performance.now() - started) / 1000;
  return totalsOf(tally);
}

/** An empty tally. */
export function newTally(): Tally {
  const latencies = createHistogram({ highest: MAX_LATENCY_US, figures: 3 });
  return { latencies, statuses: {}, eventIds: [], seconds: 0 };
}

/** The totals of a tally so far. */
export function totalsOf({ latencies, statuses, eventIds, seconds }: Tally): Totals {
  const requests = Object.values(statuses).reduce((sum, count) => sum + count, 0);
  const percentileMs = (percent: number) => latencies.percentile(percent) / 1000;
  return {
    requests,
    failures: requests - (statuses["200"] ?? 0),
    seconds: rounded(seconds, 3),
    requests_per_second: seconds > 0 ? rounded(requests / seconds, 1) : 0,
    p50_ms: percentileMs(50),
    p95_ms: percentileMs(95),
    p99_ms: percentileMs(99),
    statuses: { ...statuses },
    event_ids: [...eventIds],
  };
}

function rounded(value: number, digits: number): number {
  return Number(value.toFixed(digits));
}

interface Answer {
  status: string; // the error's code without a complete answer
  eventId?: string; // from the Event-Id header of an answer 200
}

/** Sends one request; never rejects. */
function answerTo(url: URL, headers: OutgoingHttpHeaders, agent: Agent): Promise<Answer> {
  return new Promise((resolve) => {
    const request = get(url, { agent, headers, timeout: TIMEOUT_MS }, (response) => {
      response.resume();
      const { statusCode, headers } = response;
      const eventId = String(headers["event-id"] ?? "").toLowerCase();
      const named = statusCode === 200 && UUID.test(eventId) ? { eventId } : {};
      response.once("end", () => resolve({ status: String(statusCode), ...named }));
      response.once("error", failed);
    });
    request.once("timeout", () =>
      request.destroy(Object.assign(new Error("timeout"), { code: "ETIMEDOUT" })),
    );
    request.once("error", failed);
    function failed(error: NodeJS.ErrnoException): void {
      resolve({ status: error.code ?? error.message });
    }
  });
}

function microsecondsSince(since: number): number {
  const elapsedUs = Math.round((performance.now() - since) * 1000);
  return Math.min(MAX_LATENCY_US, Math.max(1, elapsedUs)); // the histogram begins at 1
}

/**
 * A question → its first answer. The question is repeated until then, within a time limit.
 *
 * An answer of undefined means "not yet". An error means the same; the error of the time-out quotes
 * the message of the last one. To give up early, a question returns the failure as its answer.
 */
import { setTimeout as sleep } from "node:timers/promises";

export interface UntilOptions {
  limitMs: number; // from the call to the last question
  everyMs?: number; // pause between an answer and the next question
  signal?: AbortSignal; // ends the wait; the promise rejects with its reason
}

/**
 * Asks until there is an answer, and resolves with that answer. The last question begins at the
 * limit.
 * @param what the awaited state, for the error: "kafka is ready"
 * @throws Error that names `what`, the limit, and the last error of `ask`, which is its cause
 */
export async function until<T>(
  what: string,
  ask: () => Promise<T | undefined> | T | undefined,
  { limitMs, everyMs = 100, signal }: UntilOptions,
): Promise<T> {
  const end = performance.now() + limitMs;
  for (;;) {
    signal?.throwIfAborted();
    const left = end - performance.now();
    let problem: unknown;
    try {
      const answer = await ask();
      if (answer !== undefined) return answer;
    } catch (error) {
      problem = error;
    }
    signal?.throwIfAborted();
    if (left <= 0) throw timeoutError(what, limitMs, problem);
    const pause = Math.max(0, Math.min(everyMs, end - performance.now()));
    await sleep(pause, undefined, { signal }).catch(() => {}); // an abort is thrown above
  }
}

function timeoutError(what: string, limitMs: number, problem: unknown): Error {
  const limit = limitMs < 1_000 ? `${limitMs} ms` : `${limitMs / 1_000} s`;
  const last = problem instanceof Error ? `; last: ${problem.message}` : "";
  return new Error(`expected within ${limit}: ${what}${last}`, { cause: problem });
}

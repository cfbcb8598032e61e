/**
 * A question → asked again and again beside a drill, until it stops or an answer is wrong.
 */
import { setTimeout as sleep } from "node:timers/promises";

export interface Repeating {
  /** Resolves with the number of answers. @throws the error of the first wrong answer */
  stop: () => Promise<number>;
}

/**
 * @param ask throws if an answer is wrong; then nothing is asked any more
 * @param pauseMs between two questions
 */
export function startRepeating(ask: () => Promise<void>, pauseMs: number): Repeating {
  let isStopped = false;
  async function repeat(): Promise<number> {
    let answers = 0;
    for (; !isStopped; await sleep(pauseMs)) {
      await ask();
      answers++;
    }
    return answers;
  }
  const repeating = repeat();
  repeating.catch(() => {}); // the caller of stop() gets the error
  return {
    stop: () => {
      isStopped = true;
      return repeating;
    },
  };
}

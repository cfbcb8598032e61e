/**
 * Messages → Kafka directly, or by way of the spool while Kafka cannot take them; in order both ways.
 *
 * As long as anything is spooled, what comes goes behind it, so a player's events stay in order; and
 * only one of the two, the direct way or the spool's, sends at a time. When little is spooled, the next
 * batch waits until that is sent and then goes directly: else traffic without a pause would be spooled for ever.
 *
 * What no producer can know: whether a batch was stored whose answer never came. It is spooled
 * and sent once more; it may be in the topic twice then, and one copy may yet arrive after later messages.
 * Its event_id tells a repetition from a second event.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { type Message, Unavailable, type Way } from "./batcher.ts";
import type { Spool } from "./spool.ts";

const DISK_MS = 1500; // of the time for an answer, kept for the spool if Kafka does not answer
const LEAST_SEND_MS = 500; // with less time it is not worth asking Kafka
const DRAIN_MS = 3000; // for Kafka's answer to a portion of the spool
const LITTLE = { messages: 2000, waitMs: 300 }; // so much of the spool is waited for, and so long
const SPOOL_RETRY_MS = 2000; // after the spool could not be read

/** The way to Kafka that does not go through the spool. */
export interface DirectWay {
  isHere: () => boolean;
  /** Resolves when Kafka is here, or nobody waits for it any more. */
  whenHere: () => Promise<void>;
  /** Resolves when Kafka has the messages; if it rejects, it is not here any more. One send at a time. */
  send: (messages: Message[], deadline: number) => Promise<void>;
}

export interface Detour {
  /** Resolves with where the messages are, before `deadline`; rejects with Unavailable if none could keep them. One at a time. */
  send: (messages: Message[], deadline: number) => Promise<Way>;
  /** Resolves when nothing is being sent any more; what is spooled stays there. */
  close: () => Promise<void>;
}

/** Opens the two ways; what the spool holds already is sent first. `say` is told when spooling begins and ends: one line. */
export function openDetour({
  spool,
  kafka,
  name,
  say,
}: {
  spool: Spool;
  kafka: DirectWay;
  name: string; // of what `kafka` sends to
  say: (line: string) => void;
}): Detour {
  const closing = new AbortController();
  let draining: Promise<void> | undefined; // undefined: nothing is spooled
  let spooling = false; // that something is has been told
  let drainedAtOnce = Infinity; // messages

  async function send(batch: Message[], deadline: number): Promise<Way> {
    let written: "no" | "unknown" = "no";
    const timeLeftMs = deadline - DISK_MS - Date.now(); // little: Kafka is slow, and the batch has waited long
    if (timeLeftMs > LEAST_SEND_MS && (await goesDirectly())) {
      try {
        await kafka.send(batch, deadline - DISK_MS);
        return "kafka";
      } catch {
        written = "unknown"; // and why has been told
      }
    }
    const appended = spool.append(batch).then(() => {
      if (!spooling) say(`${name}: spooling to ${spool.folder}`);
      spooling = true;
    });
    draining ??= drain(); // it waits for what is on its way into the spool
    try {
      await before(deadline, appended);
      return "spool";
    } catch (error) {
      if (error instanceof Unavailable && written === "no") throw error;
      throw new Unavailable(`spool ${spool.folder}: ${(error as Error).message}`, "unknown", error);
    }
  }

  async function goesDirectly(): Promise<boolean> {
    if (kafka.isHere() && draining && spool.state().messages <= LITTLE.messages)
      await before(Date.now() + LITTLE.waitMs, draining).catch(() => undefined); // then it is spooled as well
    return kafka.isHere() && draining === undefined;
  }

  /** Sends what is spooled until nothing is left, or the topic is closed. */
  async function drain(): Promise<void> {
    const since = Date.now();
    let count = 0;
    while (!spool.isEmpty() && !closing.signal.aborted) {
      if (!kafka.isHere()) {
        await kafka.whenHere();
        continue;
      }
      try {
        count += await drainPortion();
      } catch (error) {
        if (!kafka.isHere()) continue; // Kafka failed, which has been told
        say((error as Error).message);
        await sleep(SPOOL_RETRY_MS, undefined, { signal: closing.signal }).catch(() => undefined);
      }
    }
    [draining, spooling] = [undefined, false];
    const { messages } = spool.state();
    if (count + messages > 0)
      say(
        `${name}: spooling ended after ${seconds(since)} s: ` +
          `${count} messages went to Kafka, ${messages} stay in ${spool.folder}`,
      );
  }

  async function drainPortion(): Promise<number> {
    const portion = await spool.first(drainedAtOnce);
    if (portion === undefined) return 0; // it is on its way to the disk, or failed there
    const { messages, remove } = portion;
    const [message] = messages;
    try {
      if (message) await kafka.send(messages, Date.now() + DRAIN_MS);
      drainedAtOnce *= 2;
    } catch (error) {
      if (!isTooLarge(error)) throw error;
      drainedAtOnce = Math.ceil(messages.length / 2); // until the one that is too large is alone
      if (!message || messages.length > 1) return 0;
      const file = await spool.setAside(message);
      say(`${name} takes no message of ${message.value.length} characters: it is kept in ${file}`);
    }
    await remove();
    return messages.length;
  }

  if (!spool.isEmpty()) {
    say(`${name}: ${spool.state().messages} messages wait in ${spool.folder}`);
    [draining, spooling] = [drain(), true];
  }

  return {
    send,
    close: async () => {
      closing.abort();
      await draining;
    },
  };
}

/** Whether the broker, or its setting for the topic, refuses the size of what was sent, and will always do so. */
function isTooLarge(error: unknown): boolean {
  for (let inner = error; inner instanceof Error; inner = inner.cause)
    if ((inner as { type?: string }).type === "MESSAGE_TOO_LARGE") return true;
  return false;
}

function seconds(since: number): string {
  return ((Date.now() - since) / 1000).toFixed(1);
}

/** @throws Error if `work` is not done by `deadline`. */
export async function before<T>(deadline: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    const timeoutMs = deadline - Date.now();
    timer = setTimeout(() => reject(new Error(`no answer within ${Math.max(0, timeoutMs)} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}

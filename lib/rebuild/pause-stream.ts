/**
 * Work → the same work, while no stream writes: the stack's own stream is stopped, others refused.
 *
 * The API goes on. Kafka keeps the events, and the stream lands them afterwards. A file remembers
 * the stopped stream, so the next call starts it if this process is killed.
 */
import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { withAdmin } from "../kafka.ts";
import { startServices } from "../services/start.ts";
import { stopServices } from "../services/stop.ts";
import { settings } from "../settings.ts";
import { until } from "../until.ts";

const STOPPED = join(settings.home, "run", "stream-stopped-by-rebuild");
const LEAVE_MS = 10_000; // a killed stream is a member of its group for 6 s
const POLL_MS = 500;

/** Runs `work` without a stream, and starts the stack's own stream again, also after an error. */
export async function withoutStream<T>(log: (line: string) => void, work: () => Promise<T>): Promise<T> {
  const stopped = await stopServices({ names: ["stream"] });
  if (stopped.length > 0) {
    mkdirSync(join(settings.home, "run"), { recursive: true });
    writeFileSync(STOPPED, "");
    log("stream stopped; the API goes on collecting");
  }
  try {
    await refuseStreams();
    return await work();
  } finally {
    if (existsSync(STOPPED)) await startStream(log);
  }
}

/**
 * Waits until the consumer group has no members.
 * @throws Error after 10 s, with the members
 */
export async function refuseStreams(group = settings.consumerGroup, limitMs = LEAVE_MS): Promise<void> {
  await withAdmin(settings.kafkaBrokers, async (admin) => {
    const ask = async () => {
      const { groups } = await admin.describeGroups([group]);
      const members = groups.flatMap((one) => one.members);
      if (members.length === 0) return true;
      const names = members.map(({ clientId, clientHost }) => `${clientId} at ${clientHost}`).join(", ");
      throw new Error(`stop the streams first: ${names}`);
    };
    await until(`no stream in the consumer group ${group}`, ask, { limitMs, everyMs: POLL_MS });
  });
}

/** A failed start is a line, so that it does not hide the result of the work. */
async function startStream(log: (line: string) => void): Promise<void> {
  try {
    await startServices({ names: ["stream"], log });
    rmSync(STOPPED, { force: true });
    log("stream started again");
  } catch (error) {
    log(`the stream could not be started again: ${(error as Error).message}; npm run up starts it`);
  }
}

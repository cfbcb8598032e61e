/**
 * The API as a process of its own → what a client sees of it, and what it costs meanwhile.
 *
 * It is measured from outside, so that neither the drill's own memory nor its own work counts. Topic, port
 * and home are its own; `stop` removes them.
 */
import { execFileSync, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { kafkaClient } from "../collect/kafka.js";
import { HOST, settings } from "../settings.js";
import { freePort, UNASKED } from "./pipeline.js";

const READY_LIMIT_MS = 60_000;
const STOP_LIMIT_MS = 15_000; // it answers what is in flight, 6 s at most, and leaves Kafka
const MAX_OUTPUT_CHARS = 20_000_000;

export interface ApiProcess {
  url: string; // "http://host:port"
  port: number;
  pid: number;
  topic: string;
  /** What it printed so far, to stdout and stderr. */
  output: () => string;
  isAlive: () => boolean;
  rssBytes: () => number;
  /** Ends it, and removes its topic and home. */
  stop: () => Promise<void>;
}

/**
 * Starts `npm run api` and resolves when it is ready.
 * @param options.args e.g. ["--log"]
 * @param options.env settings beside those that make it a process of its own
 * @throws Error with its last lines if it is not ready after 60 s.
 */
export async function startApi({
  args = [],
  env = {},
}: { args?: string[]; env?: Record<string, string> } = {}): Promise<ApiProcess> {
  const [port, topic, home] = [
    await freePort(),
    `drill_${randomUUID()}`,
    mkdtempSync(join(tmpdir(), "questlog-drill-")),
  ];
  const failedTopic = `${topic}_failed`;
  const child = spawn(process.execPath, ["--import", "tsx", "scripts/api.ts", ...args], {
    cwd: settings.root,
    env: {
      ...process.env,
      ...UNASKED,
      QUESTLOG_API_PORT: String(port),
      QUESTLOG_TOPIC: topic,
      QUESTLOG_FAILED_TOPIC: failedTopic,
      QUESTLOG_HOME: home,
      QUESTLOG_HISTORY: "/dev/null",
      ...env,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const closed = once(child, "close");
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      output = (output + text).slice(-MAX_OUTPUT_CHARS);
    });
  }
  const isAlive = () => child.exitCode === null && child.signalCode === null;
  const stop = async () => {
    if (isAlive()) child.kill("SIGTERM");
    const killer = setTimeout(() => child.kill("SIGKILL"), STOP_LIMIT_MS);
    await closed;
    clearTimeout(killer);
    await deleteTopics([topic, failedTopic]);
    rmSync(home, { recursive: true, force: true });
  };
  const url = `http://${HOST}:${port}`;
  const end = Date.now() + READY_LIMIT_MS;
  while (!(await isReady(url))) {
    if (isAlive() && Date.now() < end) {
      await sleep(100);
      continue;
    }
    await stop();
    const lines = output.trim().split("\n").slice(-10).join("\n");
    throw new Error(
      `api: expected ${url}/ready to answer 200 within ${READY_LIMIT_MS / 1000} s, got\n${lines}`,
    );
  }
  const pid = child.pid as number; // it has answered
  return { url, port, pid, topic, output: () => output, isAlive, rssBytes: () => rssBytesOf(pid), stop };
}

/** The resident memory of a process. */
export function rssBytesOf(pid: number): number {
  const status = `/proc/${pid}/status`;
  const kib = existsSync(status)
    ? /^VmRSS:\s*(\d+) kB$/m.exec(readFileSync(status, "utf8"))?.[1]
    : execFileSync("ps", ["-o", "rss=", "-p", String(pid)], { encoding: "utf8" });
  return Number(kib) * 1024;
}

async function isReady(url: string): Promise<boolean> {
  const answer = await fetch(`${url}/ready`, { signal: AbortSignal.timeout(2000) }).catch(() => null);
  await answer?.body?.cancel();
  return answer?.ok ?? false;
}

async function deleteTopics(topics: string[]): Promise<void> {
  const admin = kafkaClient(settings.kafkaBrokers).admin();
  await admin.connect();
  try {
    const there = (await admin.listTopics()).filter((topic) => topics.includes(topic));
    if (there.length > 0) await admin.deleteTopics({ topics: there });
  } finally {
    await admin.disconnect();
  }
}

/**
 * → a port of this machine for a listener of a test, which starts later.
 *
 * A port that the system chooses is one of those for outgoing connections, so a connection can take
 * it before the listener does. These ports are below, where only listeners are.
 */
import { once } from "node:events";
import { createServer } from "node:net";
import { HOST } from "../settings.ts";

const FROM = 26_000; // above the ports of all stacks of tests
const TO = 32_767; // Linux gives higher ones to outgoing connections
const MAX_TRIES = 100;

const given = new Set<number>(); // by this process

/** Finds a port on which nothing listens. No call of this process gets it again. */
export async function freePort(): Promise<number> {
  for (let i = 0; i < MAX_TRIES; i++) {
    const port = FROM + Math.floor(Math.random() * (TO - FROM + 1));
    if (given.has(port)) continue;
    given.add(port);
    if (await isFree(port)) return port;
  }
  throw new Error(`expected a free port from ${FROM} to ${TO}, got none in ${MAX_TRIES} tries`);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const listening = once(server, "listening").then(
    () => true,
    () => false,
  );
  server.listen(port, HOST);
  const isListening = await listening;
  if (isListening) await new Promise((resolve) => server.close(resolve));
  return isListening;
}

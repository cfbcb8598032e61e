/**
 * A server for the addresses in hostile texts → the requests that leave a page.
 */
import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { HOST } from "../settings.ts";

export interface Canary {
  url: string;
  asked: string[]; // paths of the requests so far
  close: () => void;
}

/** Starts a server on a free port. */
export async function startCanary(): Promise<Canary> {
  const asked: string[] = [];
  const server = createServer(({ url }, response) => {
    asked.push(url ?? "");
    response.end();
  }).listen(0, HOST);
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return { url: `http://${HOST}:${port}`, asked, close: () => server.close() };
}

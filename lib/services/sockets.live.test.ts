/**
 * Drill "sockets": who listens on this machine for the stack, and where.
 *
 * Asked is the kernel's own table (/proc/net/tcp), not any server. To the stack belong the
 * processes that it started, the holders of its ports, and what a drill starts: an API, a notebook's kernel.
 */
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { join } from "node:path";
import { YAML } from "zx";
import { type Kernel, startKernel } from "../report/kernel.ts";
import { findProcess } from "./process.ts";
import { services } from "./services.ts";
import { HOST, settings } from "../settings.ts";
import type { Drill, Figures } from "../drill/drill.ts";
import { openPipeline } from "../testbed/pipeline.ts";

export const sockets: Drill = {
  name: "sockets",
  what: "everything of the stack that listens, and every port that compose publishes, is on 127.0.0.1 only",
  run: runSockets,
};

export interface ListeningSocket {
  address: string; // "127.0.0.1", "0.0.0.0", "::"; an IPv4 address also where the socket is an IPv6 one
  port: number;
  inode: string;
}

async function runSockets(): Promise<Figures> {
  const pipeline = await openPipeline("sockets");
  let kernel: Kernel | undefined;
  try {
    await pipeline.startApi();
    kernel = await startKernel(join(settings.root, "notebooks"));
    const owners = descendants([
      process.pid,
      ...services.map(({ name }) => findProcess(settings.home, name)?.pid ?? 0),
    ]);
    const inodes = new Set(owners.flatMap(socketInodes));
    const ports = new Set(Object.values(settings.ports));
    const listening = listeningSockets().filter(({ inode, port }) => inodes.has(inode) || ports.has(port));
    const open = listening.filter(({ address }) => address !== HOST);
    if (open.length > 0) {
      const got = open.map(({ address, port }) => `${address}:${port}`).join(", ");
      throw new Error(`listeners: expected all on ${HOST}, got ${got}`);
    }
    if (!listening.some(({ port }) => port === pipeline.apiPort))
      throw new Error(
        `listeners: expected the drill's own API on port ${pipeline.apiPort} among them, found none`,
      );
    const published = publishedPorts();
    const wide = published.find((port) => !port.startsWith(`${HOST}:`));
    if (wide !== undefined) throw new Error(`compose.yml: expected ports on ${HOST}, got "${wide}"`);
    return { listening_sockets: listening.length, published_ports: published.length, elsewhere: 0 };
  } finally {
    await Promise.all([kernel?.shutdown(), pipeline.close()]);
  }
}

/** Every TCP socket of this machine that listens. @throws Error where there is no /proc. */
export function listeningSockets(): ListeningSocket[] {
  if (process.platform !== "linux")
    throw new Error(`sockets: expected Linux and its /proc, got ${process.platform}`);
  return ["tcp", "tcp6"].flatMap((table) => {
    const lines = readFileSync(`/proc/net/${table}`, "utf8").trim().split("\n").slice(1);
    return lines.map(parseLine).filter((socket) => socket !== null);
  });
}

const LISTEN = "0A";

function parseLine(line: string): ListeningSocket | null {
  const [, local = "", , state, , , , , , inode = ""] = line.trim().split(/\s+/);
  const [address = "", port = ""] = local.split(":");
  return state === LISTEN ? { address: parseAddress(address), port: parseInt(port, 16), inode } : null;
}

/** Each four bytes are a number in the machine's order, which is the small end first. */
function parseAddress(hex: string): string {
  const bytes = (hex.match(/.{8}/g) ?? []).flatMap((word) => [...Buffer.from(word, "hex")].reverse());
  const isMapped =
    bytes.length === 16 && /^(00){10}ffff$/.test(Buffer.from(bytes.slice(0, 12)).toString("hex"));
  if (bytes.length === 4 || isMapped) return bytes.slice(-4).join(".");
  const groups = Buffer.from(bytes).toString("hex").match(/.{4}/g) ?? [];
  return groups.map((group) => parseInt(group, 16).toString(16)).join(":");
}

/** These processes, and all that they and theirs started. */
function descendants(roots: number[]): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
    const stat = unlessGone(() => readFileSync(`/proc/${name}/stat`, "utf8"));
    if (stat !== undefined)
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
  }
  const belongs = (pid: number | undefined): boolean =>
    pid !== undefined && pid > 1 && (roots.includes(pid) || belongs(parents.get(pid)));
  return [...parents.keys()].filter(belongs);
}

function socketInodes(pid: number): string[] {
  const folder = `/proc/${pid}/fd`;
  const names = unlessGone(() => readdirSync(folder)) ?? [];
  return names.flatMap((name) => {
    const target = unlessGone(() => readlinkSync(join(folder, name)));
    return /^socket:\[(\d+)\]$/.exec(target ?? "")?.[1] ?? [];
  });
}

/** What `read` gives, or undefined when the process has ended meanwhile. */
function unlessGone<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch (error) {
    if (!["ENOENT", "ESRCH", "EACCES"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
    return undefined;
  }
}

/** The `ports:` of all services of compose.yml, as they stand there. */
function publishedPorts(): string[] {
  const text = readFileSync(join(settings.root, "compose", "compose.yml"), "utf8");
  const { services } = YAML.parse(text) as {
    services: Record<string, { ports?: unknown[]; network_mode?: string }>;
  };
  for (const [name, { network_mode: mode }] of Object.entries(services))
    if (mode === "host") throw new Error(`compose.yml: expected no network_mode host, got it in ${name}`);
  return Object.values(services).flatMap(({ ports = [] }) =>
    ports.map((port) => (typeof port === "string" ? port : JSON.stringify(port))),
  );
}

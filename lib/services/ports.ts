/**
 * A port → the process that listens on it.
 *
 * Linux needs no tool for this: /proc/net/tcp has each socket's inode, and /proc/PID/fd has the
 * inodes of a process. Other systems have `lsof`.
 */
import { once } from "node:events";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { $ } from "zx";
import { HOST } from "../settings.ts";

/** A listening process. Both fields are undefined if it belongs to another user. */
export interface PortHolder {
  pid: number | undefined;
  name: string | undefined;
}

/** A listening TCP socket of a process. */
export interface ListeningSocket {
  address: string; // as text, e.g. "127.0.0.1" or "::"
  port: number;
  inode: string;
}

/** The process that listens on `port`, or undefined if the port is free. */
export async function findPortHolder(port: number): Promise<PortHolder | undefined> {
  const server = createServer().listen({ port, host: HOST, exclusive: true });
  try {
    await once(server, "listening");
    return undefined;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EADDRINUSE") throw error;
    return process.platform === "linux" ? holderByProc(port) : holderByLsof(port);
  } finally {
    server.close();
  }
}

/** The listening sockets of one process. Linux only. */
export function listeningSocketsOf(pid: number): ListeningSocket[] {
  const inodes = new Set(socketInodesOf(pid));
  return listeningSockets().filter(({ inode }) => inodes.has(inode));
}

function holderByProc(port: number): PortHolder {
  const inodes = new Set(
    listeningSockets()
      .filter((socket) => socket.port === port)
      .map(({ inode }) => inode),
  );
  const pids = readdirSync("/proc").filter((name) => /^\d+$/.test(name));
  const pid = pids.map(Number).find((each) => socketInodesOf(each).some((inode) => inodes.has(inode)));
  if (pid === undefined) return { pid, name: undefined };
  return { pid, name: readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, 3).join(" ").trim() };
}

async function holderByLsof(port: number): Promise<PortHolder> {
  const { stdout } = await $({ quiet: true, nothrow: true })`lsof -nP -iTCP:${port} -sTCP:LISTEN -Fpc`;
  const field = (letter: string) => new RegExp(`^${letter}(.+)$`, "m").exec(stdout)?.[1];
  const pid = field("p");
  return { pid: pid === undefined ? undefined : Number(pid), name: field("c") };
}

/**
 * Every listening TCP socket of the machine. The fields of a line in /proc/net/tcp: number, local
 * "HEX:PORT", remote, state (0A: listening), … inode.
 */
function listeningSockets(): ListeningSocket[] {
  return ["/proc/net/tcp", "/proc/net/tcp6"].flatMap((file) =>
    readFileSync(file, "utf8")
      .trimEnd()
      .split("\n")
      .slice(1)
      .map((line) => line.trim().split(/\s+/))
      .filter((fields) => fields[3] === "0A")
      .map((fields) => {
        const [address = "", port = ""] = (fields[1] as string).split(":");
        return { address: addressText(address), port: parseInt(port, 16), inode: fields[9] as string };
      }),
  );
}

/**
 * An address as text. The kernel prints it as 32-bit words, little-endian on all machines of Node.
 */
function addressText(hex: string): string {
  const words = hex.match(/.{8}/g) ?? [];
  const bytes = words
    .flatMap((word) => (word.match(/../g) ?? []).reverse())
    .map((byte) => parseInt(byte, 16));
  if (bytes.length === 4) return bytes.join(".");
  const mapped = bytes.slice(0, 12).join() === "0,0,0,0,0,0,0,0,0,0,255,255";
  if (mapped) return bytes.slice(12).join(".");
  if (bytes.every((byte) => byte === 0)) return "::";
  if (bytes.slice(0, 15).every((byte) => byte === 0) && bytes[15] === 1) return "::1";
  return Buffer.from(bytes).toString("hex");
}

function socketInodesOf(pid: number): string[] {
  try {
    return readdirSync(`/proc/${pid}/fd`).flatMap((fd) => {
      const target = linkTarget(`/proc/${pid}/fd/${fd}`);
      return /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? [];
    });
  } catch {
    return []; // the process has ended, or belongs to another user
  }
}

function linkTarget(path: string): string {
  try {
    return readlinkSync(path);
  } catch {
    return ""; // closed in the meantime
  }
}

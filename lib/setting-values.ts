/**
 * Environment → checked values of settings, and a refusal of names that no setting has.
 *
 * Each method reads one variable and remembers its name. So no list of names exists beside the
 * reads, and `refuseOthers` knows a misspelt name.
 */
import { homedir, userInfo } from "node:os";
import { accessSync, constants, existsSync, mkdirSync } from "node:fs";
import { isIP, isIPv6 } from "node:net";
import { dirname, resolve } from "node:path";
import { nearest } from "./nearest.ts";

const PREFIX = "QUESTLOG_";

/** Thrown by a command that cannot work with a setting: it ends with 2, as for a wrong value. */
export class SettingError extends Error {
  override name = "SettingError";
}

export class Variables {
  readonly #env: NodeJS.ProcessEnv;
  readonly #names = new Set<string>();

  constructor(env: NodeJS.ProcessEnv) {
    this.#env = env;
  }

  /** The text of a variable; undefined: it is not set, or empty. All other methods use this one. */
  text(name: string): string | undefined {
    this.#names.add(name);
    const text = this.#env[name];
    return text?.trim() === "" ? undefined : text;
  }

  /**
   * The text of a variable whose default protects less than a value.
   * @throws Error if the variable is set and empty: it may come from a secret that is missing
   */
  filled(name: string): string | undefined {
    const text = this.text(name);
    const given = this.#env[name];
    if (text === undefined && given !== undefined)
      throw new Error(`${name}: expected a value, got "${given}"; unset it for the default`);
    return text;
  }

  /** A text that matches `pattern`, which `expected` describes. */
  matching(name: string, fallback: string, pattern: RegExp, expected: string): string {
    const text = this.text(name) ?? fallback;
    if (pattern.test(text)) return text;
    throw new Error(`${name}: expected ${expected}, got "${text}"`);
  }

  /** A whole number from `from` to `to`. */
  count(
    name: string,
    { fallback = 0, from = 0, to, noun = "whole number" }: CountOptions & { fallback?: number },
  ): number {
    const text = this.text(name) ?? String(fallback);
    const count = /^\d+$/.test(text) ? Number(text) : NaN;
    if (count >= from && count <= to) return count;
    throw new Error(`${name}: expected a ${noun} from ${from} to ${to}, got "${text}"`);
  }

  /** Addresses HOST:PORT or [IPv6]:PORT with commas between them; spaces do not count. */
  brokers(name: string, fallback: string): string[] {
    const text = this.text(name) ?? fallback;
    const brokers = text.split(",").map((broker) => broker.trim());
    if (brokers.length > 1 && brokers.at(-1) === "") brokers.pop(); // a comma at the end
    if (brokers.every(isBroker)) return brokers;
    throw new Error(
      `${name}: expected HOST:PORT, or several with commas between them, such as kafka:9092,[::1]:9092, got "${text}"`,
    );
  }

  /** Origins of web pages with commas between them, or `*`; an empty list without the variable. */
  origins(name: string): string[] {
    const origins = this.text(name)?.split(",") ?? [];
    const isOrigin = (text: string) => text === "*" || (URL.canParse(text) && new URL(text).origin === text);
    if (origins.every(isOrigin)) return origins;
    throw new Error(
      `${name}: expected https://HOST, or several with commas between them, or *, got "${origins.join(",")}"`,
    );
  }

  /** An IP address of this machine, for a listener. */
  address(name: string, fallback: string): string {
    const text = (this.text(name) ?? fallback).trim();
    if (isIP(text) !== 0 && !text.includes("%")) return text;
    throw new Error(`${name}: expected an IP address such as ${fallback} or 0.0.0.0, got "${text}"`);
  }

  /** A host's name or address, an IPv6 address in brackets; undefined: it is not set. */
  host(name: string): string | undefined {
    const text = this.text(name)?.trim();
    if (text === undefined || isHost(text)) return text;
    throw new Error(`${name}: expected a host without a port, such as datanode, got "${text}"`);
  }

  /** Addresses, and networks ADDRESS/BITS, with commas between them; an empty list without any. */
  networks(name: string): string[] {
    const text = this.text(name) ?? "";
    const networks = text === "" ? [] : text.split(",").map((network) => network.trim());
    if (networks.length > 1 && networks.at(-1) === "") networks.pop(); // a comma at the end
    if (networks.every(isNetwork)) return networks;
    throw new Error(
      `${name}: expected ADDRESS or ADDRESS/BITS, or several with commas between them, such as 10.0.0.7,fd00::/8, got "${text}"`,
    );
  }

  /** A URL without a slash at its end. */
  url(name: string, fallback: string): string {
    return readUrl(name, this.text(name) ?? fallback, `a URL such as ${fallback}`);
  }

  /** URLs with commas between them; spaces do not count. */
  urls(name: string, fallback: string): string[] {
    const expected = `a URL such as ${fallback}, or several with commas between them`;
    return (this.text(name) ?? fallback).split(",").map((url) => readUrl(name, url.trim(), expected));
  }

  /**
   * Checks the names of all variables that begin with QUESTLOG_.
   * @param others names that other programs and the tests read
   * @throws Error if no setting has the name, with the most similar name
   */
  refuseOthers(others: readonly string[]): void {
    const known = [...this.#names, ...others].filter((name) => name.startsWith(PREFIX));
    const unknown = Object.keys(this.#env).find((name) => {
      return name.startsWith(PREFIX) && this.#env[name] !== undefined && !known.includes(name);
    });
    if (unknown === undefined) return;
    const [similar] = nearest(unknown, known);
    const advice = similar === undefined ? "docs/settings.md lists the settings" : `did you mean ${similar}?`;
    throw new Error(`${unknown}: no such setting; ${advice}`);
  }
}

function isHost(text: string): boolean {
  return /^(\[[\da-f:.]+\]|[\w.-]+)$/i.test(text) && URL.canParse(`http://${text}`);
}

/** An address, or a network of 1 bit at least: a network of all addresses would trust everybody. */
function isNetwork(text: string): boolean {
  const [address = "", bits = "1", ...rest] = text.split("/");
  const most = isIPv6(address) ? 128 : 32;
  const isAddress = isIP(address) !== 0 && !address.includes("%");
  return isAddress && rest.length === 0 && /^[1-9]\d{0,2}$/.test(bits) && Number(bits) <= most;
}

function readUrl(name: string, text: string, expected: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url && (url.username !== "" || url.password !== ""))
    throw new Error(`${name}: expected a URL without a user and password; other settings have these`);
  if (url && /^https?:/.test(text) && url.search === "" && url.hash === "") return text.replace(/\/+$/, "");
  throw new Error(`${name}: expected ${expected}, got "${text}"`);
}

function isBroker(text: string): boolean {
  const [, host = "", port = ""] = /^(\[[\da-f:.]+\]|[\w.-]+):(\d{1,5})$/i.exec(text) ?? [];
  return Number(port) >= 1 && Number(port) <= 65_535 && URL.canParse(`tcp://${host}:${port}`);
}

/** The path that a setting names: `~/` is the user's home, others start in the folder `root`. */
export function pathOf(root: string, text: string): string {
  return resolve(
    root,
    text.replace(/^~(?=\/|$)/, () => homedir() || userInfo().homedir),
  );
}

interface CountOptions {
  from?: number;
  to: number;
  noun?: string;
}

/**
 * Makes a folder with its parents.
 *
 * It makes one level after the other: Node's recursive mkdir never ends below /proc.
 * @throws Error if the folder cannot be made or written; `name` is the setting that names it
 */
export function makeFolder(name: string, folder: string): void {
  const missing: string[] = [];
  for (let each = folder; !existsSync(each); each = dirname(each)) missing.unshift(each);
  refuseFault(name, folder, () => {
    for (const each of missing) makeOne(each);
    requireWritable(folder);
  });
}

/**
 * Makes nothing.
 * @throws Error if the folder, or the nearest one above it that exists, cannot be written
 */
export function checkParent(name: string, folder: string): void {
  let nearestFolder = folder;
  while (!existsSync(nearestFolder)) nearestFolder = dirname(nearestFolder);
  refuseFault(name, folder, () => requireWritable(nearestFolder));
}

function requireWritable(folder: string): void {
  accessSync(`${folder}/`, constants.W_OK); // the slash: a file is refused too
}

function refuseFault(name: string, folder: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    throw new Error(
      `${name}: expected a folder that can be made and written, got "${folder}" (${codeOf(error)})`,
      { cause: error },
    );
  }
}

/** @throws Error if the file cannot be read; `name` is the setting that names it */
export function checkFile(name: string, file: string): void {
  try {
    accessSync(file, constants.R_OK);
  } catch (error) {
    throw new Error(`${name}: expected a file that can be read, got "${file}" (${codeOf(error)})`, {
      cause: error,
    });
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? "an error";
}

function makeOne(folder: string): void {
  try {
    mkdirSync(folder);
  } catch (error) {
    if (!existsSync(folder)) throw error; // otherwise another process was faster
  }
}

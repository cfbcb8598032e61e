/**
 * A call of `npm run report` → a digest of each part that can change its result, or null if a part
 * has no version: services of others, another catalog of Trino, a NameNode without an answer.
 *
 * The command decides with these modules alone, in less than a second: nothing here may import the
 * compiler or the renderer. The NameNode numbers each change of any file or folder, so its last
 * number is the version of all data. Tables and views can change without it, so they count too.
 */
import { execFile } from "node:child_process";
import { createHash } from "node:crypto";
import { readdirSync, readFileSync, statSync } from "node:fs";
import { availableParallelism, totalmem } from "node:os";
import { dirname, join, resolve } from "node:path";
import { allTables } from "../hive-metastore.ts";
import { settings } from "../settings.ts";
import { fromUser, userFolder } from "../user-folder.ts";
import { WebHdfs } from "../webhdfs.ts";
import { filesAt } from "./files-at.ts";
import { failedFolder, RESULTS_FILE } from "./place.ts";
import { runFoldersIn } from "./run-folder.ts";

/** Part → digest of its content. */
export type KeyParts = Record<string, string>;

export interface CacheCall {
  notebooks: readonly string[]; // paths, in their order
  options: Readonly<Record<string, unknown>> & { profile?: string | undefined };
  out: string; // folder of the report
  runs: string | null; // folder of all runs
}

export interface Sources {
  root: string; // the checkout
  env: NodeJS.ProcessEnv;
  settings: object;
}

const CODE = ["lib", "scripts", "compose", "package.json", "package-lock.json", "tsconfig.json"];
const INSTALLED = join("node_modules", ".package-lock.json");
const ENV = /^(QUESTLOG_|NODE_|LC_|LANG|TZ$|NO_COLOR$|FORCE_COLOR$)/;
const OWN_ID = "QUESTLOG_PARENT"; // each command has another
const PICTURE = /[^\s()"'<>[\]]+\.(?:png|jpe?g|gif|svg|webp|avif)\b/gi;
const CATALOGS = join("compose", "trino", "catalog");

/** The reason why no call of this environment has a key; null: there is no such reason. */
export function reasonWithoutKey(): string | null {
  const { given, root } = settings;
  if (given.kafka || given.hdfs || given.trino) return "Kafka, HDFS or Trino are given by the settings";
  if (process.env.GITHUB_ACTIONS === "true") return "GITHUB_ACTIONS=true";
  return readdirSync(join(root, CATALOGS)).length > 1 ? "Trino has a second catalog" : null;
}

/** All parts of the key, or null if the result has a part without a version. */
export async function keyOf(call: CacheCall): Promise<KeyParts | null> {
  const { root } = settings;
  try {
    if (reasonWithoutKey() !== null) return null;
    const services = Promise.all([dataVersion(), allTables(), describeCommit(root)]);
    services.catch(() => {}); // until it is awaited
    const files = filePartsOf(call, { root, env: process.env, settings });
    const [data, tables, commit] = await services;
    return { ...files, data, tables: digest(tables), commit };
  } catch {
    return null; // a file or a service is away: the run tells the reason
  }
}

/** The parts that the user gives: a change of them makes another report. */
export function callPartsOf({ notebooks, options }: CacheCall): KeyParts {
  const { profile } = options;
  return {
    options: digest([Object.entries(options).sort(), userFolder()]),
    notebooks: digest(notebooks.map((path) => [path, readFileSync(path, "base64")])),
    profile: profile === undefined ? "" : fileDigest(fromUser(profile)),
  };
}

/** The parts that this machine's files and environment give. */
export function filePartsOf(call: CacheCall, { root, env, settings: used }: Sources): KeyParts {
  const own = Object.entries(env).filter(([name]) => ENV.test(name) && name !== OWN_ID);
  const { timeZone, locale } = Intl.DateTimeFormat().resolvedOptions();
  const { out, runs } = call;
  return {
    ...callPartsOf(call),
    pictures: digest(call.notebooks.flatMap(picturesOf)),
    code: digest(CODE.flatMap((name) => treeOf(join(root, name)))),
    dist: distPart(root),
    installed: fileDigest(join(root, INSTALLED)),
    settings: digest([used, own.sort()]),
    machine: digest([process.versions, process.arch, timeZone, locale, availableParallelism(), totalmem()]),
    runs: digest(otherResults(runs ?? out, out)),
  };
}

/** The part of the compiled lib/. */
export function distPart(root = settings.root): string {
  return digest(treeOf(join(root, "dist")));
}

/** The digest of a file; "" if there is no such file. */
export function fileDigest(path: string): string {
  const isFile = statSync(path, { throwIfNoEntry: false })?.isFile() ?? false;
  return isFile ? createHash("sha256").update(readFileSync(path)).digest("hex") : "";
}

/** The files at a path, with their digests. Tests are no part of a run. */
function treeOf(path: string): [path: string, digest: string][] {
  const files = filesAt(path).filter((file) => !file.endsWith(".test.ts"));
  return files.map((file) => [file, fileDigest(file)]);
}

/** Each word of a notebook that can be a picture's path, with the file's digest. */
function picturesOf(path: string): [path: string, digest: string][] {
  const words = readFileSync(path, "utf8").match(PICTURE) ?? [];
  if (words.some((word) => word.includes("\\"))) throw new Error(`${path}: an escaped path of a picture`);
  return [...new Set(words)].map((word) => [word, fileDigest(resolve(dirname(path), decoded(word)))]);
}

/** The results of other runs, one of which is the run before. The run itself replaces its own. */
function otherResults(folder: string, own: string): [path: string, digest: string][] {
  return runFoldersIn(folder, failedFolder(own))
    .filter((one) => one !== own)
    .map((one): [string, string] => [join(one, RESULTS_FILE), fileDigest(join(one, RESULTS_FILE))])
    .filter(([, digest]) => digest !== "");
}

/** The number of the file system's last change, and the file system's own name. */
async function dataVersion(): Promise<string> {
  const hdfs = new WebHdfs();
  try {
    return await hdfs.version();
  } finally {
    hdfs.close();
  }
}

/** The commit that the page names. */
function describeCommit(root: string): Promise<string> {
  const words = ["describe", "--always", "--dirty", "--exclude", "*"];
  return new Promise((done) =>
    execFile("git", words, { cwd: root }, (error, stdout) => done(error ? "" : stdout.trim())),
  );
}

function digest(content: unknown): string {
  const text = JSON.stringify(content, (_, value: unknown) => {
    if (typeof value === "bigint") return `${value}n`;
    return value instanceof Map ? [...value] : value;
  });
  return createHash("sha256").update(text).digest("hex");
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a "%" that is no escape belongs to the name
  }
}

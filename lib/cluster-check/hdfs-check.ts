/**
 * HDFS's settings → findings: login, the active NameNode, and each call that the commit chain uses,
 * in a folder of its own below the root, which is deleted.
 */
import { settings } from "../settings.ts";
import { HdfsError, type WebHdfs } from "../webhdfs.ts";
import { type Finding, Findings } from "./finding.ts";

const TEXT = Buffer.from("questlog check\n");

/** @param folder of the check, below the root; Trino's check uses it too */
export async function checkHdfs(hdfs: WebHdfs, folder: string): Promise<Finding[]> {
  const findings = new Findings("hdfs");
  const { hdfsRoot: root, hdfsUser: user } = settings;
  const remedy = "check QUESTLOG_WEBHDFS_URL, its CA file and its login";
  if (!(await findings.ask("connection and login", () => connect(hdfs), remedy))) {
    findings.skip(`files in ${root}`, "without a connection");
    return findings.list;
  }
  const own = `as an administrator: hdfs dfs -mkdir -p ${root}; hdfs dfs -chown -R ${user} ${root}`;
  const [first, second] = [`${folder}/first`, `${folder}/second`];
  const steps: [need: string, work: () => Promise<string>, remedy: string][] = [
    [`make a folder in ${root}`, () => makeFolder(hdfs, folder), own],
    ["write a file", () => hdfs.create(first, TEXT).then(() => ""), dataNodeRemedy],
    ["read it", () => readBack(hdfs, first), dataNodeRemedy],
    ["rename it, but not onto another", () => renameTwice(hdfs, first, second), own],
    ["list the folder", () => list(hdfs, folder), own],
  ];
  for (const [i, [need, work, remedy]] of steps.entries()) {
    if (await findings.ask(need, work, remedy)) continue;
    for (const [later] of steps.slice(i + 1)) findings.skip(later, `without: ${need}`);
    break;
  }
  return findings.list;
}

const dataNodeRemedy =
  "each DataNode must be reachable by the name that the NameNode gives, or QUESTLOG_WEBHDFS_URL must be HttpFS or Knox";

async function connect(hdfs: WebHdfs): Promise<string> {
  await hdfs.status("/");
  const { password, token, kerberos } = settings.hdfsAccess;
  const way = password ? "password" : token ? "delegation token" : kerberos ? "Kerberos" : "no login";
  const urls = settings.webhdfsUrls;
  const among =
    urls.length > 1 ? `, of ${urls.length} NameNodes ${new URL(hdfs.activeUrl).host} is active` : "";
  return `user ${settings.hdfsUser}, ${way}${among}`;
}

async function makeFolder(hdfs: WebHdfs, folder: string): Promise<string> {
  await hdfs.makeFolder(folder);
  return "";
}

async function readBack(hdfs: WebHdfs, path: string): Promise<string> {
  const bytes = await hdfs.read(path);
  if (bytes?.equals(TEXT)) return "the same bytes";
  throw new Error(`expected ${TEXT.length} bytes, got ${bytes === null ? "no file" : bytes.length}`);
}

/** The commit chain rests on it: a rename onto a name that exists does nothing. */
async function renameTwice(hdfs: WebHdfs, from: string, to: string): Promise<string> {
  if (!(await hdfs.rename(from, to))) throw new Error("expected the rename to succeed, got false");
  await hdfs.create(from, TEXT);
  if (await hdfs.rename(from, to)) throw new Error("expected a rename onto a file to be refused, got true");
  return "the second rename was refused";
}

async function list(hdfs: WebHdfs, folder: string): Promise<string> {
  const { entries } = await hdfs.list(folder);
  const names = entries.map(({ name }) => name).join(" ");
  if (names === "first second") return "2 files";
  throw new Error(`expected the files first and second, got "${names}"`);
}

/** Whether the root exists before the check. */
export async function hasRoot(hdfs: WebHdfs): Promise<boolean> {
  return (await hdfs.status(settings.hdfsRoot)) !== null;
}

/** Deletes the folder of the check; also the root, if the check has made it and nobody uses it. */
export async function removeFolder(hdfs: WebHdfs, folder: string, hadRoot: boolean): Promise<void> {
  await hdfs.remove(folder);
  if (hadRoot) return;
  try {
    await hdfs.removeEmpty(settings.hdfsRoot);
  } catch (error) {
    if (!(error instanceof HdfsError && error.exception === "PathIsNotEmptyDirectoryException")) throw error;
  }
}

/**
 * HDFS over WebHDFS: files and folders by absolute path.
 *
 * CREATE and OPEN take two requests: the NameNode answers with the address of a DataNode. That
 * one sends "100 Continue", which `fetch` takes for a bad answer, so this is `node:http`. HttpFS
 * answers OPEN with the bytes at once. RENAME answers false, not an error, if the target exists;
 * the caller gets that answer. LISTSTATUS_BATCH reads only `startafter`: it ignores the documented
 * spelling. HttpFS ignores both, and lists all names in one page.
 *
 * With several NameNodes a call goes to the one that answered last. A standby refuses calls, and a
 * dead one gets none: then the call goes to the next. After a lost answer only the next call does,
 * because nobody knows whether this one has happened. So a RENAME is never done twice.
 *
 * A NameNode names a dead DataNode for up to ten minutes. If a DataNode takes no connection, the
 * call asks for another one. For a minute no call of this client goes to the dead one, unless HDFS
 * has no other.
 */
import type { HdfsAccess } from "./cluster-settings.ts";
import { Agent as HttpAgent, type IncomingMessage, request as requestHttp } from "node:http";
import { Agent as HttpsAgent, request as requestHttps } from "node:https";
import { posix } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { answerText } from "./answer-text.ts";
import { connectionFault } from "./connection-fault.ts";
import { settings } from "./settings.ts";
import { spnego } from "./spnego.ts";

export interface FileStatus {
  name: string; // last part of the path; "" in the status of the path itself
  type: "FILE" | "DIRECTORY";
  bytes: number;
  modified_at: number; // milliseconds since 1970
}

/** The functions of HDFS that the commit chain uses. */
export type Hdfs = Pick<
  WebHdfs,
  "create" | "read" | "rename" | "makeFolder" | "list" | "status" | "remove" | "removeEmpty"
>;

/** The settings are the defaults. */
export interface HdfsOptions {
  urls?: readonly string[]; // "http://host:port" of each NameNode, without /webhdfs/v1
  user?: string;
  datanodeHost?: string | undefined; // the only DataNode's host, if the NameNode knows it by another
  access?: HdfsAccess;
  attempts?: number; // at a request that may be repeated
  limitMs?: number; // of each answer of a NameNode
}

const METADATA_TIMEOUT_MS = 15_000;
const DATA_TIMEOUT_MS = 60_000;
const ATTEMPTS = 3;
const DATANODES = 4; // at most, that a call tries to reach
const DEAD_MS = 60_000; // for which no call goes to a dead DataNode
const RETRY_DELAY_MS = 100; // before the second attempt; doubled before each further one
const MAX_SOCKETS = 16; // to one server
const IDLE_SOCKET_MS = 4_000; // less than on the servers
const loginSettings =
  "it asks for a login: QUESTLOG_WEBHDFS_PASSWORD_FILE, QUESTLOG_WEBHDFS_TOKEN_FILE or QUESTLOG_WEBHDFS_KERBEROS=on";

interface Call {
  method: "GET" | "PUT" | "DELETE";
  op: string;
  path: string;
  parameters?: Record<string, string | number | boolean>;
  body?: Buffer;
}

interface Answer {
  status: number;
  location: string | undefined;
  body: Buffer;
}

export class WebHdfs {
  readonly #urls: readonly string[];
  readonly #user: string;
  readonly #datanodeHost: string | undefined;
  readonly #access: HdfsAccess;
  readonly #agents: { http: HttpAgent; https: HttpsAgent };
  readonly #attempts: number;
  readonly #limitMs: number;
  readonly #dead = new Map<string, number>(); // DataNode as the NameNode knows it → time it was found dead
  #active = 0; // index of the NameNode that gets the next call

  constructor({
    urls = settings.webhdfsUrls,
    user = settings.hdfsUser,
    datanodeHost = settings.datanodeHost,
    access = settings.hdfsAccess,
    attempts = ATTEMPTS,
    limitMs = METADATA_TIMEOUT_MS,
  }: HdfsOptions = {}) {
    this.#attempts = attempts;
    this.#limitMs = limitMs;
    this.#datanodeHost = datanodeHost;
    this.#urls = urls;
    this.#user = user;
    this.#access = access;
    const options = { keepAlive: true, maxSockets: MAX_SOCKETS, timeout: IDLE_SOCKET_MS };
    this.#agents = {
      http: new HttpAgent(options),
      https: new HttpsAgent({ ...options, ...(access.ca && { ca: access.ca }) }),
    };
  }

  /** Writes a new file, and makes its folders. @throws HdfsError also if the file exists. */
  async create(path: string, bytes: Buffer): Promise<void> {
    const call: Call = { method: "PUT", op: "CREATE", path, parameters: { overwrite: false } };
    await this.#onDataNode(call, 201, bytes);
  }

  /** Reads a file, or `length` bytes of it from `offset`. Null: the file does not exist. */
  async read(path: string, range?: { offset: number; length: number }): Promise<Buffer | null> {
    return this.#repeated(async () => {
      try {
        return await this.#onDataNode({ method: "GET", op: "OPEN", path, parameters: { ...range } }, 200);
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    });
  }

  /**
   * Renames, with one request: true if this call did it. False: the target exists, or the source or
   * the target's folder does not. After an HdfsError the rename may or may not have happened.
   */
  async rename(from: string, to: string): Promise<boolean> {
    return this.#boolean({ method: "PUT", op: "RENAME", path: from, parameters: { destination: to } });
  }

  /**
   * Renames onto an existing file, in one step: a reader opens the old file or the new one. Calling
   * again after a lost answer is right if the caller looks first: `from` is then gone.
   * @throws HdfsError also at HttpFS, which ignores the option
   */
  async replace(from: string, to: string): Promise<void> {
    const parameters = { destination: to, renameoptions: "OVERWRITE" };
    const call: Call = { method: "PUT", op: "RENAME", path: from, parameters };
    const answer = await this.#ask(call);
    if (answer.status !== 200) throw this.#toError(call, answer);
    if (answer.body.toString("utf8").includes("false"))
      throw new HdfsError("RENAME", from, "answered false: HttpFS cannot replace a file", { passing: false });
  }

  /** Makes a folder and its parents, unless they exist. */
  async makeFolder(path: string): Promise<void> {
    await this.#repeated(() => this.#boolean({ method: "PUT", op: "MKDIRS", path }));
  }

  /** Deletes a file, or a folder with its content, in one step, if it exists. */
  async remove(path: string): Promise<void> {
    const call: Call = { method: "DELETE", op: "DELETE", path, parameters: { recursive: true } };
    await this.#repeated(() => this.#boolean(call));
  }

  /** Deletes an empty folder. @throws HdfsError if it has content */
  async removeEmpty(path: string): Promise<void> {
    await this.#boolean({ method: "DELETE", op: "DELETE", path, parameters: { recursive: false } });
  }

  /** The address of the NameNode that answered last. */
  get activeUrl(): string {
    return this.#urls[this.#active]!;
  }

  /** The status of a file or folder, or null if it does not exist. */
  async status(path: string): Promise<FileStatus | null> {
    return this.#repeated(async () => {
      const answer = await this.#json({ method: "GET", op: "GETFILESTATUS", path }, null);
      return answer === null ? null : toStatus((answer as { FileStatus: WireStatus }).FileStatus);
    });
  }

  /**
   * One page of a folder (1000 entries by default), in the order of the names' bytes, after the
   * name `after`. `more` counts the entries behind the page. A missing folder is empty.
   */
  async list(path: string, after = ""): Promise<{ entries: FileStatus[]; more: number }> {
    return this.#repeated(async () => {
      const call: Call = {
        method: "GET",
        op: "LISTSTATUS_BATCH",
        path,
        parameters: { startafter: after, startAfter: after },
      };
      const answer = (await this.#json(call, null)) as WireListing | null;
      if (answer === null) return { entries: [], more: 0 };
      const { partialListing, remainingEntries } = answer.DirectoryListing;
      const entries = partialListing.FileStatuses.FileStatus.map(toStatus);
      return { entries: entries.filter(({ name }) => isAfter(name, after)), more: remainingEntries };
    });
  }

  /**
   * The version of all files and folders: the file system's id, and the number of its last change.
   * The bean FSNamesystem has this number too, but up to 10 s late: Hadoop caches its metrics.
   * @throws HdfsError if the NameNode has no such number, or is a standby
   */
  async version(): Promise<string> {
    const [info, status] = await Promise.all([this.bean("NameNodeInfo"), this.bean("NameNodeStatus")]);
    const { ClusterId: id, JournalTransactionInfo: journal } = info;
    const [, change] = /"LastAppliedOrWrittenTxId":"(\d+)"/.exec(String(journal)) ?? [];
    if (typeof id !== "string" || change === undefined || status.State !== "active") {
      const problem = `expected an active NameNode, got ${String(status.State)}, ${String(journal)}`;
      throw new HdfsError("JMX", "NameNodeInfo", problem);
    }
    return `${id} ${change}`;
  }

  /** Closes the idle connections. */
  close(): void {
    this.#agents.http.destroy();
    this.#agents.https.destroy();
  }

  /** The NameNode's own facts of one kind. @throws HdfsError also at a gateway, which has none */
  async bean(name: string): Promise<Record<string, unknown>> {
    const call: Call = { method: "GET", op: "JMX", path: name };
    const answer = await this.#ask(call, (url) => `${url}/jmx?qry=Hadoop:service=NameNode,name=${name}`);
    if (answer.status !== 200) throw this.#toError(call, answer);
    const { beans } = JSON.parse(answer.body.toString("utf8")) as { beans: Record<string, unknown>[] };
    return beans[0] ?? {};
  }

  async #boolean(call: Call): Promise<boolean> {
    return ((await this.#json(call)) as { boolean: boolean }).boolean;
  }

  /** The answer's JSON. With `missing`, returns that value if the path does not exist. */
  async #json(call: Call, missing?: null): Promise<unknown> {
    const answer = await this.#ask(call);
    const error = answer.status === 200 ? null : this.#toError(call, answer);
    if (error === null) return jsonOf(call, answer);
    if (missing === null && isMissing(error)) return missing;
    throw error;
  }

  /** Asks the NameNode for the address of a DataNode, then that DataNode, with the body. */
  async #onDataNode(call: Call, expected: number, body?: Buffer): Promise<Buffer> {
    let unreached: Error | undefined; // error of the last DataNode that took no connection
    for (let tried = 1; ; tried++) {
      const where = await this.#ask(this.#withoutDead(call));
      if (where.status === expected && body === undefined) return where.body;
      if (where.status !== 307 || where.location === undefined) {
        const error = this.#toError(call, where);
        if (this.#dead.size === 0 || error.exception !== "IOException") throw error;
        this.#dead.clear(); // HDFS has no other DataNode for this call
        if (unreached !== undefined) throw unreached;
        continue;
      }
      const named = new URL(where.location);
      const address = new URL(where.location);
      if (this.#datanodeHost !== undefined) address.hostname = this.#datanodeHost;
      try {
        const answer = await this.#send({ ...call, ...(body && { body }) }, address.href, DATA_TIMEOUT_MS);
        if (answer.status === expected) return answer.body;
        throw this.#toError(call, answer);
      } catch (error) {
        if (tried === DATANODES || !isUnsent(error)) throw error;
        const name = await this.#nameOfDataNode(named).catch(() => undefined);
        if (name === undefined) throw error;
        unreached = error as Error;
        this.#dead.set(name, Date.now());
      }
    }
  }

  #withoutDead(call: Call): Call {
    for (const [name, since] of this.#dead) if (Date.now() - since > DEAD_MS) this.#dead.delete(name);
    if (this.#dead.size === 0) return call;
    const excludedatanodes = [...this.#dead.keys()].join(",");
    return { ...call, parameters: { ...call.parameters, excludedatanodes } };
  }

  /** The NameNode's name of the DataNode with this address of HTTP; undefined: it knows none. */
  async #nameOfDataNode({ hostname, port }: URL): Promise<string | undefined> {
    const { LiveNodes: text = "{}" } = await this.bean("NameNodeInfo");
    const nodes = JSON.parse(text as string) as Record<string, WireDataNode>; // by "host:port"
    const found = Object.entries(nodes).find(
      ([name, { infoAddr, infoSecureAddr }]) =>
        name.startsWith(`${hostname}:`) &&
        [infoAddr, infoSecureAddr].some((address) => address.endsWith(`:${port}`)),
    );
    return found?.[1].xferaddr;
  }

  /** Sends a call to the active NameNode: to each of them at most once. */
  async #ask(call: Call, addressAt = (url: string) => this.#address(url, call)): Promise<Answer> {
    for (let tried = 1; ; tried++) {
      const asked = this.#active;
      const goOn = () => {
        if (asked === this.#active) this.#active = (asked + 1) % this.#urls.length;
      };
      try {
        const answer = await this.#send(call, addressAt(this.#urls[asked]!), this.#limitMs);
        if (!isStandby(answer)) return answer;
        goOn();
        if (tried >= this.#urls.length) return answer;
      } catch (error) {
        goOn();
        if (tried >= this.#urls.length || !isUnsent(error)) throw error;
      }
    }
  }

  #address(url: string, { op, path, parameters }: Call): string {
    const { token, kerberos } = this.#access;
    const query = new URLSearchParams({ op });
    if (token) query.set("delegation", token.read());
    else if (!kerberos) query.set("user.name", this.#user);
    for (const [name, value] of Object.entries(parameters ?? {})) query.set(name, String(value));
    // HDFS would read "+" as a plus, not as a space, so spaces are written as %20.
    const encoded = path.split("/").map(encodeURIComponent).join("/");
    return `${url}/webhdfs/v1${encoded}?${query.toString().replaceAll("+", "%20")}`;
  }

  async #send(call: Call, address: string, timeoutMs: number): Promise<Answer> {
    const { method, op, path, body } = call;
    const url = new URL(address);
    try {
      const headers = {
        ...(await this.#login(url)),
        ...(method === "PUT" && { "content-length": body?.length ?? 0 }),
        ...(body && { "content-type": "application/octet-stream" }), // HttpFS demands it
      };
      return await new Promise<Answer>((resolve, reject) => {
        const signal = AbortSignal.timeout(timeoutMs);
        const sent =
          url.protocol === "https:"
            ? requestHttps(url, { method, headers, signal, agent: this.#agents.https })
            : requestHttp(url, { method, headers, signal, agent: this.#agents.http });
        sent.once("error", (error) =>
          reject(signal.aborted ? new Error(`no answer in ${timeoutMs} ms`) : error),
        );
        sent.once("response", (response) => {
          readAnswer(response).then(resolve, reject);
        });
        sent.end(body);
      });
    } catch (error) {
      const cause = error as Error;
      const fault = connectionFault(cause, url, "QUESTLOG_WEBHDFS_CA_FILE");
      throw new HdfsError(op, path, fault.includes(url.host) ? fault : `${url.host}: ${fault}`, { cause });
    }
  }

  /** The header of a login. Only the given servers get it: a DataNode's address has a token. */
  async #login({ origin, hostname }: URL): Promise<Record<string, string>> {
    const { password, kerberos } = this.#access;
    if (!this.#urls.some((url) => new URL(url).origin === origin)) return {};
    if (password) {
      const pair = Buffer.from(`${this.#user}:${password.read()}`).toString("base64");
      return { authorization: `Basic ${pair}` };
    }
    return kerberos ? { authorization: `Negotiate ${await spnego(hostname)}` } : {};
  }

  #toError(call: Call, answer: Answer): HdfsError {
    return toError(call, answer, this.#user, this.#access);
  }

  /** Repeats a call after a missing answer or a server's fault. A refusal is final. */
  async #repeated<T>(call: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await call();
      } catch (error) {
        if (attempt >= this.#attempts || !(error instanceof HdfsError && error.passing)) throw error;
        await sleep(RETRY_DELAY_MS * 2 ** (attempt - 1));
      }
    }
  }
}

/** Thrown when HDFS refuses a request, fails or cannot be reached. */
export class HdfsError extends Error {
  override name = "HdfsError";
  exception: string | null; // Hadoop's name for it, e.g. "AccessControlException"; null: no answer
  passing: boolean; // the same request may succeed later
  status: number | null; // of the answer; null: no answer

  constructor(
    op: string,
    path: string,
    message: string,
    {
      exception = null,
      passing = true,
      status = null,
      cause,
    }: { exception?: string | null; passing?: boolean; status?: number | null; cause?: Error } = {},
  ) {
    super(`HDFS ${op} ${path}: ${message}`, { cause });
    this.exception = exception;
    this.passing = passing;
    this.status = status;
  }
}

interface WireStatus {
  pathSuffix: string;
  type: "FILE" | "DIRECTORY";
  length: number;
  modificationTime: number;
}

/** Addresses of a DataNode: HTTP, HTTPS, and the one that names it in requests. */
interface WireDataNode {
  infoAddr: string;
  infoSecureAddr: string;
  xferaddr: string;
}

interface WireListing {
  DirectoryListing: {
    partialListing: { FileStatuses: { FileStatus: WireStatus[] } };
    remainingEntries: number;
  };
}

function toStatus({ pathSuffix, type, length, modificationTime }: WireStatus): FileStatus {
  return { name: pathSuffix, type, bytes: length, modified_at: modificationTime };
}

/** Whether a name comes after another one in the order of their bytes. */
function isAfter(name: string, other: string): boolean {
  return other === "" || Buffer.compare(Buffer.from(name), Buffer.from(other)) > 0;
}

const PASSING_EXCEPTIONS = new Set(["StandbyException", "RetriableException", "SafeModeException"]);

function toError({ op, path }: Call, answer: Answer, user: string, access: HdfsAccess): HdfsError {
  const { status, body } = answer;
  const remote = remoteException(answer);
  const exception = remote?.exception ?? null;
  const message = remote
    ? `${remote.exception}: ${remote.message.split("\n")[0]}`
    : answerText(body.toString("utf8"), answer.location);
  const passing = PASSING_EXCEPTIONS.has(exception ?? "") || (status >= 500 && exception === null);
  const isRefusedToken = /\$InvalidToken\b/.test(message); // HDFS wraps it in a SecurityException
  const remedy = remedyOf(status, isRefusedToken ? "InvalidToken" : exception, {
    path,
    user: /\buser=([^\s,]+)/.exec(message)?.[1] ?? user, // HDFS knows the user of a ticket or token
    access,
  });
  return new HdfsError(op, path, `status ${status}, ${message}${remedy}`, { exception, passing, status });
}

/** The exception of HDFS in an answer; undefined: a page of a proxy or web server. */
function remoteException({ body }: Answer): { exception: string; message: string } | undefined {
  try {
    const answer = JSON.parse(body.toString("utf8")) as {
      RemoteException?: { exception: string; message: string };
    };
    return answer.RemoteException;
  } catch {
    return undefined;
  }
}

/** @throws HdfsError if the answer is no JSON, as that of another server */
function jsonOf({ op, path }: Call, { status, body }: Answer): unknown {
  const text = body.toString("utf8");
  try {
    return JSON.parse(text) as unknown;
  } catch {
    throw new HdfsError(op, path, `expected JSON, got ${answerText(text)}`, { passing: false, status });
  }
}

/** Whether a standby refused the call. */
function isStandby(answer: Answer): boolean {
  return answer.status === 403 && remoteException(answer)?.exception === "StandbyException";
}

/** Whether no server can have got the call, because no connection was made. */
function isUnsent(error: unknown): boolean {
  const { code = "" } = ((error as Error).cause ?? {}) as NodeJS.ErrnoException;
  return ["ECONNREFUSED", "EHOSTUNREACH", "ENETUNREACH", "ENOTFOUND", "EAI_AGAIN"].includes(code);
}

/** The way out of a refusal, as the end of its message. */
function remedyOf(
  status: number,
  exception: string | null,
  { path, user, access }: { path: string; user: string; access: HdfsAccess },
): string {
  const folder = posix.dirname(path);
  switch (exception) {
    case "AccessControlException":
      return `; ${user} needs rights: hdfs dfs -chown -R ${user} ${settings.hdfsRoot}, or ${otherUser(access)}`;
    case "NSQuotaExceededException":
      return `; a quota limits the number of files above ${folder}: hdfs dfsadmin -setQuota NUMBER FOLDER`;
    case "DSQuotaExceededException":
    case "QuotaByStorageTypeExceededException":
      return `; a quota limits the bytes above ${folder}: hdfs dfsadmin -setSpaceQuota BYTES FOLDER`;
    case "AuthorizationException":
      return `; the cluster does not let ${user} do this: its proxy users and service rules decide`;
    case "InvalidToken":
      return "; QUESTLOG_WEBHDFS_TOKEN_FILE needs a new delegation token";
    default:
      return status === 401 ? `; ${loginSettings}` : "";
  }
}

/** The way to get another user, which depends on the login. */
function otherUser({ token, kerberos }: HdfsAccess): string {
  if (kerberos) return "the ticket of another user";
  return token ? "a delegation token of another user" : "another QUESTLOG_HDFS_USER";
}

function isMissing(error: unknown): boolean {
  return error instanceof HdfsError && error.exception === "FileNotFoundException";
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode!, location: response.headers.location, body: Buffer.concat(chunks) };
}

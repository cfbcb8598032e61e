/**
 * HDFS over WebHDFS: files and folders by absolute path.
 *
 * CREATE and OPEN take two requests: the NameNode answers with the address of a DataNode. That
 * one sends "100 Continue", which `fetch` takes for a bad answer, so this is `node:http`. RENAME
 * answers false, not an error, if the target exists; the caller gets that answer, and RENAME is
 * never repeated. LISTSTATUS_BATCH reads only `startafter`: it ignores the documented spelling.
 */
import { Agent, type IncomingMessage, request } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { settings } from "./settings.ts";

export interface FileStatus {
  name: string; // last part of the path; "" in the status of the path itself
  type: "FILE" | "DIRECTORY";
  bytes: number;
  modified_at: number; // milliseconds since 1970
}

/** The functions of HDFS that the commit chain uses. */
export type Hdfs = Pick<WebHdfs, "create" | "read" | "rename" | "makeFolder" | "list" | "status" | "remove">;

const METADATA_TIMEOUT_MS = 15_000;
const DATA_TIMEOUT_MS = 60_000;
const ATTEMPTS = 3; // at a request that may be repeated
const RETRY_DELAY_MS = 100; // before the second attempt; doubled before each further one
const MAX_SOCKETS = 16; // to one server
const IDLE_SOCKET_MS = 4_000; // less than on the servers

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
  readonly #url: string;
  readonly #user: string;
  readonly #datanodeHost: string | undefined;
  readonly #agent = new Agent({ keepAlive: true, maxSockets: MAX_SOCKETS, timeout: IDLE_SOCKET_MS });

  /**
   * @param options.url "http://host:port" of the NameNode, without /webhdfs/v1
   * @param options.datanodeHost the only DataNode's host, if the NameNode knows it by another one
   */
  constructor({
    url = settings.webhdfsUrl,
    user = settings.hdfsUser,
    datanodeHost = settings.datanodeHost,
  } = {}) {
    this.#url = url;
    this.#datanodeHost = datanodeHost;
    this.#user = user;
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

  /** Makes a folder and its parents, unless they exist. */
  async makeFolder(path: string): Promise<void> {
    await this.#repeated(() => this.#boolean({ method: "PUT", op: "MKDIRS", path }));
  }

  /** Deletes a file, or a folder with its content, in one step, if it exists. */
  async remove(path: string): Promise<void> {
    const call: Call = { method: "DELETE", op: "DELETE", path, parameters: { recursive: true } };
    await this.#repeated(() => this.#boolean(call));
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
      const call: Call = { method: "GET", op: "LISTSTATUS_BATCH", path, parameters: { startafter: after } };
      const answer = (await this.#json(call, null)) as WireListing | null;
      if (answer === null) return { entries: [], more: 0 };
      const { partialListing, remainingEntries } = answer.DirectoryListing;
      return { entries: partialListing.FileStatuses.FileStatus.map(toStatus), more: remainingEntries };
    });
  }

  /**
   * The version of all files and folders: the file system's id, and the number of its last change.
   * The bean FSNamesystem has this number too, but up to 10 s late: Hadoop caches its metrics.
   * @throws HdfsError if the NameNode has no such number, or is a standby
   */
  async version(): Promise<string> {
    const [info, status] = await Promise.all([this.#bean("NameNodeInfo"), this.#bean("NameNodeStatus")]);
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
    this.#agent.destroy();
  }

  /** The NameNode's own facts of one kind. */
  async #bean(name: string): Promise<Record<string, unknown>> {
    const call: Call = { method: "GET", op: "JMX", path: name };
    const address = `${this.#url}/jmx?qry=Hadoop:service=NameNode,name=${name}`;
    const answer = await this.#send(call, address, METADATA_TIMEOUT_MS);
    if (answer.status !== 200) throw toError(call, answer);
    const { beans } = JSON.parse(answer.body.toString("utf8")) as { beans: Record<string, unknown>[] };
    return beans[0] ?? {};
  }

  async #boolean(call: Call): Promise<boolean> {
    return ((await this.#json(call)) as { boolean: boolean }).boolean;
  }

  /** The answer's JSON. With `missing`, returns that value if the path does not exist. */
  async #json(call: Call, missing?: null): Promise<unknown> {
    const answer = await this.#send(call, this.#address(call), METADATA_TIMEOUT_MS);
    const error = answer.status === 200 ? null : toError(call, answer);
    if (error === null) return JSON.parse(answer.body.toString("utf8")) as unknown;
    if (missing === null && isMissing(error)) return missing;
    throw error;
  }

  /** Asks the NameNode for the address of a DataNode, then that DataNode, with the body. */
  async #onDataNode(call: Call, expected: number, body?: Buffer): Promise<Buffer> {
    const where = await this.#send(call, this.#address(call), METADATA_TIMEOUT_MS);
    if (where.status !== 307 || where.location === undefined) throw toError(call, where);
    const address = new URL(where.location);
    if (this.#datanodeHost !== undefined) address.hostname = this.#datanodeHost;
    const answer = await this.#send({ ...call, ...(body && { body }) }, address.href, DATA_TIMEOUT_MS);
    if (answer.status !== expected) throw toError(call, answer);
    return answer.body;
  }

  #address({ op, path, parameters }: Call): string {
    const query = new URLSearchParams({ op, "user.name": this.#user });
    for (const [name, value] of Object.entries(parameters ?? {})) query.set(name, String(value));
    // HDFS would read "+" as a plus, not as a space, so spaces are written as %20.
    const encoded = path.split("/").map(encodeURIComponent).join("/");
    return `${this.#url}/webhdfs/v1${encoded}?${query.toString().replaceAll("+", "%20")}`;
  }

  async #send(call: Call, address: string, timeoutMs: number): Promise<Answer> {
    const { method, op, path, body } = call;
    try {
      return await new Promise<Answer>((resolve, reject) => {
        const headers = method === "PUT" ? { "content-length": body?.length ?? 0 } : {};
        const signal = AbortSignal.timeout(timeoutMs);
        const sent = request(address, { method, headers, signal, agent: this.#agent });
        sent.once("error", (error) =>
          reject(signal.aborted ? new Error(`no answer in ${timeoutMs} ms`) : error),
        );
        sent.once("response", (response) => {
          readAnswer(response).then(resolve, reject);
        });
        sent.end(body);
      });
    } catch (error) {
      const cause = error as NodeJS.ErrnoException;
      throw new HdfsError(op, path, `${cause.message || cause.code} at ${new URL(address).host}`, { cause });
    }
  }

  /** Repeats a call after a missing answer or a server's fault. A refusal is final. */
  async #repeated<T>(call: () => Promise<T>): Promise<T> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await call();
      } catch (error) {
        if (attempt === ATTEMPTS || !(error instanceof HdfsError && error.passing)) throw error;
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

  constructor(
    op: string,
    path: string,
    message: string,
    {
      exception = null,
      passing = true,
      cause,
    }: { exception?: string | null; passing?: boolean; cause?: Error } = {},
  ) {
    super(`HDFS ${op} ${path}: ${message}`, { cause });
    this.exception = exception;
    this.passing = passing;
  }
}

interface WireStatus {
  pathSuffix: string;
  type: "FILE" | "DIRECTORY";
  length: number;
  modificationTime: number;
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

const PASSING_EXCEPTIONS = new Set(["StandbyException", "RetriableException", "SafeModeException"]);

function toError({ op, path }: Call, { status, body }: Answer): HdfsError {
  const text = body.toString("utf8");
  let exception: string | null = null;
  let message = text.slice(0, 200);
  try {
    const remote = (JSON.parse(text) as { RemoteException?: { exception: string; message: string } })
      .RemoteException;
    if (remote) {
      exception = remote.exception;
      message = `${remote.exception}: ${remote.message.split("\n")[0]}`;
    }
  } catch {
    // Not JSON: a page of a proxy or web server, which the message shows as it is.
  }
  const passing = PASSING_EXCEPTIONS.has(exception ?? "") || (status >= 500 && exception === null);
  return new HdfsError(op, path, `status ${status}, ${message}`, { exception, passing });
}

function isMissing(error: unknown): boolean {
  return error instanceof HdfsError && error.exception === "FileNotFoundException";
}

async function readAnswer(response: IncomingMessage): Promise<Answer> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return { status: response.statusCode!, location: response.headers.location, body: Buffer.concat(chunks) };
}

/**
 * Requests → replies and outputs of a kernel, through its shell and iopub sockets.
 *
 * A reply and the outputs come by different sockets. So a request ends only when its reply has come
 * and the kernel has reported on iopub that it is idle: then no output is missing.
 */
import { randomUUID } from "node:crypto";
import { Dealer, Subscriber } from "zeromq";
import {
  formatMessage,
  IOPUB,
  KernelError,
  MAX_MESSAGE_BYTES,
  type Message,
  parseMessage,
  SHELL,
  socketAddress,
} from "./protocol.ts";

/** An output of a running cell: `stream` or `display_data`, in the protocol's words. */
export interface KernelOutput {
  type: string;
  content: Record<string, unknown>;
}

type OnOutput = (output: KernelOutput) => void;

interface Request {
  onReply: (content: Message["content"]) => void;
  onIdle: () => void; // after the last output of the request
  onOutput: OnOutput;
}

/** The two sockets of one kernel. */
export class Channels {
  readonly broken: Promise<never>; // rejects when the kernel cannot answer any more
  readonly #key: string;
  readonly #shell = new Dealer({ linger: 0, maxMessageSize: MAX_MESSAGE_BYTES });
  readonly #iopub = new Subscriber({
    linger: 0,
    maxMessageSize: MAX_MESSAGE_BYTES,
    receiveHighWaterMark: 0, // no limit: the kernel drops outputs otherwise
  });
  readonly #requests = new Map<string, Request>();
  readonly #session = randomUUID();
  #ended = ""; // the last request that ended
  #breakOff: (error: KernelError) => void = () => {};

  constructor(folder: string, key: string) {
    this.#key = key;
    this.broken = new Promise((_, reject) => (this.#breakOff = reject));
    this.broken.catch(() => {}); // each waiting request gets the error
    this.#shell.connect(socketAddress(folder, SHELL));
    this.#iopub.connect(socketAddress(folder, IOPUB));
    this.#iopub.subscribe();
    void this.#read(this.#shell, (request, { content }) => request.onReply(content));
    void this.#read(this.#iopub, (request, { header, content }) => {
      if (header.msg_type !== "status") request.onOutput({ type: header.msg_type, content });
      else if (content.execution_state === "idle") request.onIdle();
    });
  }

  /** Sends one request; resolves with its reply when the kernel is idle. @throws KernelError */
  async request(type: string, content: object, onOutput: OnOutput): Promise<Message["content"]> {
    const id = randomUUID();
    const answer = new Promise<Message["content"]>((resolve) => {
      let reply: Message["content"] | undefined;
      let idle = false;
      const settle = (): void => {
        if (reply && idle) resolve(reply);
      };
      this.#requests.set(id, {
        onReply: (got) => {
          reply = got;
          settle();
        },
        onIdle: () => {
          idle = true;
          settle();
        },
        onOutput,
      });
    });
    try {
      await this.#shell.send(formatMessage({ id, session: this.#session, type, content }, this.#key));
      return await Promise.race([answer, this.broken]);
    } finally {
      this.#requests.delete(this.#ended); // outputs of work that a cell left running can still come
      this.#ended = id;
    }
  }

  /** Rejects all waiting and later requests with `error`; only the first call counts. */
  breakOff(error: KernelError): void {
    this.#breakOff(error);
  }

  close(): void {
    this.#shell.close();
    this.#iopub.close();
  }

  /** Passes each message to the request that it answers, until the socket closes. */
  async #read(
    socket: Dealer | Subscriber,
    pass: (request: Request, message: Message) => void,
  ): Promise<void> {
    try {
      for await (const frames of socket) {
        const message = parseMessage(frames, this.#key);
        const request = this.#requests.get(message.parent.msg_id ?? "");
        if (request) pass(request, message);
      }
    } catch (error) {
      const problem = `the kernel sent a message that cannot be read: ${(error as Error).message}`;
      this.#breakOff(error instanceof KernelError ? error : new KernelError(problem));
    }
  }
}

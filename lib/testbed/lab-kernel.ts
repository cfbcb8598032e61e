/** A kernel of JupyterLab's server, through the server's WebSocket, as the page uses it. */
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import type { Lab } from "../lab/lab.ts";
import { until } from "../until.ts";

const ANSWER_TIMEOUT_MS = 60_000;
const LATE_TIMEOUT_MS = 10_000; // the most that outputs may come after the cell

export interface LabPrinted {
  status: string; // "ok", "error", "abort"
  stdout: string;
  stderr: string;
  displays: number;
}

interface Message {
  channel: string;
  msg_type: string;
  parent_header: { msg_id?: string };
  content: Record<string, unknown>;
}

export class LabKernel {
  readonly #socket: WebSocket;
  readonly #messages: Message[] = [];

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.addEventListener("message", ({ data }) => {
      this.#messages.push(JSON.parse(data as string) as Message);
    });
  }

  static async start(lab: Lab): Promise<LabKernel> {
    const { origin, search } = new URL(lab.url);
    const url = (path: string): URL => new URL(`${path}${search}`, origin);
    const answer = await fetch(url("/api/kernels"), { method: "POST", body: '{"name":"tslab"}' });
    const { id } = (await answer.json()) as { id: string };
    const address = url(`/api/kernels/${id}/channels`);
    address.protocol = "ws:";
    const socket = new WebSocket(address);
    await once(socket, "open");
    const kernel = new LabKernel(socket);
    await kernel.request("kernel_info_request", {});
    return kernel;
  }

  /**
   * Runs a cell; resolves with its outputs when the kernel is idle, and they have `chars`
   * characters of text. Work that the cell leaves behind can print after the kernel is idle.
   */
  async execute(code: string, chars = 0): Promise<LabPrinted> {
    const options = { silent: false, store_history: true, user_expressions: {}, allow_stdin: false };
    const { id, reply } = await this.#ask("execute_request", { ...options, code });
    const printed = () => printedOf(String(reply.status), this.#answersTo(id));
    const whole = () => {
      const one = printed();
      return one.stdout.length + one.stderr.length >= chars ? one : undefined;
    };
    return until("the cell's texts", whole, { limitMs: LATE_TIMEOUT_MS, everyMs: 20 }).catch(printed);
  }

  /** Sends a request; resolves with its reply when the kernel is idle. */
  async request(type: string, content: object): Promise<Message["content"]> {
    const { reply } = await this.#ask(type, content);
    return reply;
  }

  async #ask(type: string, content: object): Promise<{ id: string; reply: Message["content"] }> {
    const id = randomUUID();
    const header = { msg_id: id, msg_type: type, session: "test", username: "", date: "", version: "5.3" };
    const message = { header, parent_header: {}, metadata: {}, content, channel: "shell", buffers: [] };
    this.#messages.length = 0;
    this.#socket.send(JSON.stringify(message));
    const answered = () => {
      const messages = this.#answersTo(id);
      const isIdle = messages.some(({ content }) => content.execution_state === "idle");
      const reply = messages.find(({ channel }) => channel === "shell")?.content;
      return isIdle && reply ? { id, reply } : undefined;
    };
    return until(`the reply to ${type}`, answered, { limitMs: ANSWER_TIMEOUT_MS, everyMs: 20 });
  }

  #answersTo(id: string): Message[] {
    return this.#messages.filter(({ parent_header }) => parent_header.msg_id === id);
  }

  close(): void {
    this.#socket.close();
  }
}

function printedOf(status: string, messages: readonly Message[]): LabPrinted {
  const printed = { status, stdout: "", stderr: "", displays: 0 };
  for (const { msg_type, content } of messages) {
    if (msg_type === "stream") printed[content.name as "stdout" | "stderr"] += content.text as string;
    if (msg_type === "display_data") printed.displays++;
  }
  return printed;
}

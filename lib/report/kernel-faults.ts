/**
 * Errors that no code of a cell catches, and outputs above the limit → texts for the runner.
 * Loaded only in the kernel's process.
 *
 * tslab does not await its sends. The socket refuses a send while another one waits, which happens
 * after some 500 sends at once. The message "idle" can be among the refused ones, and then the cell
 * has no end. So the sends wait for each other here. The socket also drops messages above its
 * high-water mark of 1,000, so the mark is removed.
 * The runner's socket closes at a message above its limit, so this module does not send it.
 */
import { createRequire } from "node:module";
import { inspect } from "node:util";
import { MAX_MESSAGE_BYTES } from "./protocol.ts";

const MAX_FAULTS = 10; // of one cell
const MAX_FAULT_CHARS = 10_000;

interface Publisher {
  sendHighWaterMark: number; // 0: no limit
  send(frames: (Buffer | string)[]): Promise<void>;
  close(): void;
}

interface Server {
  iopub: Pick<Publisher, "send" | "close">;
  bindSocket: (this: Server, socket: Publisher, port: number) => Promise<void>;
}

let faults: string[] = [];

/** Keeps the errors that no code catches from now on. */
export function watchFaults(): void {
  process.on("uncaughtExceptionMonitor", addFault);
  process.on("unhandledRejection", addFault);
}

/** Adds an error that fails the cell. */
export function addFault(error: unknown): void {
  if (faults.length === MAX_FAULTS) return; // the first ones are enough to fail the cell
  let text: string;
  try {
    text = inspect(error);
  } catch {
    text = "Error: (cannot be shown)"; // a class of the cell shows it, and throws
  }
  faults.push(text.slice(0, MAX_FAULT_CHARS));
}

/** The faults since the last time. */
export function takeFaults(): string[] {
  const taken = faults;
  faults = [];
  return taken;
}

/** Makes tslab's publisher send every output, and a fault in place of an output above the limit. */
export function sendWholeOutputs(): void {
  const require = createRequire(import.meta.url);
  const { ZmqServer } = require("tslab/dist/jupyter.js") as { ZmqServer: { prototype: Server } };
  const { prototype } = ZmqServer;
  const { bindSocket } = prototype;
  prototype.bindSocket = function (socket, port) {
    if (socket === this.iopub) {
      socket.sendHighWaterMark = 0;
      this.iopub = limited(socket); // a socket itself takes no other method
    }
    return bindSocket.call(this, socket, port);
  };
}

function limited(publisher: Publisher): Server["iopub"] {
  let last = Promise.resolve();
  return {
    close: () => publisher.close(),
    send: async (frames) => {
      const bytes = Math.max(...frames.map((frame) => Buffer.byteLength(frame)));
      if (bytes <= MAX_MESSAGE_BYTES) return (last = last.then(() => publisher.send(frames)));
      addFault(new RangeError(`output: expected at most ${MAX_MESSAGE_BYTES} bytes at once, got ${bytes}`));
    },
  };
}

/**
 * Frames of a socket ↔ messages of the Jupyter protocol, signed; and the connection file.
 *
 * A message is [identities…, "<IDS|MSG>", signature, header, parent, metadata, content]; the
 * signature is the HMAC of the four parts with the key that only the connection file holds.
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { join } from "node:path";

export const MAX_MESSAGE_BYTES = 16 * 1024 * 1024; // of one part of a message
const DELIMITER = Buffer.from("<IDS|MSG>");

export interface Message {
  header: { msg_type: string };
  parent: { msg_id?: string }; // the header of the request that it answers
  content: Record<string, unknown>;
}

export interface Request {
  id: string;
  session: string;
  type: string; // e.g. "execute_request"
  content: object;
}

/** The frames of one request, signed with `key`. */
export function formatMessage({ id, session, type, content }: Request, key: string): (Buffer | string)[] {
  const date = new Date().toISOString();
  const header = { msg_id: id, session, username: "questlog", date, msg_type: type, version: "5.3" };
  const parts = [header, {}, {}, content].map((part) => Buffer.from(JSON.stringify(part)));
  return [DELIMITER, sign(key, parts), ...parts];
}

/** Parses the frames of one message. @throws KernelError if `key` did not make its signature. */
export function parseMessage(frames: Buffer[], key: string): Message {
  const start = frames.findIndex((frame) => frame.equals(DELIMITER)) + 1;
  const [signature, ...parts] = frames.slice(start);
  const [header, parent, , content] = parts;
  if (start === 0 || !signature || !header || !parent || !content) {
    throw new KernelError(`expected a message of the Jupyter protocol, got ${frames.length} frames`);
  }
  const expected = Buffer.from(sign(key, parts));
  if (signature.length !== expected.length || !timingSafeEqual(signature, expected)) {
    throw new KernelError("expected a message signed with the kernel's key, got another signature");
  }
  const [h, p, c] = [header, parent, content].map((part) => JSON.parse(part.toString()) as unknown);
  return { header: h, parent: p, content: c } as Message;
}

function sign(key: string, parts: Buffer[]): string {
  const hmac = createHmac("sha256", key);
  for (const part of parts) hmac.update(part);
  return hmac.digest("hex");
}

/** Thrown when a kernel does not answer a request as the protocol demands. */
export class KernelError extends Error {
  override name = "KernelError";
}

export const SHELL = 1;
export const IOPUB = 2;

/** With "ipc", an address is a file `s:PORT`, and each port any number. */
export function connectionInfo(folder: string, key: string): object {
  return {
    transport: "ipc",
    ip: join(folder, "s"),
    shell_port: SHELL,
    iopub_port: IOPUB,
    stdin_port: 3,
    control_port: 4,
    hb_port: 5,
    key,
    signature_scheme: "hmac-sha256",
    kernel_name: "tslab",
  };
}

export function socketAddress(folder: string, port: number): string {
  return `ipc://${join(folder, "s")}:${port}`;
}

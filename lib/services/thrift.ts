/**
 * A method of the metastore → its answer, by Thrift's binary protocol.
 *
 * Methods without arguments need no library: the call is a name, and the answer is a single field.
 */
import { once } from "node:events";
import { createConnection } from "node:net";
import { HOST } from "../settings.ts";

const ANSWER_LIMIT_MS = 5_000;
const VERSION_AND_CALL = 0x80010001;
const REPLY = 2; // message type of an answer; an exception has another one
const STRING = 11; // type of a field
const LIST = 15; // type of a field
const FIELD_HEADER_BYTES = 3; // type, id (2)

/** Calls a method that returns a list of strings, such as get_all_databases. */
export function callForStrings(port: number, method: string): Promise<string[]> {
  return call(port, method, LIST, (reply, start) => {
    if (reply.length < start + 5) return undefined; // element type, count
    const names: string[] = [];
    let at = start + 5;
    for (let left = reply.readUInt32BE(start + 1); left > 0; left--) {
      const name = readString(reply, at);
      if (name === undefined) return undefined;
      names.push(name.toString());
      at += 4 + name.length;
    }
    return names;
  });
}

/** Calls a method that returns a string, such as getVersion. */
export function callForString(port: number, method: string): Promise<string> {
  return call(port, method, STRING, (reply, start) => readString(reply, start)?.toString());
}

/**
 * `parse` gets the reply so far and the answer's start; returns undefined for an incomplete answer.
 */
async function call<T>(
  port: number,
  method: string,
  type: number,
  parse: (reply: Buffer, start: number) => T | undefined,
): Promise<T> {
  // Version and type, name with its length, sequence id, end of arguments.
  const request = Buffer.alloc(4 + 4 + method.length + 4 + 1);
  request.writeUInt32BE(VERSION_AND_CALL, 0);
  request.writeUInt32BE(method.length, 4);
  request.write(method, 8);
  const start = 4 + 4 + method.length + 4;
  const socket = createConnection(port, HOST);
  try {
    socket.setTimeout(ANSWER_LIMIT_MS, () =>
      socket.destroy(new Error(`${method}: expected an answer within ${ANSWER_LIMIT_MS / 1000} s, got none`)),
    );
    await once(socket, "connect");
    socket.write(request);
    let reply = Buffer.alloc(0);
    for await (const chunk of socket) {
      reply = Buffer.concat([reply, chunk as Buffer]);
      if (reply.length < start + FIELD_HEADER_BYTES) continue;
      if (reply[3] !== REPLY || reply[start] !== type)
        throw new Error(`${method}: expected an answer, got an exception`);
      const answer = parse(reply, start + FIELD_HEADER_BYTES);
      if (answer !== undefined) return answer;
    }
    throw new Error(`${method}: expected an answer, got the end of the connection`);
  } finally {
    socket.destroy();
  }
}

/** The string at `at`, after its length; undefined if it is incomplete. */
function readString(reply: Buffer, at: number): Buffer | undefined {
  if (reply.length < at + 4) return undefined;
  const end = at + 4 + reply.readUInt32BE(at);
  return reply.length < end ? undefined : reply.subarray(at + 4, end);
}

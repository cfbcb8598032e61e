/**
 * A method of a Thrift service with its arguments → the answer, by the binary protocol.
 *
 * Structs are read without their definitions: a struct is a map from field numbers to values with
 * their types. So a struct that is read, changed and written again keeps its unknown fields.
 */
import { once } from "node:events";
import { createConnection } from "node:net";

export type Struct = Map<number, Field>;

export interface Field {
  type: number; // a number of TYPE
  value: Value;
}

/** bool, i8, i16, i32 and double: number; i64: bigint. */
export type Value = number | bigint | string | Struct | Items | Entries;

/** A list or a set. */
export interface Items {
  of: number; // type of the items
  items: Value[];
}

/** A map. */
export interface Entries {
  keys: number; // type of the keys
  values: number; // type of the values
  entries: [Value, Value][];
}

export const TYPE = {
  bool: 2,
  i8: 3,
  double: 4,
  i16: 6,
  i32: 8,
  i64: 10,
  string: 11,
  struct: 12,
  map: 13,
  set: 14,
  list: 15,
} as const;

const VERSION_AND_CALL = 0x80010001;
const REPLY = 2; // type of a message that is an answer; an exception has another one
const STOP = 0; // the end of a struct
const ANSWER = 0; // field of a reply; the other fields are exceptions
const MESSAGE = 1; // field of an exception

/** Thrown when the service answers with an exception. */
export class ThriftError extends Error {
  override name = "ThriftError";
  field: number | null; // of the reply: the kind of the exception; null: an error of the protocol

  constructor(method: string, field: number | null, exception: Struct | undefined) {
    const message = exception?.get(MESSAGE)?.value as string | undefined;
    super(`${method}: expected an answer, got an exception: ${message ?? "without a message"}`);
    this.field = field;
  }
}

/**
 * Calls a method by a connection of its own. A method without a result answers undefined.
 * @throws ThriftError if the service refuses
 */
export async function callThrift(
  address: { host: string; port: number },
  method: string,
  { arguments: sent = new Map() as Struct, limitMs = 5_000 } = {},
): Promise<Value | undefined> {
  const socket = createConnection(address);
  try {
    socket.setTimeout(limitMs, () =>
      socket.destroy(new Error(`${method}: expected an answer within ${limitMs / 1000} s, got none`)),
    );
    await once(socket, "connect");
    socket.write(messageOf(method, sent));
    const chunks: Buffer[] = [];
    for await (const chunk of socket) {
      chunks.push(chunk as Buffer);
      const reply = new Reader(Buffer.concat(chunks)).message();
      if (reply !== undefined) return answerOf(method, reply);
    }
    throw new Error(`${method}: expected an answer, got the end of the connection`);
  } finally {
    socket.destroy();
  }
}

export function stringField(value: string): Field {
  return { type: TYPE.string, value };
}

interface Message {
  type: number;
  content: Struct;
}

function answerOf(method: string, { type, content }: Message): Value | undefined {
  if (type !== REPLY) throw new ThriftError(method, null, content);
  for (const [field, { value }] of content) {
    if (field !== ANSWER) throw new ThriftError(method, field, value as Struct);
  }
  return content.get(ANSWER)?.value;
}

function messageOf(method: string, sent: Struct): Buffer {
  const head = Buffer.alloc(4);
  head.writeUInt32BE(VERSION_AND_CALL);
  const sequence = Buffer.alloc(4);
  return Buffer.concat([head, ...written(TYPE.string, method), sequence, ...written(TYPE.struct, sent)]);
}

/** The bytes of a value, in pieces. */
function written(type: number, value: Value): Buffer[] {
  switch (type) {
    case TYPE.bool:
    case TYPE.i8:
      return [integer(1, value)];
    case TYPE.i16:
      return [integer(2, value)];
    case TYPE.i32:
      return [integer(4, value)];
    case TYPE.i64: {
      const bytes = Buffer.alloc(8);
      bytes.writeBigInt64BE(value as bigint);
      return [bytes];
    }
    case TYPE.double: {
      const bytes = Buffer.alloc(8);
      bytes.writeDoubleBE(value as number);
      return [bytes];
    }
    case TYPE.string: {
      const bytes = Buffer.from(value as string);
      return [integer(4, bytes.length), bytes];
    }
    case TYPE.struct: {
      const fields = [...(value as Struct)].flatMap(([id, field]) => [
        integer(1, field.type),
        integer(2, id),
        ...written(field.type, field.value),
      ]);
      return [...fields, integer(1, STOP)];
    }
    case TYPE.list:
    case TYPE.set: {
      const { of, items } = value as Items;
      return [integer(1, of), integer(4, items.length), ...items.flatMap((item) => written(of, item))];
    }
    case TYPE.map: {
      const { keys, values, entries } = value as Entries;
      const pairs = entries.flatMap(([key, item]) => [...written(keys, key), ...written(values, item)]);
      return [integer(1, keys), integer(1, values), integer(4, entries.length), ...pairs];
    }
    default:
      throw new Error(`expected a type of Thrift, got ${type}`);
  }
}

function integer(bytes: 1 | 2 | 4, value: Value): Buffer {
  const buffer = Buffer.alloc(bytes);
  buffer.writeIntBE(value as number, 0, bytes);
  return buffer;
}

/** Reads a reply from its begin. */
class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The message; undefined if its end is missing. */
  message(): Message | undefined {
    try {
      const type = this.#integer(4) & 0xff;
      this.#value(TYPE.string); // the method
      this.#integer(4); // the sequence
      return { type, content: this.#value(TYPE.struct) as Struct };
    } catch (error) {
      if (error instanceof RangeError) return undefined;
      throw error;
    }
  }

  #value(type: number): Value {
    switch (type) {
      case TYPE.bool:
      case TYPE.i8:
        return this.#integer(1);
      case TYPE.i16:
        return this.#integer(2);
      case TYPE.i32:
        return this.#integer(4);
      case TYPE.i64:
        return this.#bytes.readBigInt64BE(this.#skip(8));
      case TYPE.double:
        return this.#bytes.readDoubleBE(this.#skip(8));
      case TYPE.string:
        return this.#string();
      case TYPE.struct:
        return this.#struct();
      case TYPE.list:
      case TYPE.set: {
        const of = this.#integer(1);
        return { of, items: this.#times(() => this.#value(of)) };
      }
      case TYPE.map: {
        const [keys, values] = [this.#integer(1), this.#integer(1)];
        return { keys, values, entries: this.#times(() => [this.#value(keys), this.#value(values)]) };
      }
      default:
        throw new Error(`expected a type of Thrift, got ${type}`);
    }
  }

  #struct(): Struct {
    const struct: Struct = new Map();
    for (;;) {
      const type = this.#integer(1);
      if (type === STOP) return struct;
      const id = this.#integer(2);
      struct.set(id, { type, value: this.#value(type) });
    }
  }

  #string(): string {
    const length = this.#integer(4);
    const start = this.#skip(length);
    if (start + length > this.#bytes.length) throw new RangeError("the string's end is missing");
    return this.#bytes.toString("utf8", start, start + length);
  }

  #times<T>(read: () => T): T[] {
    const items: T[] = [];
    for (let left = this.#integer(4); left > 0; left--) items.push(read());
    return items;
  }

  #integer(bytes: 1 | 2 | 4): number {
    return this.#bytes.readIntBE(this.#skip(bytes), bytes);
  }

  /** Goes on by this number of bytes, and returns the place before them. */
  #skip(bytes: number): number {
    const start = this.#at;
    this.#at += bytes;
    return start;
  }
}

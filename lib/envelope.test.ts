// The API's functions write and the stream's reader reads: each column has the sent value.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import type { IncomingHttpHeaders } from "node:http";
import { isIP } from "node:net";
import fc from "fast-check";
import { validate } from "uuid";
import {
  columnsOf,
  defineEvents,
  QUERY_FIELDS,
  type EventDefinition,
  parseValue,
  type RetentionPolicy,
} from "./catalog.ts";
import { readJsonItems, receiveItem } from "./collect/items.ts";
import { receive } from "./collect/receive.ts";
import { createRetention } from "./collect/retention.ts";
import { eventReader, peek } from "./envelope.ts";
import { game } from "./testbed/every-type.fixture.ts";

const events = defineEvents(game);
const readEvent = eventReader(events);
const secret = "sixteen characters, or more";

/** A request's parts: parameters each with a name of its own, headers as node:http names them. */
interface Sent {
  event: EventDefinition;
  params: Map<string, string>;
  eventId: string | undefined;
  player: string | undefined;
  session: string | undefined;
  occurredAt: Date | undefined;
  headers: IncomingHttpHeaders;
  remoteAddr: string;
  policies: Record<"player" | "remote_addr" | "user_agent" | "Accept", RetentionPolicy>;
}

const position = { timestamp: 1_769_860_800_123, partition: 1, offset: 2 ** 40 };
const maxLength = 40;
const characters = fc.string({ unit: "binary", maxLength }); // any but half a surrogate pair, which no URL can hold
const halves = fc.string({
  unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
  maxLength,
});
const headerTexts = fc.string({ unit: "grapheme", maxLength });
const names = fc.oneof(
  characters,
  fc.constantFrom("__proto__", "constructor", "event_type", "7", "raw_event"),
);
const policy = fc.constantFrom<RetentionPolicy>("keep", "drop", "truncate", "hash");

/** Requests whose parameters are made of `texts`, and fit the catalogue. */
function requests(texts: fc.Arbitrary<string>): fc.Arbitrary<Sent> {
  const valueOf: Record<string, fc.Arbitrary<string>> = {
    text: texts,
    integer: fc.integer({ min: 1, max: 99 }).map(String),
    boolean: fc.constantFrom("true", "True", "TRUE", "false", "False", "fAlse"),
    bigint: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
    "decimal(12, 2)": fc.nat(10 ** 8).map((value) => `${value}e-2`),
    "decimal(38, 10)": fc
      .bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n })
      .map((value) => `${value}e-10`),
    double: fc.double({ noNaN: true, noDefaultInfinity: true }).map(String),
    timestamp: fc
      .date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
      .map((at) => at.toISOString()),
    date: fc
      .date({ min: new Date(0), max: new Date(4e12), noInvalidDate: true })
      .map((at) => at.toISOString().slice(0, 10)),
    json: fc
      .oneof(fc.array(fc.jsonValue()), fc.dictionary(fc.string(), fc.jsonValue()))
      .map((value) => JSON.stringify(value)),
  };
  const paramsOf = ({ parameters }: EventDefinition) => {
    const known = parameters.map(({ name, type, oneOf, maxLength }) => {
      const short = (text: string) => Array.from(text).slice(0, maxLength!).join("");
      const value = oneOf ? fc.constantFrom(...oneOf.values()) : valueOf[type]!;
      return [name, maxLength === null ? value : value.map(short)] as const;
    });
    const requiredKeys = parameters.filter(({ required }) => required).map(({ name }) => name);
    const others = fc.dictionary(names, texts, { noNullPrototype: true });
    const typed = fc.record<Record<string, string>>(Object.fromEntries(known), { requiredKeys });
    const reserved = [...parameters.flatMap(({ name, was }) => [name, ...was]), ...QUERY_FIELDS];
    return fc.tuple(typed, others, fc.boolean()).map(([own, more, isFirst]) => {
      const rest = Object.entries(more).filter(([name]) => !reserved.includes(name));
      return new Map(isFirst ? [...Object.entries(own), ...rest] : [...rest, ...Object.entries(own)]);
    });
  };
  return fc.constantFrom(...events).chain((event) =>
    fc.record({
      event: fc.constant(event),
      params: paramsOf(event),
      eventId: fc.option(
        fc.uuid().map((id) => id.toUpperCase()),
        { nil: undefined },
      ),
      player: fc.option(texts, { nil: undefined }),
      session: fc.option(texts, { nil: undefined }),
      occurredAt: fc.option(fc.date({ min: new Date(0), max: new Date(), noInvalidDate: true }), {
        nil: undefined,
      }),
      headers: fc.record(
        {
          host: headerTexts,
          accept: headerTexts,
          "user-agent": headerTexts,
          cookie: headerTexts,
          "x-any": headerTexts,
        },
        { requiredKeys: [] },
      ),
      remoteAddr: fc.oneof(fc.ipV4(), fc.ipV6()),
      policies: fc.record({ player: policy, remote_addr: policy, user_agent: policy, Accept: policy }),
    }),
  );
}

function originOf({ headers, remoteAddr, policies }: Sent) {
  const asRead = Object.entries(headers).map(([name, text]) => [
    name,
    Buffer.from(text as string).toString("latin1"),
  ]);
  return {
    headers: Object.fromEntries(asRead) as IncomingHttpHeaders,
    remoteAddr,
    retention: createRetention({ policies, secret }),
  };
}

/** Holds if the message's row has, in every column, what `sent` says. */
function checkRow(
  message: string,
  sent: Sent,
  { since, host: named }: { since: number; host: boolean },
): void {
  const { event, params, eventId, player, session, occurredAt, headers, remoteAddr, policies } = sent;
  const read = readEvent(message, position);
  assert.equal(read.event, event);
  const row = Object.fromEntries(columnsOf(event).map(({ name }, i) => [name, read.values[i]]));
  const { event_id, received_at, ...rest } = row;
  if (eventId === undefined) assert.ok(validate(event_id));
  else assert.equal(event_id, eventId.toLowerCase());
  assert.ok(Number(received_at) >= since && Number(received_at) <= Date.now());
  const host = headers.host ?? "";
  const hostName = host.replace(/:\d*$/, "");
  const playerName = player || (named ? hostName : "") || null;
  const header = (kept: RetentionPolicy, text?: string) => (text === undefined ? null : keptOf(kept, text));
  assert.deepEqual(rest, {
    raw_event: message,
    timestamp: position.timestamp,
    accept: header(policies.Accept, headers.accept),
    host:
      policies.player === "keep" ? (headers.host ?? null) : header(policies.player, headers.host && hostName),
    user_agent: header(policies.user_agent, headers["user-agent"]),
    event_type: event.type,
    ...Object.fromEntries(
      event.parameters.map((parameter) => {
        const text = params.get(parameter.name);
        return [parameter.column, text === undefined ? null : parseValue(parameter, text)];
      }),
    ),
    remote_addr: keptOf(policies.remote_addr, remoteAddr, row.remote_addr) ?? "",
    player: playerName === null ? null : (keptOf(policies.player, playerName) ?? ""),
    session: session ?? null,
    occurred_at: occurredAt?.getTime() ?? null,
    definition: event.version,
    kafka_partition: position.partition,
    kafka_offset: position.offset,
  });
  const { received_at: time, ...glimpse } = peek(message);
  assert.equal(Date.parse(time!), received_at);
  assert.deepEqual([glimpse.event_id, glimpse.event_type], [event_id, event.type]);
  assert.deepEqual([glimpse.player, glimpse.remote_addr], [row.player, row.remote_addr]);
}

/** The part of a text that a policy keeps, or null. `truncate` keeps some network of an address. */
function keptOf(kept: RetentionPolicy, text: string, network?: unknown): string | null {
  switch (kept) {
    case "keep":
      return text;
    case "drop":
      return null;
    case "truncate":
      if (isIP(text) === 0) return Array.from(text).slice(0, 16).join("");
      assert.equal(isIP(String(network)), isIP(text));
      return String(network);
    case "hash":
      return text && createHmac("sha256", secret).update(text).digest("hex").slice(0, 32);
  }
}

describe("an envelope that the API writes", () => {
  it("has the values of a GET request in every column that the stream reads, under any retention", () => {
    fc.assert(
      fc.property(requests(characters), (sent) => {
        const { event, params, eventId, player, session, occurredAt } = sent;
        const pairs = [...params];
        if (eventId !== undefined) pairs.push(["event_id", eventId]);
        if (player !== undefined) pairs.push(["player", player]);
        if (session !== undefined) pairs.push(["session", session]);
        if (occurredAt !== undefined) pairs.push(["occurred_at", String(occurredAt.getTime())]);
        const query = pairs
          .map((pair) => pair.map(encodeURIComponent).join("="))
          .join("&")
          .replaceAll("%20", "+");
        const since = Date.now();
        checkRow(receive(event, { query, ...originOf(sent) }).message, sent, { since, host: true });
      }),
      { numRuns: 300 },
    );
  });

  it("has the values of a POST item in every column that the stream reads, under any retention; half a character is refused", () => {
    fc.assert(
      fc.property(requests(halves), (sent) => {
        const { event, params, eventId, player, session, occurredAt } = sent;
        const item = {
          event_type: event.type,
          event_id: eventId,
          player,
          session,
          occurred_at: occurredAt,
          params: Object.fromEntries(params),
        };
        const origin = originOf(sent);
        const since = Date.now();
        const { items } = readJsonItems(Buffer.from(JSON.stringify(item)), origin);
        const texts = [player, session, ...[...params].flat()];
        if (!texts.every((text) => text?.isWellFormed() ?? true))
          return assert.throws(
            () => receiveItem(items[0]!, origin, events),
            /expected text of whole characters/,
          );
        checkRow(receiveItem(items[0]!, origin, events).message, sent, { since, host: false });
      }),
      { numRuns: 300 },
    );
  });
});

// Any program can write to the topic.
describe("readEvent(text, position)", () => {
  const game = defineEvents([
    { type: "buy", parameters: { metal: "text", price: { type: "integer", was: "cost" } } },
  ]);
  const messageOf = (fields: object) =>
    JSON.stringify({
      event_id: "1",
      event_type: "buy",
      received_at: new Date(0).toISOString(),
      params: {},
      headers: {},
      remote_addr: "::1",
      ...fields,
    });
  const valuesOf = (fields: object) => {
    const { values } = eventReader(game)(messageOf(fields), position);
    return Object.fromEntries(columnsOf(game[0]!).map(({ name }, i) => [name, values[i]]));
  };

  const cut = "\u{1f525}".slice(0, 1);
  for (const [field, fields] of Object.entries({
    "params.metal": { params: { metal: cut } },
    player: { player: cut },
    session: { session: cut },
    "headers.Host": { headers: { Host: cut } },
  }))
    it(`refuses half a character in ${field}, which a file would hold as another one`, () => {
      const reason = `${field}: expected text of whole characters, without half a surrogate pair, got "\\ud83d"`;
      assert.throws(() => valuesOf(fields), { message: reason });
    });

  // trinodb/trino#17843: one such row, and every json_extract of the column fails.
  it("refuses a message, and a json parameter, that Trino's JSON functions cannot read", () => {
    const deep = "[".repeat(5000) + "]".repeat(5000);
    const bags = defineEvents([{ type: "buy", parameters: { bag: "json" } }]);
    for (const message of [
      messageOf({ params: { bag: deep } }),
      messageOf({}).replace("{", `{"more":${deep},`),
      messageOf({ params: { ["k".repeat(60_000)]: "1" } }),
    ])
      assert.throws(() => eventReader(bags)(message, position), /at most 100 levels, names of at most 20000/);
  });

  it("takes null as no value, so the earlier name's value counts", () => {
    assert.equal(valuesOf({ params: { price: null, cost: "5" } }).price, 5);
    assert.equal(valuesOf({ params: { price: null, cost: null } }).price, null);
  });
});

describe("peek(text)", () => {
  it("has null for every field that is missing in the text, or has another type", () => {
    const nothing = {
      event_id: null,
      event_type: null,
      received_at: null,
      player: null,
      session: null,
      params: null,
      remote_addr: null,
    };
    for (const text of [null, "", "{", "null", "[]", '"text"', '{"__proto__":{"event_type":"default"}}'])
      assert.deepEqual(peek(text), nothing);
    assert.deepEqual(peek('{"event_type":"default","event_id":7,"params":[]}'), {
      ...nothing,
      event_type: "default",
    });
  });
});
